// What the command line says: which command, its arguments, and configuration keys as flags.
#pragma once

#include "app/config.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::cli {

struct Options {
    std::string command;  ///< "serve", "migrate up", "user add" …
    app::LoadedConfig config;
    int target = 0;    ///< migrate down
    bool yes = false;  ///< db reset
    std::string email;
    std::string name;
    std::string role = "viewer";
    bool password_stdin = false;
    std::vector<std::string> scopes;  ///< token add
    int expires_days = 0;             ///< token add; 0: never
    std::string id;                   ///< token revoke
    std::string file;                 ///< import
    bool dry_run = false;
    std::string on_existing = "skip";
    std::string show;
    std::string topic;  ///< docs
};

/// Prints help or what is wrong and gives the exit status, or the options.
struct Parsed {
    std::optional<int> exit;
    Options options;
};

[[nodiscard]] Parsed parse(int argc, char** argv);

}  // namespace showrunner::cli
