#include "http/target.hpp"

namespace showrunner::http {

namespace {

/// Cuts `scheme://authority` off an absolute-form target and lets it replace the Host (RFC 9112
/// section 3.2.2). False for any other form that is not a path.
bool cut_authority(std::string_view& rest, Headers& headers) {
    auto const colon = rest.find("://");
    if (colon == std::string_view::npos) return false;
    std::string_view const scheme = rest.substr(0, colon);
    if (scheme != "http" && scheme != "https") return false;
    rest.remove_prefix(colon + 3);
    std::string_view const authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.empty() || authority.find('@') != std::string_view::npos) return false;
    headers.set("Host", std::string{authority});
    rest.remove_prefix(authority.size());
    return true;
}

bool parse_query(std::string_view rest, Request& request) {
    while (!rest.empty()) {
        auto const end = rest.find('&');
        std::string_view const pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (pair.empty()) continue;
        auto const equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::string{}
                         : percent_decode(pair.substr(equals + 1), true);
        if (!name || !value) return false;
        request.query.emplace_back(std::move(*name), std::move(*value));
    }
    return true;
}

}  // namespace

bool parse_target(Request& request) {
    std::string_view rest = request.target;
    if (rest == "*") {
        request.path = "*";
        return request.method == Verb::options;
    }
    if (rest.empty() || rest.find('#') != std::string_view::npos) return false;
    if (rest.front() != '/' && !cut_authority(rest, request.headers)) return false;
    auto const mark = rest.find('?');
    std::string_view const path = rest.substr(0, mark);
    if (path.find('%') == std::string_view::npos) {
        request.path = path;
    } else {
        auto decoded = percent_decode(path, false);
        if (!decoded) return false;
        request.path = std::move(*decoded);
    }
    if (request.path.empty()) request.path = "/";
    return mark == std::string_view::npos || parse_query(rest.substr(mark + 1), request);
}

}  // namespace showrunner::http
