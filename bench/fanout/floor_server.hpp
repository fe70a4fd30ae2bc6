// The least a server can do: one prebuilt frame, one send() a client.
#pragma once

namespace showrunner::bench {

/// Serves until it is killed.
int serve_floor();

}  // namespace showrunner::bench
