// Pieces of the grammar of header fields that several files read: names, lists, optional white
// space.
#pragma once

#include "base/text.hpp"

#include <string_view>

namespace showrunner::http {

/// Names of fields and codings compare without case (ASCII only).
[[nodiscard]] constexpr bool same_name(std::string_view a, std::string_view b) {
    return same_without_case(a, b);
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The trimmed text up to the next `separator`, cut off the front of `rest`.
constexpr std::string_view next_element(std::string_view& rest, char separator) {
    auto const end = rest.find(separator);
    std::string_view const element = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return element;
}

/// The trimmed text behind the last comma, cut off the end of `rest`.
constexpr std::string_view last_element(std::string_view& rest) {
    auto const comma = rest.rfind(',');
    bool const only = comma == std::string_view::npos;
    std::string_view const element = trim(only ? rest : rest.substr(comma + 1));
    rest = only ? std::string_view{} : rest.substr(0, comma);
    return element;
}

}  // namespace showrunner::http
