// The route table: each endpoint is declared once, in its feature, as a constexpr Route. Routing,
// guards, 405 + Allow, OpenAPI, the documentation page, metrics and the derived tests come from it.
#pragma once

#include "api/query.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace showrunner::api {

class Context;

using Handler = Task<http::Response> (*)(Context&);

/// Who may call.
enum class Access : std::uint8_t {
    anyone,  ///< needs no token
    viewer,  ///< the least role of a person
    editor,
    admin,
    worker,  ///< a program whose API token has this scope, and nobody else
};

/// How the answer is wrapped.
enum class Shape : std::uint8_t {
    none,  ///< no body, 204
    one,   ///< {"data": …}
    many,  ///< {"data": […], "pagination": …}
    bare,  ///< as it is
};

enum class Body : std::uint8_t {
    none,
    json,
    stream,  ///< read by the handler as it arrives
};

/// What becomes of an answer to a request with an Idempotency-Key.
enum class Answer : std::uint8_t {
    kept,    ///< and given again to the same request
    secret,  ///< holds a secret, which is not kept: the key has no effect
};

/// A described struct by name, for the documentation.
struct Type {
    std::string_view name = {};
    std::string (*schema)() = nullptr;
};

template <typename T>
[[nodiscard]] constexpr Type type(std::string_view name) {
    return {name, [] { return json::schema<T>(); }};
}

struct Route {
    http::Verb verb;
    std::string_view path;
    std::string_view id;  ///< operationId, camelCase
    std::string_view summary;
    Access access;
    Handler handler;
    Shape shape = Shape::one;
    Type response = {};
    Body body = Body::none;
    Type request = {};
    std::string (*parameters)() = nullptr;  ///< parameters_of<Query>
    unsigned status = 200;
    /// Of the request, for Body::stream: types by spaces, any, or none that has to be named.
    std::string_view media = "application/json";
    std::uint64_t body_limit = 1ULL << 20U;  ///< bytes
    unsigned deadline_s = 30;                ///< for the handler; 0: none
    Answer answer = Answer::kept;
};

[[nodiscard]] constexpr bool takes_idempotency_key(Route const& route) {
    return route.verb == http::Verb::post && route.access != Access::anyone &&
           route.answer == Answer::kept;
}

/// Stops the build on a route that is malformed or undocumented.
consteval bool is_sound(Route const& route) {
    if (!route.path.starts_with("/") || route.path.find("//") != std::string_view::npos)
        return false;
    if (route.summary.empty() || route.id.empty() || route.handler == nullptr) return false;
    if (route.body == Body::json && route.request.schema == nullptr) return false;
    bool const has_type = route.response.schema != nullptr;
    return route.shape == Shape::none ? !has_type && route.status == 204
                                      : has_type || route.shape == Shape::bare;
}

template <std::size_t N>
consteval bool are_sound(std::array<Route, N> const& routes) {
    for (std::size_t i = 0; i < N; ++i) {
        if (!is_sound(routes[i])) return false;
        for (std::size_t j = 0; j < i; ++j) {
            bool const same_place =
                routes[i].verb == routes[j].verb && routes[i].path == routes[j].path;
            if (same_place || routes[i].id == routes[j].id) return false;
        }
    }
    return true;
}

}  // namespace showrunner::api
