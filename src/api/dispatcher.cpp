#include "api/dispatcher.hpp"

#include "api/bearer.hpp"
#include "api/context.hpp"
#include "api/idempotency.hpp"
#include "api/problem.hpp"
#include "auth/api_tokens.hpp"
#include "base/log.hpp"

#include <fmt/ranges.h>

namespace showrunner::api {

namespace {

constexpr metrics::Spec requests_total{
    "showrunner_http_requests_total",
    metrics::Kind::counter,
    "Requests answered, by route and status.",
    "route",
    "status"
};
constexpr metrics::Spec request_seconds{
    "showrunner_http_request_seconds",
    metrics::Kind::histogram,
    "Time from the complete headers of a request to its answer, by route.",
    "route"
};

// The three hashes are of the style elements that the web app's component library inserts.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self' "
    "'sha256-6kJHBrMeYPjuL963zk84BmND3Z4cszEoZMFiRK2nkPY=' "
    "'sha256-60LHlRjW/B3CtzIoE/Lf1/NEDvko9efWMFaGVhHu/cs=' "
    "'sha256-0sLsI2a+NIcumVvBF9zD/ArGqlZR2xfnxsALPmK7nj8='; img-src 'self' data: blob:; "
    "media-src 'self'; font-src 'self'; connect-src 'self' ws: wss:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

/// For routes that take no body: a client may send one all the same.
constexpr std::uint64_t no_body_limit = 64ULL << 10U;

std::vector<http::Pattern> patterns_of(std::span<Route const> routes) {
    std::vector<http::Pattern> patterns;
    for (Route const& route : routes) patterns.push_back({route.verb, route.path});
    return patterns;
}

bool has_media(http::Request const& request, std::string_view wanted) {
    std::string_view type = request.headers.get("Content-Type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return same_without_case(type, wanted);
}

/// `wanted` may name several types, separated by a space; `*/*`: any; empty: any, or none.
bool has_any_media(http::Request const& request, std::string_view wanted) {
    if (wanted.empty()) return true;
    if (wanted == "*/*") return request.headers.has("Content-Type");
    while (!wanted.empty()) {
        auto const space = wanted.find(' ');
        if (has_media(request, wanted.substr(0, space))) return true;
        wanted = space == std::string_view::npos ? std::string_view{} : wanted.substr(space + 1);
    }
    return false;
}

std::string sane(std::string_view text, std::size_t max) {
    std::string out{text.substr(0, max)};
    std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    return out;
}

bool is_unchanged(http::Request const& request, http::Response const& response) {
    std::string_view const etag = response.headers.get("ETag");
    std::string_view const known = request.headers.get("If-None-Match");
    return !etag.empty() && !known.empty() && request.method == http::Verb::get &&
           response.status == 200 && (known == etag || known == "*");
}

Error missing_token() {
    return Error{
        Code::unauthenticated, "Sign in, or send an access token as Authorization: Bearer."
    };
}

}  // namespace

void add_security_headers(http::Headers& headers, bool secure) {
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "same-origin");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    if (!headers.has("Content-Security-Policy")) {
        headers.set("Content-Security-Policy", std::string{content_security_policy});
    }
    if (secure) headers.set("Strict-Transport-Security", "max-age=31536000");
}

Dispatcher::Dispatcher(Services& services, std::span<Route const> routes, Surroundings surroundings)
    : services_{services},
      routes_{routes},
      router_{patterns_of(routes)},
      surroundings_{std::move(surroundings)} {
    services.metrics.declare(requests_total);
    for (Route const& route : routes) {
        metrics_[route.path] = {&services.metrics.histogram(request_seconds, route.path), {}};
    }
    for (std::string_view const other : {"static", "none"}) {
        metrics_[other] = {&services.metrics.histogram(request_seconds, other), {}};
    }
}

bool Dispatcher::is_api(std::string_view path) const {
    return path == "/api" || path.starts_with("/api/");
}

http::Plan Dispatcher::plan(http::Request const& request) {
    if (surroundings_.is_socket(request)) return surroundings_.plan_socket();
    http::Match const match = router_.match(request.method, request.path);
    if (match.index < 0)
        return {.body_limit = no_body_limit};  // 404 and 405 are answered by serve().
    Route const& route = routes_[static_cast<std::size_t>(match.index)];
    // Refused before a byte of the body is read.
    if (route.access != Access::anyone && bearer_token(request).empty()) throw missing_token();
    if (route.body == Body::json && request.headers.has("Content-Type") &&
        !has_media(request, "application/json")) {
        throw Error{Code::unsupported_media, "The body must be application/json."};
    }
    if (route.body == Body::stream && !has_any_media(request, route.media)) {
        throw Error{
            Code::unsupported_media, fmt::format("Content-Type must be one of: {}", route.media)
        };
    }
    return {
        .body_limit = route.body == Body::none ? no_body_limit : route.body_limit,
        .stream_body = route.body == Body::stream,
        .deadline = std::chrono::seconds{route.deadline_s},
    };
}

Task<> Dispatcher::sign_in(Context& context, Route const& route) {
    http::Request const& request = context.request;
    events::Actor& actor = context.actor;
    actor.name = "anonymous";
    actor.ip = request.remote_address;
    actor.user_agent = sane(request.headers.get("User-Agent"), 300);
    actor.request_id = request.request_id;
    actor.origin = sane(request.headers.get("X-Client-Id"), 64);
    if (route.access == Access::anyone) co_return;
    std::string_view const token = bearer_token(request);
    if (token.empty()) throw missing_token();
    auth::Principal& principal = context.principal;
    if (auth::is_api_token(token)) {
        Time const now = services_.clock.now();
        principal = co_await auth::authenticate_api_token(services_.db, token, now);
    } else {
        principal = co_await services_.accounts.authenticate(token);
        actor.user_id = principal.user_id;
    }
    actor.name = principal.name;
    if (route.access == Access::worker) {
        auth::require(principal, auth::Scope::worker);
        co_return;
    }
    auth::Action const action = route.access == Access::admin    ? auth::Action::administer
                                : route.access == Access::editor ? auth::Action::write
                                                                 : auth::Action::read;
    context.require(action);
}

Task<http::Response> Dispatcher::serve_route(http::Request& request, http::Match const& match) {
    Route const& route = routes_[static_cast<std::size_t>(match.index)];
    Context context{services_, request};
    for (auto const& [name, value] : match.params) context.params.emplace_back(name, value);
    co_await sign_in(context, route);
    std::string key{request.headers.get("Idempotency-Key")};
    bool const idempotent = !key.empty() && takes_idempotency_key(route);
    http::Response response;
    if (idempotent) {
        response = co_await Idempotency::run(context, route, std::move(key));
    } else {
        response = co_await route.handler(context);
    }
    if (is_unchanged(request, response)) {
        http::Response unchanged = http::Response::empty(304);
        unchanged.headers.set("ETag", std::string{response.headers.get("ETag")});
        co_return unchanged;
    }
    co_return response;
}

Task<http::Response> Dispatcher::answer(http::Request& request, std::string_view& route_path) {
    if (surroundings_.is_socket(request)) {
        route_path = "socket";
        co_return co_await surroundings_.serve_socket(request);
    }
    http::Match const match = router_.match(request.method, request.path);
    if (match.index >= 0) {
        route_path = routes_[static_cast<std::size_t>(match.index)].path;
        co_return co_await serve_route(request, match);
    }
    if (!match.allowed.empty()) {
        Error error{Code::method_not_allowed, "This path does not answer this method."};
        for (http::Verb const verb : match.allowed) error.allowed.emplace_back(http::name_of(verb));
        error.allowed.emplace_back(http::name_of(http::Verb::options));
        if (request.method != http::Verb::options) throw error;
        http::Response response = http::Response::empty(204);
        response.headers.set("Allow", fmt::format("{}", fmt::join(error.allowed, ", ")));
        co_return response;
    }
    if (is_api(request.path) || surroundings_.web == nullptr) {
        throw Error{Code::not_found, "There is nothing at this path."};
    }
    route_path = "static";
    co_return surroundings_.web->serve(request);
}

Task<http::Response> Dispatcher::serve(http::Request& request) {
    auto const started = std::chrono::steady_clock::now();
    std::string_view route_path = "none";
    http::Response response;
    std::exception_ptr failure;
    try {
        response = co_await answer(request, route_path);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) response = problem(failure, request);
    std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - started;
    finish(request, response, route_path, taken.count());
    co_return response;
}

void Dispatcher::finish(
    http::Request const& request,
    http::Response& response,
    std::string_view route_path,
    double seconds
) {
    if (route_path == "socket") return;  // The socket server has metrics of its own.
    add_security_headers(response.headers, request.secure);
    if (is_api(request.path) && !response.headers.has("Cache-Control")) {
        response.headers.set("Cache-Control", "no-store");
    }
    RouteMetrics& measured = metrics_[route_path];
    measured.seconds->observe(seconds);
    metrics::Counter*& counter = measured.by_status[response.status];
    if (counter == nullptr) {
        counter =
            &services_.metrics.counter(requests_total, route_path, std::to_string(response.status));
    }
    counter->add();
    bool const routine = request.method == http::Verb::get && response.status < 400;
    log::Level const level = routine ? log::Level::debug : log::Level::info;
    if (!log::enabled(level)) return;
    log::write(
        level,
        "request",
        {{"request_id", request.request_id},
         {"method", http::name_of(request.method)},
         {"route", route_path},
         {"path", request.path},
         {"status", response.status},
         {"ms", seconds * 1000},
         {"ip", request.remote_address}}
    );
}

http::Response Dispatcher::refuse(http::Request const& request, Error const& error) {
    http::Response response = problem(error, request.request_id);
    finish(request, response, "none", 0);
    return response;
}

bool Dispatcher::upgrade(http::Request& request, http::Upgrade& upgrade) {
    if (!surroundings_.is_socket(request)) return false;
    surroundings_.upgrade_socket(request, upgrade);
    return true;
}

}  // namespace showrunner::api
