// Starting and stopping PostgreSQL's programs as child processes.
#pragma once

#include "db/postgres_files.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::db {

/// What becomes of a child when this process dies.
enum class WhenOrphaned : std::uint8_t {
    interrupt,  ///< it gets SIGINT: PostgreSQL shuts down in good order
    kill,
};

struct Command {
    std::vector<std::string> arguments;  ///< the first is the program's path
    std::filesystem::path log;           ///< gets its output
    WhenOrphaned when_orphaned = WhenOrphaned::interrupt;
};

/// Starts `command` as `account`. The calling thread must live as long as the child should: the
/// kernel takes its end for the parent's death.
[[nodiscard]] pid_t start_process(Command const& command, Account const& account);

/// The wait status, or nothing while it runs.
[[nodiscard]] std::optional<int> exit_status(pid_t child);

/// Blocks until the child has ended; its wait status.
int wait_for_exit(pid_t child);

/// Blocks for `duration`.
void pause_for(std::chrono::milliseconds duration);

/// Ends a postmaster: fast shutdown, after 10 s immediate shutdown, after 5 s more SIGKILL.
/// Blocking; for children and for what a killed server left.
void stop_postmaster(pid_t process);

}  // namespace showrunner::db
