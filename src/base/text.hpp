// ASCII text of protocols, names and file formats. Letters beyond ASCII stay as they are: case
// there is a matter of language, and PostgreSQL's.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace showrunner {

[[nodiscard]] constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] inline std::string to_lower(std::string_view text) {
    std::string lower{text};
    for (char& c : lower) c = to_lower(c);
    return lower;
}

[[nodiscard]] constexpr bool same_without_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return to_lower(x) == to_lower(y);
    });
}

/// The text as PostgreSQL and JSON take it: at most `bytes_max` long and cut between characters,
/// without zero characters, U+FFFD for what is no UTF-8.
[[nodiscard]] std::string valid_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace showrunner
