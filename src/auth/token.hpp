// Access tokens: JWTs signed with HS256 and nothing else.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::auth {

struct Claims {
    std::string user_id;
    std::string session_id;
    Time issued_at;
    Time expires_at;
};

enum class TokenFault : std::uint8_t { none, malformed, algorithm, signature, expired, claims };

struct Checked {
    TokenFault fault = TokenFault::malformed;
    Claims claims;
};

class TokenSigner {
public:
    /// `secret`: at least 32 bytes. Keys for each purpose are derived from it.
    explicit TokenSigner(std::string_view secret);

    [[nodiscard]] std::string sign(Claims const& claims) const;
    [[nodiscard]] Checked check(std::string_view token, Time now) const;

    /// A value bound to `subject` that only holders of the secret can make: CSRF tokens, sealed
    /// ids.
    [[nodiscard]] std::string seal(std::string_view purpose, std::string_view subject) const;

private:
    std::string token_key_;
    std::string seal_key_;
};

[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace showrunner::auth
