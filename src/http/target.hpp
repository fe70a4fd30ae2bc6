// The request target: origin-form, absolute-form or `*`, split into a path and query parameters.
#pragma once

#include "http/message.hpp"

namespace showrunner::http {

/// Fills `path` and `query` from `target`, and Host from an absolute-form target. False when the
/// target is malformed.
[[nodiscard]] bool parse_target(Request& request);

}  // namespace showrunner::http
