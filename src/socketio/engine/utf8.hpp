// UTF-8 validation: every text that enters the server is checked once, because it may be sent on
// to peers that must drop their connection when they are given invalid text.
#pragma once

#include <string_view>

namespace showrunner::engineio {

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace showrunner::engineio
