// Importing episodes from a table: streamed, in batches, every row on record with its event.
#pragma once

#include "api/context.hpp"
#include "episodes/episode.hpp"

#include <boost/describe.hpp>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::episodes {

/// What to do with a row whose (show, season, number) is on record already.
enum class OnExisting : std::uint8_t { skip, update, error };
BOOST_DESCRIBE_ENUM(OnExisting, skip, update, error)

enum class ImportFormat : std::uint8_t { csv, ndjson };
BOOST_DESCRIBE_ENUM(ImportFormat, csv, ndjson)

struct ImportEpisodes {
    static constexpr std::array rules{
        json::Rule{.field = "format", .about = "By Content-Type when absent."},
        json::Rule{
            .field = "dry_run", .about = "true: everything is checked and nothing is written."
        },
        json::Rule{
            .field = "on_existing",
            .about = "What to do with a row that is on record already: skip (when absent), update "
                     "it, or report an error."
        },
        json::Rule{
            .field = "show_id",
            .format = "uuid",
            .about = "Puts every row into this show, whatever its show column says."
        },
        json::Rule{
            .field = "import_id", .format = "uuid", .about = "Comes back in import_progress events."
        },
    };
    std::optional<ImportFormat> format;
    std::optional<bool> dry_run;
    std::optional<OnExisting> on_existing;
    std::optional<std::string> show_id;
    std::optional<std::string> import_id;
};
BOOST_DESCRIBE_STRUCT(ImportEpisodes, (), (format, dry_run, on_existing, show_id, import_id))

struct RowError {
    std::int64_t row = 0;  ///< as an editor shows it: the first line of the file is 1
    std::string field;
    std::string code;
    std::string message;
};
BOOST_DESCRIBE_STRUCT(RowError, (), (row, field, code, message))

struct ImportResult {
    std::string import_id;
    bool dry_run = false;
    std::int64_t rows = 0;
    std::int64_t created = 0;
    std::int64_t updated = 0;
    std::int64_t skipped = 0;
    std::int64_t failed = 0;
    std::vector<std::string> shows_created;
    std::vector<RowError> errors;  ///< the first 100
    bool errors_truncated = false;
};
BOOST_DESCRIBE_STRUCT(
    ImportResult,
    (),
    (import_id,
     dry_run,
     rows,
     created,
     updated,
     skipped,
     failed,
     shows_created,
     errors,
     errors_truncated)
)

/// The `import_progress` event: to the importing user's own connections, never in the ledger.
struct ImportProgress {
    std::string import_id;
    std::int64_t rows = 0;
    std::int64_t created = 0;
    std::int64_t updated = 0;
    std::int64_t skipped = 0;
    std::int64_t failed = 0;
    std::int64_t bytes = 0;
    bool done = false;
};
BOOST_DESCRIBE_STRUCT(
    ImportProgress, (), (import_id, rows, created, updated, skipped, failed, bytes, done)
)

/// Rows are committed batch by batch: what an import that breaks off has done stays done, and
/// running it again skips it. A show that is not known is created for an admin and is an error of
/// the row for everybody else. `content_type` decides the format when the query doesn't.
Task<ImportResult> run_import(
    api::Context& context,
    http::BodyReader& source,
    ImportEpisodes options,
    std::string_view content_type,
    std::function<void(ImportProgress const&)> progress = {}
);

}  // namespace showrunner::episodes
