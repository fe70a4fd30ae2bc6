// The token of a request: `Authorization: Bearer …`.
#pragma once

#include "base/text.hpp"
#include "http/message.hpp"

#include <string_view>

namespace showrunner::api {

/// Empty without one, and for another scheme.
[[nodiscard]] inline std::string_view bearer_token(http::Request const& request) {
    constexpr std::string_view scheme = "bearer ";
    std::string_view const value = request.headers.get("Authorization");
    return same_without_case(value.substr(0, scheme.size()), scheme) ? value.substr(scheme.size())
                                                                     : std::string_view{};
}

}  // namespace showrunner::api
