#include "auth/store.hpp"
#include "episodes/jobs.hpp"
#include "episodes/store.hpp"

namespace showrunner::episodes {

namespace {

/// Who started the job, as the policy sees them now.
Task<> act_as_creator(api::Context& context, jobs::Claimed const& job) {
    std::optional<auth::User> user;
    if (job.created_by) user = co_await auth::find_user(context.services.db, *job.created_by);
    if (!user || !user->active) {
        throw jobs::final_failure(
            "CREATOR_GONE", "The account that started the import is no longer active."
        );
    }
    context.principal.user_id = user->id;
    context.principal.name = user->name;
    context.principal.role = user->role;
    context.actor.user_id = user->id;
    context.actor.name = user->name;
    context.actor.user_agent = "import job";
}

void note_errors(jobs::Run& run, ImportResult const& result) {
    for (RowError const& error : result.errors) {
        run.log(
            jobs::LogLevel::warning,
            fmt::format("row {}: {} {}", error.row, error.field, error.message)
        );
    }
    if (result.errors_truncated) run.log(jobs::LogLevel::warning, "… and more");
}

}  // namespace

Task<> run_import_job(jobs::Run& run) {
    auto const args = run.args<ImportArgs>();
    auto const file = co_await jobs::find_file(run.services.db, run.job.id, args.file_id);
    if (!file) throw jobs::final_failure("FILE_GONE", "The file to import is not there any more.");
    http::Request request;
    api::Context context{run.services, request};
    co_await act_as_creator(context, run.job);
    jobs::FileReader reader{run.services.db, file->id};
    ImportEpisodes options{args.format, args.dry_run, args.on_existing, args.show_id, run.job.id};
    auto const show = [&run, &file](ImportProgress const& now) {
        auto const percent = file->bytes > 0 ? 100 * now.bytes / file->bytes : 0;
        run.progress(
            static_cast<int>(std::min<std::int64_t>(percent, 99)),
            fmt::format("{} rows, {} failed", now.rows, now.failed)
        );
    };
    // Batches are committed as they are read: another attempt skips what is on record already.
    ImportResult const result =
        co_await run_import(context, reader, std::move(options), file->media_type, show);
    note_errors(run, result);
    run.result = json::to_text(result);
}

Task<http::Response> start_import_job(api::Context& context) {
    auto const options = context.query<ImportEpisodes>();
    std::string const show_id = options.show_id.value_or(std::string{default_show});
    context.require(auth::Action::write, show_id);
    std::string_view const type = context.request.headers.get("Content-Type");
    bool const ndjson = options.format ? *options.format == ImportFormat::ndjson
                                       : type.starts_with("application/x-ndjson");
    jobs::FileWriter file{
        context.services.db,
        jobs::FileRole::input,
        ndjson ? "import.ndjson" : "import.csv",
        ndjson ? "application/x-ndjson" : "text/csv"
    };
    std::string chunk;
    for (;;) {
        bool const more = co_await context.request.stream->read(chunk);
        if (!more) break;
        co_await file.write(chunk);
    }
    jobs::NewJob job;
    job.id = new_id();
    jobs::JobFile const kept = co_await file.close(*job.id);
    ImportArgs const args{
        kept.id,
        ndjson ? ImportFormat::ndjson : ImportFormat::csv,
        options.dry_run,
        options.on_existing,
        options.show_id
    };
    job.type = "import";
    job.args = {json::to_text(args)};
    job.show_id = show_id;
    jobs::Enqueued const enqueued = co_await jobs::enqueue(context, std::move(job));
    http::Response response = api::one(enqueued.job, 201);
    response.headers.set("Location", "/api/v1/jobs/" + enqueued.job.id);
    co_return response;
}

}  // namespace showrunner::episodes
