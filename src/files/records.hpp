// Files in PostgreSQL. Every function that changes one appends its event in the same statement.
#pragma once

#include "api/context.hpp"
#include "db/failure.hpp"
#include "events/ledger.hpp"
#include "files/file.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::files {

[[nodiscard]] events::Subject subject_of(File const& file);

/// Without asking who may see it: for jobs.
Task<std::optional<Stored>> find_stored(api::Services& services, std::string id);

/// The same, as it is or was half a second ago: for content, which players fetch in hundreds of
/// pieces. A change by this process is seen at once.
Task<std::shared_ptr<Stored const>> find_recent(api::Services& services, std::string id);

/// Nothing for what the user may not see; also when it is deleted.
Task<std::optional<Stored>> find(api::Context& context, std::string id);

/// Throws Error{Code::not_found}; a deleted one counts as not there.
Task<Stored> find_live(api::Context& context, std::string id);

Task<File> rename(
    api::Context& context, std::string id, UpdateFile input, std::optional<int> version
);

/// Softly; an upload on its way is broken off.
Task<> remove(api::Context& context, std::string id, std::optional<int> version);

Task<File> restore(api::Context& context, std::string id);

/// Puts the download on record: once a user, file and ten minutes, since a player fetches a film in
/// hundreds of pieces.
Task<> note_download(api::Context& context, std::shared_ptr<Stored const> stored);

/// What was found in the file, or made from it; nothing: as it was. False when
/// there is no such file.
struct Findings {
    std::optional<json::Raw> media = {};
    std::optional<json::Raw> derivatives = {};
};

Task<bool> describe(api::Services& services, std::string id, Findings findings);

struct ListFiles {
    static constexpr std::array rules{
        json::Rule{
            .field = "limit", .min = 1, .max = 100, .about = "Records a page, 20 when absent."
        },
        json::Rule{.field = "cursor", .max = 2000, .about = "next_cursor of the page before."},
        json::Rule{.field = "kind", .about = "One or several, separated by commas."},
        json::Rule{.field = "state", .about = "One or several, separated by commas."},
        json::Rule{.field = "q", .max = 200, .about = "Part of the name."},
        json::Rule{.field = "deleted", .about = "true: the deleted ones instead."},
        json::Rule{.field = "count", .about = "true: pagination.total is given."},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::vector<Kind> kind;
    std::vector<State> state;
    std::optional<std::string> q;
    std::optional<bool> deleted;
    std::optional<bool> count;
};
BOOST_DESCRIBE_STRUCT(ListFiles, (), (limit, cursor, kind, state, q, deleted, count))

struct Page {
    std::vector<File> files;
    api::Pagination pagination;
};

/// Of an episode that the user may see, newest first.
Task<Page> list(api::Context& context, std::string episode_id, ListFiles query);

/// All that are ready and not deleted, newest first, at most 1,000: for jobs.
Task<std::vector<File>> files_of(
    api::Services& services, std::string episode_id, std::optional<Kind> kind
);

}  // namespace showrunner::files
