#include "jobs/progress.hpp"

namespace showrunner::jobs {

std::string progress_payload(
    Claimed const& job,
    std::optional<int> progress,
    std::optional<std::string> const& message,
    bool logged
) {
    std::string payload = R"({"jobId":)";
    json::write(payload, job.id);
    payload += R"(,"showId":)";
    json::write(payload, job.show_id);
    payload += R"(,"episodeId":)";
    json::write(payload, job.episode_id);
    payload += R"(,"progress":)";
    json::write(payload, progress);
    payload += R"(,"message":)";
    json::write(payload, message);
    payload += logged ? R"(,"logged":true})" : R"(,"logged":false})";
    return payload;
}

void show_progress(events::Live& live, std::string_view payload) {
    boost::system::error_code error;
    boost::json::value const value = boost::json::parse(payload, error);
    if (error || !value.is_object()) return;
    auto const text = [&](std::string_view name) -> std::optional<std::string_view> {
        auto const* member = value.get_object().if_contains(name);
        if (member == nullptr || !member->is_string()) return std::nullopt;
        return std::string_view{member->get_string()};
    };
    auto const id = text("jobId");
    if (id) live.send_to_record(text("showId"), "job", *id, "job_progress", payload);
}

}  // namespace showrunner::jobs
