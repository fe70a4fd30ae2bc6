#include "api/bearer.hpp"

#include <doctest/doctest.h>

namespace showrunner::api {

TEST_CASE("only the bearer scheme carries a token") {
    auto const token_of = [](std::string value) {
        http::Request request;
        if (!value.empty()) request.headers.set("Authorization", std::move(value));
        return std::string{bearer_token(request)};
    };
    CHECK(token_of("Bearer abc.def") == "abc.def");
    CHECK(token_of("bEARER x") == "x");
    CHECK(token_of("Basic dXNlcjpwYXNz").empty());
    CHECK(token_of("Bearer ").empty());
    CHECK(token_of("Bearer").empty());
    CHECK(token_of("").empty());
}

}  // namespace showrunner::api
