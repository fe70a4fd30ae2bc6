// Identifiers and randomness: UUIDv7 for records, unguessable tokens for secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace showrunner {

/// A new UUIDv7 in canonical lower-case text; sorts by creation time within this process.
[[nodiscard]] std::string new_id();

/// True for a canonical UUID of any version (upper or lower case).
[[nodiscard]] bool is_id(std::string_view text);

/// `bytes` random bytes as unpadded base64url: session ids, refresh tokens, CSRF tokens.
[[nodiscard]] std::string random_token(std::size_t bytes);

/// Uniform in [0, bound); `bound` > 0.
[[nodiscard]] std::uint64_t random_below(std::uint64_t bound);

/// SHA-256 as 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view data);

/// Compares secrets in constant time.
[[nodiscard]] bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace showrunner
