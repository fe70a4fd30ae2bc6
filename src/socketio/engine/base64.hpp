// Base64 as Engine.IO's polling payloads carry binary packets in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::engineio {

void append_base64(std::string& out, std::string_view bytes);

/// Nothing for input that is not base64; missing padding is accepted.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace showrunner::engineio
