// Patterns for LIKE from what people type.
#pragma once

#include <string>
#include <string_view>

namespace showrunner::db {

/// Matches text that contains `text`, whose own `%`, `_` and `\` stand for themselves.
[[nodiscard]] inline std::string containing(std::string_view text) {
    std::string pattern = "%";
    for (char const c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + '%';
}

}  // namespace showrunner::db
