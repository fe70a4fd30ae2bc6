// The command line: `showrunner serve | migrate | db | user | import | config | docs | version`.
#pragma once

namespace showrunner::cli {

/// Runs the command; the process's exit status: 0, 1 (it failed, and said why), 2 (bad usage).
int run(int argc, char** argv);

}  // namespace showrunner::cli
