#include "socketio/engine/request.hpp"

#include <algorithm>

namespace showrunner::engineio {

bool equal_without_case(std::string_view a, std::string_view b) {
    auto const lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) {
        return lower(x) == lower(y);
    });
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
    for (auto const& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::string_view Request::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (equal_without_case(key, name)) return value;
    }
    return {};
}

}  // namespace showrunner::engineio
