// The secret that a client comes back with (Socket.IO's `pid`). It carries all that is needed to
// resume, sealed by the server: nothing has to be kept for a connection, so resuming works after a
// restart and on another node.
#pragma once

#include "auth/token.hpp"
#include "base/clock.hpp"
#include "events/offset.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::realtime {

struct Pass {
    std::string sid;
    std::string user_id;
    events::Offset joined_at;  ///< where to resume from when nothing was received yet
    Time issued_at;
};

[[nodiscard]] std::string seal(auth::TokenSigner const& signer, Pass const& pass);

/// Nothing for a text that this installation did not seal.
[[nodiscard]] std::optional<Pass> open(auth::TokenSigner const& signer, std::string_view text);

}  // namespace showrunner::realtime
