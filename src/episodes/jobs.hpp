// What episodes do in the background: the job types `export` and `import`.
#pragma once

#include "episodes/import.hpp"
#include "jobs/jobs.hpp"

namespace showrunner::episodes {

enum class ExportFormat : std::uint8_t { csv, ndjson, zip };
BOOST_DESCRIBE_ENUM(ExportFormat, csv, ndjson, zip)

/// A show's episodes as they import again; a zip has both forms and the show's history.
struct ExportArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "format", .about = "csv when absent; zip: all of it, with history."},
        json::Rule{.field = "deleted", .about = "true: also episodes that can be restored."},
    };
    std::optional<ExportFormat> format;
    std::optional<bool> deleted;
};
BOOST_DESCRIBE_STRUCT(ExportArgs, (), (format, deleted))

Task<> run_export(jobs::Run& run);

struct ImportArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "file_id", .format = "uuid", .about = "As POST …/import-jobs kept it."},
        json::Rule{.field = "show_id", .format = "uuid"},
    };
    std::string file_id;
    std::optional<ImportFormat> format;
    std::optional<bool> dry_run;
    std::optional<OnExisting> on_existing;
    std::optional<std::string> show_id;
};
BOOST_DESCRIBE_STRUCT(ImportArgs, (), (file_id, format, dry_run, on_existing, show_id))

/// As who started the job, with what they may do by the time it runs.
Task<> run_import_job(jobs::Run& run);

/// Keeps the body and starts the job.
Task<http::Response> start_import_job(api::Context& context);

}  // namespace showrunner::episodes
