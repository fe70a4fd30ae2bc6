#include "cli/cli.hpp"

#include "base/log.hpp"
#include "cli/commands.hpp"

#include <cstdio>
#include <map>

namespace showrunner::cli {

namespace {

int print_version(Options const&) {
    std::printf("showrunner %s\n", SHOWRUNNER_VERSION);
    return 0;
}

void set_log_level(Options const& options) {
    std::string const& level = options.config.config.log_level;
    // Tools speak to a person: only what goes wrong is logged.
    bool const is_service = options.command == "serve" || options.command == "work";
    if (!is_service && level == "info") return log::set_level(log::Level::warning);
    if (level == "debug") log::set_level(log::Level::debug);
    if (level == "warning") log::set_level(log::Level::warning);
    if (level == "error") log::set_level(log::Level::error);
}

}  // namespace

int run(int argc, char** argv) {
    static std::map<std::string, int (*)(Options const&)> const commands{
        {"serve", serve},
        {"work", work},
        {"migrate up", migrate},
        {"migrate down", migrate},
        {"migrate status", migrate},
        {"db reset", reset_database},
        {"db url", print_database_url},
        {"user add", add_user},
        {"user list", list_users},
        {"user passwd", set_password},
        {"token add", add_token},
        {"token list", list_tokens},
        {"token revoke", revoke_token},
        {"import", import_file},
        {"config", print_config},
        {"docs", print_docs},
        {"version", print_version},
    };
    Parsed parsed = parse(argc, argv);
    if (parsed.exit) return *parsed.exit;
    set_log_level(parsed.options);
    try {
        return commands.at(parsed.options.command)(parsed.options);
    } catch (Error const& error) {
        std::fprintf(stderr, "showrunner: %s\n", error.what());
        for (FieldError const& field : error.fields) {
            std::fprintf(stderr, "  %s %s\n", field.field.c_str(), field.message.c_str());
        }
    } catch (std::exception const& error) {
        std::fprintf(stderr, "showrunner: %s\n", error.what());
    }
    return 1;
}

}  // namespace showrunner::cli
