#include "aws/uri.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace showrunner::aws {

namespace {

bool is_unreserved(char c) {
    char const lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

/// -1 for what is no hex digit.
int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char const lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string percent_encode(std::string_view text, Slash slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (char const c : text) {
        if (is_unreserved(c) || (c == '/' && slash == Slash::keep)) {
            out += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        int const high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        int const low = high < 0 ? -1 : hex_value(text[i + 2]);
        if (low < 0) {
            out += text[i];
        } else {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

UrlParts split_url(std::string_view url) {
    UrlParts parts;
    url = url.substr(0, url.find('#'));
    auto const scheme_end = url.find("://");
    std::size_t const host_at = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
    std::size_t const host_end = std::min(url.find_first_of("/?", host_at), url.size());
    parts.base = url.substr(0, host_end);
    parts.host = parts.base.substr(host_at);
    std::string_view const usual_port =
        same_without_case(url.substr(0, 8), "https://") ? ":443" : ":80";
    if (parts.host.ends_with(usual_port)) parts.host.remove_suffix(usual_port.size());

    std::string_view const rest = url.substr(host_end);
    std::size_t const mark = std::min(rest.find('?'), rest.size());
    parts.path = mark == 0 ? std::string_view{"/"} : rest.substr(0, mark);
    if (mark < rest.size()) parts.query = rest.substr(mark + 1);
    return parts;
}

}  // namespace showrunner::aws
