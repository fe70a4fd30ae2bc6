// Runs a program beside the event loop: bounded, in a process group of its own, always reaped.
#pragma once

#include "base/task.hpp"
#include "process/command.hpp"

namespace showrunner::process {

/// Runs `command` to its end on the current executor, whose thread must be the one of the event
/// loop for as long as the server lives: the program is killed when that thread ends, also by a
/// crash. Processes that the program has left in its group are killed when it ends; one that has
/// made itself a session of its own is not known any more.
///
/// Cancelling the awaiting coroutine ends the program as a time-out does (SIGTERM to the group,
/// SIGKILL after `kill_grace`), and throws operation_aborted when it has ended: after run() neither
/// a process is left nor is a sink called. How many run at once is for the caller to bound.
Task<Exit> run(Command command, LineSink stdout_line, LineSink stderr_line);

}  // namespace showrunner::process
