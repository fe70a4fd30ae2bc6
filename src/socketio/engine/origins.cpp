#include "socketio/engine/origins.hpp"

#include <algorithm>

namespace showrunner::engineio {

namespace {

/// `example.com` of `https://example.com:443`: a Host header leaves the default port out.
std::string_view authority_of(std::string_view origin) {
    std::size_t const scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos) return {};
    std::string_view const scheme = origin.substr(0, scheme_end);
    std::string_view authority = origin.substr(scheme_end + 3);
    std::string_view const port = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return authority;
}

}  // namespace

bool Origins::lists(std::string_view origin) const {
    return std::any_of(allowed_.begin(), allowed_.end(), [&](std::string const& allowed) {
        return allowed == "*" || equal_without_case(allowed, origin);
    });
}

bool Origins::allows(Request const& request) const {
    std::string_view const origin = request.header("Origin");
    if (origin.empty() || lists(origin)) return true;
    std::string_view host = request.header("Host");
    for (std::string_view const port : {":443", ":80"}) {
        if (host.ends_with(port)) host.remove_suffix(port.size());
    }
    return !host.empty() && equal_without_case(authority_of(origin), host);
}

void Origins::add_headers(Request const& request, Response& response) const {
    std::string_view const origin = request.header("Origin");
    if (!allowed_.empty()) response.headers.emplace_back("Vary", "Origin");
    if (origin.empty() || !lists(origin)) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
}

Response Origins::preflight(Request const& request) const {
    Response response{.status = 204, .headers = {}, .body = {}};
    add_headers(request, response);
    response.headers.emplace_back("Access-Control-Allow-Methods", "GET,HEAD,POST,OPTIONS");
    std::string_view const wanted = request.header("Access-Control-Request-Headers");
    if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

}  // namespace showrunner::engineio
