#include "http/message.hpp"

#include "http/grammar.hpp"

#include <algorithm>
#include <array>

namespace showrunner::http {

namespace {

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char const l = to_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

std::string_view name_of(Verb verb) {
    static constexpr std::array<std::string_view, 8> names{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"
    };
    return names[static_cast<std::size_t>(verb)];
}

void Headers::set(std::string_view name, std::string value) {
    auto const found = std::find_if(fields_.begin(), fields_.end(), [&](auto const& field) {
        return same_name(field.first, name);
    });
    if (found == fields_.end()) return add(name, std::move(value));
    found->second = std::move(value);
    auto const rest = std::remove_if(found + 1, fields_.end(), [&](auto const& field) {
        return same_name(field.first, name);
    });
    fields_.erase(rest, fields_.end());
}

void Headers::add(std::string_view name, std::string value) {
    if (fields_.empty()) fields_.reserve(8);
    fields_.emplace_back(name, std::move(value));
}

std::string_view Headers::get(std::string_view name) const {
    for (auto const& [field, value] : fields_) {
        if (same_name(field, name)) return value;
    }
    return {};
}

bool Headers::has(std::string_view name) const {
    return std::any_of(fields_.begin(), fields_.end(), [&](auto const& field) {
        return same_name(field.first, name);
    });
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
    for (auto const& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::string_view Request::cookie(std::string_view name) const {
    for (auto const& [field, value] : headers) {
        if (!same_name(field, "Cookie")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            std::string_view const pair = next_element(rest, ';');
            auto const equals = pair.find('=');
            if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
                return pair.substr(equals + 1);
            }
        }
    }
    return {};
}

Task<> BodySource::warm(std::uint64_t, std::uint64_t) {
    co_return;
}

Response Response::json(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

Response Response::text(unsigned status, std::string body, std::string_view type) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", std::string{type});
    response.body = std::move(body);
    return response;
}

Response Response::empty(unsigned status) {
    Response response;
    response.status = status;
    return response;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            int const high = hex_value(text[i + 1]);
            int const low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        out += c;
    }
    return out;
}

}  // namespace showrunner::http
