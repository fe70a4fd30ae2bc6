// Importing episodes from a file, as POST /api/v1/episodes/import does from a request.
#include "episodes/import.hpp"

#include "cli/commands.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace showrunner::cli {

namespace {

/// A file as an import reads a request's body.
class FileReader final : public http::BodyReader {
public:
    explicit FileReader(std::string const& path) : file_{path, std::ios::binary} {
        if (!file_) throw std::runtime_error{"cannot read " + path};
    }

    Task<bool> read(std::string& chunk) override {
        chunk.resize(64 * 1024);
        file_.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        chunk.resize(static_cast<std::size_t>(file_.gcount()));
        co_return !chunk.empty();
    }

private:
    std::ifstream file_;
};

void print_result(episodes::ImportResult const& result) {
    for (episodes::RowError const& error : result.errors) {
        std::fprintf(
            stderr,
            "row %lld: %s %s\n",
            static_cast<long long>(error.row),
            error.field.c_str(),
            error.message.c_str()
        );
    }
    if (result.errors_truncated) std::fprintf(stderr, "… and more\n");
    std::printf(
        "%s%lld rows: %lld created, %lld updated, %lld skipped, %lld failed\n",
        result.dry_run ? "dry run, " : "",
        static_cast<long long>(result.rows),
        static_cast<long long>(result.created),
        static_cast<long long>(result.updated),
        static_cast<long long>(result.skipped),
        static_cast<long long>(result.failed)
    );
    for (std::string const& show : result.shows_created)
        std::printf("show created: %s\n", show.c_str());
}

/// What a command-line tool acts as: whoever can run it has the database already.
void act_as_operator(api::Context& context) {
    context.principal.role = auth::Role::admin;
    context.principal.name = "system";
    context.actor.user_agent = "showrunner command line";
}

void print_progress(episodes::ImportProgress const& now) {
    std::fprintf(stderr, "\r%lld rows", static_cast<long long>(now.rows));
    if (now.done) std::fprintf(stderr, "\n");
}

Task<> run(app::App& app, Options const& options, std::int64_t& failed) {
    http::Request request;
    api::Context context{app.services(), request};
    act_as_operator(context);
    FileReader file{options.file};
    episodes::ImportEpisodes settings;
    settings.dry_run = options.dry_run;
    settings.on_existing = json::enum_from<episodes::OnExisting>(options.on_existing);
    if (!options.show.empty()) settings.show_id = options.show;
    bool const ndjson = options.file.ends_with(".ndjson") || options.file.ends_with(".jsonl");
    settings.format = ndjson ? episodes::ImportFormat::ndjson : episodes::ImportFormat::csv;
    std::function<void(episodes::ImportProgress const&)> progress;
    if (isatty(STDERR_FILENO) == 1) progress = print_progress;
    auto const result =
        co_await episodes::run_import(context, file, std::move(settings), "", std::move(progress));
    print_result(result);
    failed = result.failed;
}

}  // namespace

int import_file(Options const& options) {
    std::int64_t failed = 0;
    with_app(options, [&](app::App& app) { return run(app, options, failed); });
    return failed == 0 ? 0 : 1;
}

}  // namespace showrunner::cli
