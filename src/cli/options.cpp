#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>

extern char** environ;

namespace showrunner::cli {

namespace {

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string const text = *entry;
        auto const equals = text.find('=');
        if (equals != std::string::npos)
            variables[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return variables;
}

/// The subcommands; each takes every configuration key as a flag.
class Parser {
public:
    Parser() {
        app_.require_subcommand(1);
        app_.set_help_all_flag("--help-all", "Help for all commands");
        add("serve", "Serve the API, the sockets and the web app");
        CLI::App* work = add("work", "Take jobs, and serve nothing");
        for (auto const& [flag, key] :
             {std::pair{"--queues", "job_queues"}, std::pair{"--concurrency", "job_concurrency"}}) {
            work->add_option_function<std::string>(
                flag,
                [this, name = std::string{key}](std::string const& value) { flags_[name] = value; },
                "The same as the configuration key " + std::string{key}
            );
        }
        add_migrations();
        add_database();
        add_users();
        add_tokens();
        add_import();
        add("config", "Print the configuration in force and where each value comes from");
        add("version", "Print the version");
        CLI::App* docs =
            add("docs", "Print a page of the documentation that is made from the code");
        docs->add_option("topic", options_.topic, "Which page")
            ->required()
            ->check(CLI::IsMember({"api", "events", "config", "metrics", "openapi"}));
    }

    Parsed parse(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
            auto const variables = environment();
            if (file_.empty() && variables.contains("SHOWRUNNER_CONFIG")) {
                file_ = variables.at("SHOWRUNNER_CONFIG");
            }
            options_.config = app::load_config(flags_, variables, file_);
        } catch (CLI::ParseError const& error) {
            int const status = app_.exit(error);
            return {status == 0 ? 0 : 2, {}};
        } catch (std::exception const& error) {
            std::fprintf(stderr, "showrunner: %s\n", error.what());
            return {2, {}};
        }
        return {std::nullopt, std::move(options_)};
    }

private:
    CLI::App* add(std::string const& name, std::string const& about, CLI::App* parent = nullptr) {
        CLI::App* command = (parent == nullptr ? &app_ : parent)->add_subcommand(name, about);
        std::string const full = parent == nullptr ? name : parent->get_name() + " " + name;
        command->callback([this, full] {
            if (options_.command.size() < full.size()) options_.command = full;
        });
        command->add_option("--config", file_, "TOML file with configuration")
            ->group("Configuration");
        for (app::KeyInfo const& key : app::config_keys) {
            std::string const member{key.name};
            command
                ->add_option_function<std::string>(
                    app::flag_of(key),
                    [this, member](std::string const& value) { flags_[member] = value; },
                    std::string{key.about}
                )
                ->group("Configuration");
        }
        return command;
    }

    void add_migrations() {
        CLI::App* migrate = app_.add_subcommand("migrate", "The database's schema");
        migrate->require_subcommand(1);
        add("up", "Apply what is missing", migrate);
        add("status", "Say what is applied", migrate);
        CLI::App* down = add("down", "Take migrations back, newest first", migrate);
        down->add_option("target", options_.target, "Number of the last migration to keep")
            ->required();
    }

    void add_database() {
        CLI::App* database = app_.add_subcommand("db", "The database");
        database->require_subcommand(1);
        CLI::App* reset =
            add("reset", "Delete everything and make an empty schema; asks first", database);
        reset->add_flag("--yes", options_.yes, "Don't ask");
        add("url", "Print the connection string: psql \"$(showrunner db url)\"", database);
    }

    void add_users() {
        CLI::App* user = app_.add_subcommand("user", "Users");
        user->require_subcommand(1);
        CLI::App* create = add("add", "Add a user", user);
        create->add_option("--email", options_.email, "E-mail address")->required();
        create->add_option("--name", options_.name, "Name; the e-mail address when absent");
        create->add_option("--role", options_.role, "viewer, editor or admin")
            ->check(CLI::IsMember({"viewer", "editor", "admin"}));
        create->add_flag(
            "--password-stdin",
            options_.password_stdin,
            "Read the password from standard input; a random one is printed without"
        );
        add("list", "List the users", user);
        CLI::App* passwd = add("passwd", "Set a user's password", user);
        passwd->add_option("--email", options_.email, "E-mail address")->required();
        passwd->add_flag(
            "--password-stdin",
            options_.password_stdin,
            "Read the password from standard input; a random one is printed without"
        );
    }

    void add_tokens() {
        CLI::App* token = app_.add_subcommand("token", "API tokens of programs");
        token->require_subcommand(1);
        CLI::App* create = add("add", "Make an API token and print it, this once", token);
        create->add_option("--name", options_.name, "What it is for")->required();
        create->add_option("--scope", options_.scopes, "What it may do; may be repeated")
            ->required()
            ->check(CLI::IsMember({"worker"}));
        create->add_option("--expires-days", options_.expires_days, "Days until it expires")
            ->check(CLI::Range(1, 36'500));
        add("list", "List the API tokens", token);
        CLI::App* revoke = add("revoke", "Revoke an API token at once", token);
        revoke->add_option("id", options_.id, "Its id")->required();
    }

    void add_import() {
        CLI::App* import = add("import", "Import episodes from a CSV or NDJSON file");
        import->add_option("file", options_.file, "The file")->required()->check(CLI::ExistingFile);
        import->add_flag("--dry-run", options_.dry_run, "Check everything and write nothing");
        import
            ->add_option(
                "--on-existing", options_.on_existing, "What to do with rows on record already"
            )
            ->check(CLI::IsMember({"skip", "update", "error"}));
        import->add_option("--show-id", options_.show, "Put every row into this show");
    }

    CLI::App app_{"Showrunner: the canonical control record for episodic production", "showrunner"};
    Options options_;
    std::string file_;
    std::map<std::string, std::string> flags_;
};

}  // namespace

Parsed parse(int argc, char** argv) {
    return Parser{}.parse(argc, argv);
}

}  // namespace showrunner::cli
