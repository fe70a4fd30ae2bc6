// What the program says of itself: the configuration in force, and documentation from the code.
#include "api/openapi.hpp"
#include "app/features.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"

#include <cstdio>
#include <filesystem>

namespace showrunner::cli {

namespace {

/// A private PostgreSQL's folder that is gone when the command is.
class TemporaryFolder {
public:
    TemporaryFolder() = default;
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;

    ~TemporaryFolder() {
        std::error_code error;
        std::filesystem::remove_all(path, error);
    }

    std::filesystem::path const path =
        std::filesystem::temp_directory_path() / ("showrunner-" + random_token(9));
};

Task<> start_and_stop(app::App& app) {
    co_await app.prepare();
    co_await app.start();
    co_await app.stop();
}

/// docs/metrics.md. Every service declares its metrics as it starts, so all of them are started.
std::string metrics_markdown() {
    log::set_level(log::Level::error);  // It serves nobody: there need be no web app.
    TemporaryFolder const folder;
    app::Config config;
    config.data_dir = folder.path;
    config.listen = "127.0.0.1:0";
    config.drain_timeout_ms = 0;
    app::Database const database{config, app::Database::Use::serve};
    asio::io_context io{1};
    app::App app{io, config, database.url()};
    run_to_end(io, start_and_stop(app));
    std::string out =
        "# Metrics\n\nGenerated from the `metrics::Spec`s in the code by `./dev docs`. "
        "`GET /metrics` serves them in Prometheus' text format; what to watch is in "
        "[operations.md](operations.md).\n\n| metric | kind | labels | what it is "
        "|\n|---|---|---|---|\n";
    for (metrics::Spec const& spec : app.services().metrics.specs()) {
        std::string labels;
        for (std::string_view const label : {spec.label, spec.label2}) {
            if (!label.empty()) labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label);
        }
        out += fmt::format(
            "| `{}` | {} | {} | {} |\n", spec.name, metrics::name_of(spec.kind), labels, spec.help
        );
    }
    return out;
}

}  // namespace

int print_config(Options const& options) {
    for (app::KeyInfo const& key : app::config_keys) {
        app::Setting const& setting = options.config.settings.find(key.name)->second;
        bool const hidden = key.secrecy == app::Secrecy::secret && !setting.value.empty();
        std::printf(
            "%-32s = %-32s # %s\n",
            std::string{key.name}.c_str(),
            hidden ? "(hidden)" : json::to_text(setting.value).c_str(),
            setting.source.c_str()
        );
    }
    return 0;
}

int print_docs(Options const& options) {
    std::string text;
    if (options.topic == "api") text = api::routes_markdown(app::all_routes());
    if (options.topic == "events") text = api::events_markdown(app::catalogue());
    if (options.topic == "config") text = app::config_markdown();
    if (options.topic == "metrics") text = metrics_markdown();
    if (options.topic == "openapi") text = api::openapi(app::all_routes(), app::catalogue()) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

}  // namespace showrunner::cli
