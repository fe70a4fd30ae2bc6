#include "compositions/change.hpp"

#include "files/files.hpp"

#include <algorithm>

namespace showrunner::compositions {

Error busy() {
    Error error{Code::unavailable, "Too many people change this composition at once. Try again."};
    error.retry_after_s = 1;
    return error;
}

void check_version(Composition const& current, std::optional<int> version) {
    if (!version || *version == current.version) return;
    Error error{Code::version_mismatch, "The composition has changed since you read it."};
    error.current = json::to_text(current);
    error.etag = fmt::format("\"{}\"", current.version);
    throw error;
}

events::Subject subject_of(Composition const& composition) {
    return {composition.id, composition.episode_id, composition.show_id};
}

json::Raw record_of(Composition composition) {
    composition.document.reset();
    return json::Raw{json::to_text(composition)};
}

void tidy(std::string& name) {
    constexpr std::string_view blank = " \t\r\n";
    name.erase(0, std::min(name.find_first_not_of(blank), name.size()));
    name.erase(name.find_last_not_of(blank) + 1);
}

Task<> check_files(
    api::Context& context,
    Document const& document,
    std::vector<std::string> const& known,
    std::string_view show_id
) {
    for (std::string const& id : file_ids(document)) {
        if (std::ranges::count(known, id) > 0) continue;
        auto const found = co_await files::find(context, id);
        bool const usable = found && !found->file.deleted_at && found->file.show_id == show_id &&
                            found->file.kind == files::Kind::image;
        if (!usable) {
            throw invalid_field(
                "document.layers", "FILE_UNKNOWN", fmt::format("has {}, no image of the show", id)
            );
        }
    }
}

db::Params version_params(
    api::Context const& context,
    std::optional<std::string> const& summary,
    std::vector<std::string> const& changed,
    std::optional<int> reverted_from
) {
    db::Params params{summary};
    params.add(changed).add(reverted_from).add(context.actor.name);
    return params;
}

}  // namespace showrunner::compositions
