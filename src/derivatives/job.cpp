#include "derivatives/job.hpp"

#include "base/log.hpp"
#include "db/described.hpp"
#include "derivatives/make.hpp"
#include "derivatives/store.hpp"
#include "files/files.hpp"

#include <boost/json.hpp>

namespace showrunner::derivatives {

namespace {

namespace fs = std::filesystem;
using db::Lane;
using db::Query;

Query const forget_derivatives{
    "forget_derivatives",
    "DELETE FROM file_derivatives WHERE file_id = ANY ($1::uuid[])",
    Lane::change
};

constexpr metrics::Spec made_total{
    "showrunner_derivatives_total",
    metrics::Kind::counter,
    "Derivatives of files, by role and by what became of them.",
    "role",
    "state"
};

/// A folder for one job, gone with the object; with those that a crash left behind a day ago.
class Scratch {
public:
    explicit Scratch(fs::path const& parent) : path_{parent / ("job-" + random_token(12))} {
        fs::create_directories(parent);
        remove_old(parent);
        fs::create_directory(path_);
        fs::permissions(path_, fs::perms::owner_all);
    }

    Scratch(Scratch const&) = delete;
    Scratch& operator=(Scratch const&) = delete;

    ~Scratch() {
        std::error_code error;
        fs::remove_all(path_, error);
        if (error) log::warning("media_scratch_left", {{"error", error.message()}});
    }

    [[nodiscard]] fs::path const& path() const { return path_; }

private:
    static void remove_old(fs::path const& parent) {
        std::error_code error;
        auto const limit = fs::file_time_type::clock::now() - std::chrono::hours{24};
        for (auto const& entry : fs::directory_iterator{parent, error}) {
            auto const changed = fs::last_write_time(entry.path(), error);
            if (!error && changed < limit) fs::remove_all(entry.path(), error);
        }
    }

    fs::path path_;
};

/// Nothing of what is not there any more, or has nothing to show.
Task<std::optional<files::Stored>> find_shown(api::Services& services, std::string file_id) {
    auto stored = co_await files::find_stored(services, std::move(file_id));
    if (!stored || !stored->key || stored->file.deleted_at) co_return std::nullopt;
    if (stored->file.state != files::State::ready) co_return std::nullopt;
    if (!is_shown(stored->file.kind, stored->file.media_type)) co_return std::nullopt;
    co_return stored;
}

std::string summary_of(std::vector<Derivative> const& derivatives) {
    int ready = 0;
    int unavailable = 0;
    int failed = 0;
    for (Derivative const& each : derivatives) {
        ready += each.state == State::ready ? 1 : 0;
        unavailable += each.state == State::unavailable ? 1 : 0;
        failed += each.state == State::failed ? 1 : 0;
    }
    return fmt::format(
        R"({{"ready":{},"unavailable":{},"failed":{}}})", ready, unavailable, failed
    );
}

void note(jobs::Run& run, std::vector<Derivative> const& derivatives) {
    for (Derivative const& each : derivatives) {
        run.services.metrics
            .counter(made_total, json::name_of(each.role), json::name_of(each.state))
            .add();
        if (!each.error) continue;
        run.log(
            jobs::LogLevel::warning,
            fmt::format("{}: {}", json::name_of(each.role), each.error->message)
        );
    }
}

}  // namespace

jobs::NewJob job_for(std::string file_id, std::string episode_id, std::string show_id) {
    jobs::NewJob job;
    job.type = job_type;
    job.args.text = json::to_text(MediaArgs{file_id});
    job.show_id = std::move(show_id);
    job.episode_id = std::move(episode_id);
    job.unique_key = "media:" + file_id;
    return job;
}

void declare_metrics(metrics::Registry& registry) {
    registry.declare(made_total);
}

Task<> run_media(jobs::Run& run) {
    api::Services& services = run.services;
    auto const args = run.args<MediaArgs>();
    run.result = R"({"skipped":true})";
    auto const stored = co_await find_shown(services, args.file_id);
    if (!stored) co_return;
    Scratch const scratch{services.media.scratch};
    fs::path const source = scratch.path() / "source";
    co_await files::fetch_file(services, args.file_id, source);
    auto const progress = [&run](int percent, std::string_view message) {
        run.progress(percent, std::string{message});
    };
    Source subject{source, stored->file.kind, stored->file.media_type};
    Output output =
        co_await make(services.media.tools, std::move(subject), scratch.path(), progress);
    auto const derivatives = co_await keep(services, args.file_id, std::move(output.made));
    if (!derivatives) co_return;
    files::Findings findings;
    findings.media = json::Raw{json::to_text(output.facts)};
    findings.derivatives = json::Raw{json::to_text(*derivatives)};
    co_await files::describe(services, args.file_id, std::move(findings));
    note(run, *derivatives);
    run.result = summary_of(*derivatives);
}

namespace {

/// Of the payload of file_uploaded: is there anything to be made of it?
bool has_derivatives(std::string const& payload) {
    boost::system::error_code error;
    boost::json::value const value = boost::json::parse(payload, error);
    boost::json::value const* const kind =
        error ? nullptr : value.find_pointer("/file/kind", error);
    if (kind == nullptr || !kind->is_string()) return true;  // The job looks for itself.
    boost::json::value const* const type = value.find_pointer("/file/media_type", error);
    auto const known = json::enum_from<files::Kind>(std::string_view{kind->get_string()});
    bool const has_type = type != nullptr && type->is_string();
    return !known ||
           is_shown(*known, has_type ? std::string_view{type->get_string()} : std::string_view{});
}

jobs::Job pending_job(events::StoredEvent const& event) {
    jobs::NewJob input = job_for(
        event.resource_id.value_or(""), event.episode_id.value_or(""), event.show_id.value_or("")
    );
    jobs::Job job;
    job.id = new_id();
    job.type = std::move(input.type);
    job.queue = job_type;
    job.max_attempts = 3;
    job.show_id = std::move(input.show_id);
    job.episode_id = std::move(input.episode_id);
    job.created_by = event.actor_id;
    job.created_by_name = event.actor_name;
    job.created_at = event.created_at;
    job.run_at = event.created_at;
    job.args = std::move(input.args);
    return job;
}

}  // namespace

Task<> follow(db::Session& transaction, std::span<events::EventPtr const> events) {
    std::vector<std::string> purged;
    for (events::EventPtr const& event : events) {
        if (!event->resource_id) continue;
        if (event->type == "file_purged") purged.push_back(*event->resource_id);
        if (event->type != "file_uploaded" || !has_derivatives(event->payload)) continue;
        std::vector<jobs::Job> jobs;
        jobs.push_back(pending_job(*event));
        events::Actor actor;
        actor.user_id = event->actor_id;
        actor.name = event->actor_name;
        std::optional<std::string> const key = "media:" + *event->resource_id;
        co_await transaction.run(jobs::enqueue_query(), jobs::enqueue_params(jobs, {key}, actor));
    }
    if (!purged.empty()) co_await transaction.run(forget_derivatives, db::Params{purged});
}

}  // namespace showrunner::derivatives
