// Percent-encoding as signatures want it: all but letters, digits and `-._~`, in upper-case hex.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace showrunner::aws {

enum class Slash : std::uint8_t { encode, keep };

[[nodiscard]] std::string percent_encode(std::string_view text, Slash slash = Slash::encode);

/// `%` that begins no escape stands for itself, and so does `+`.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// What a signature covers of a URL.
struct UrlParts {
    std::string_view base;   ///< `https://example.com:8443`
    std::string_view host;   ///< as the Host header shows it: with a port that is not the default
    std::string_view path;   ///< as it is written; `/` when there is none
    std::string_view query;  ///< without the `?`
};

/// Views into `url`.
[[nodiscard]] UrlParts split_url(std::string_view url);

}  // namespace showrunner::aws
