// Takes the network from a process for good, without privileges: it can make no socket any more.
#pragma once

namespace showrunner::process {

/// For this process and all that it will start or become. Asynchronous-signal-safe, so that a child
/// can call it between fork and exec. False, with errno: it was not possible, and the process must
/// not go on. Needs PR_SET_NO_NEW_PRIVS.
[[nodiscard]] bool refuse_network();

}  // namespace showrunner::process
