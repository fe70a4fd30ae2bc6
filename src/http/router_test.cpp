#include "http/router.hpp"

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace showrunner::http {

namespace {

constexpr std::array patterns{
    Pattern{Verb::get, "/"},
    Pattern{Verb::get, "/api/v1/episodes"},
    Pattern{Verb::post, "/api/v1/episodes"},
    Pattern{Verb::get, "/api/v1/episodes/{id}"},
    Pattern{Verb::put, "/api/v1/episodes/{id}"},
    Pattern{Verb::get, "/api/v1/episodes/export"},
    Pattern{Verb::post, "/api/v1/episodes/batch"},
    Pattern{Verb::get, "/api/v1/episodes/{id}/history"},
    Pattern{Verb::get, "/api/v1/compositions/{id}/versions/{n}"},
    Pattern{Verb::get, "/api/v1/presence/online"},
    Pattern{Verb::get, "/api/v1/presence/{resource_type}/{resource_id}"},
    Pattern{Verb::head, "/api/v1/probe"},
    Pattern{Verb::get, "/api/v1/probe"},
    Pattern{Verb::get, "/api/v1/users/{user_id}/{kind}"},
    Pattern{Verb::get, "/api/v1/users/me/avatar/large"},
};

Router const& router() {
    static Router const instance{patterns};
    return instance;
}

std::string refusal(std::vector<Pattern> const& of) {
    try {
        Router const refused{of};
    } catch (std::logic_error const& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("router: literals and parameters") {
    CHECK(router().match(Verb::get, "/").index == 0);
    CHECK(router().match(Verb::get, "/api/v1/episodes").index == 1);
    CHECK(router().match(Verb::post, "/api/v1/episodes").index == 2);
    Match const one = router().match(Verb::get, "/api/v1/episodes/42");
    CHECK(one.index == 3);
    CHECK(one.params.get("id") == "42");
    CHECK(one.params.get("other").empty());
    Match const version = router().match(Verb::get, "/api/v1/compositions/7/versions/3");
    CHECK(version.index == 8);
    CHECK(version.params.size() == 2);
    CHECK(version.params.get("id") == "7");
    CHECK(version.params.get("n") == "3");
}

TEST_CASE("router: literals win, and a literal that leads nowhere gives way") {
    CHECK(router().match(Verb::get, "/api/v1/episodes/export").index == 5);
    Match const exported = router().match(Verb::get, "/api/v1/episodes/export/history");
    CHECK(exported.index == 7);
    CHECK(exported.params.get("id") == "export");
    Match const online = router().match(Verb::get, "/api/v1/presence/online/9");
    CHECK(online.index == 10);
    CHECK(online.params.get("resource_type") == "online");
    CHECK(online.params.get("resource_id") == "9");
    Match const avatar = router().match(Verb::get, "/api/v1/users/me/avatar");
    CHECK(avatar.index == 13);
    CHECK(avatar.params.get("user_id") == "me");
    CHECK(avatar.params.get("kind") == "avatar");
    // A literal with the wrong verb gives way too.
    CHECK(router().match(Verb::put, "/api/v1/episodes/export").index == 4);
}

TEST_CASE("router: HEAD is served by GET unless it has a route") {
    CHECK(router().match(Verb::head, "/api/v1/episodes").index == 1);
    CHECK(router().match(Verb::head, "/api/v1/probe").index == 11);
}

TEST_CASE("router: paths without a route") {
    for (char const* path :
         {"",
          "api",
          "/api",
          "/api/v1",
          "/api/v1/episodes/",
          "/api/v1/episodes//history",
          "//api/v1/episodes",
          "/api/v1/episodes/1/2/3",
          "/API/v1/episodes",
          "*"}) {
        CAPTURE(path);
        Match const match = router().match(Verb::get, path);
        CHECK_FALSE(match);
        CHECK(match.allowed.empty());
    }
}

TEST_CASE("router: a wrong verb learns which would do") {
    Match const match = router().match(Verb::patch, "/api/v1/episodes/42");
    CHECK_FALSE(match);
    CHECK(match.allowed == std::vector{Verb::get, Verb::head, Verb::put});
    // Of both the literal and the parameter that the path fits.
    CHECK(
        router().match(Verb::del, "/api/v1/episodes/batch").allowed ==
        std::vector{Verb::get, Verb::head, Verb::post, Verb::put}
    );
}

TEST_CASE("router: tables that are ambiguous or malformed are refused") {
    CHECK(
        refusal({{Verb::get, "/a/{x}"}, {Verb::get, "/a/{y}"}}) ==
        "route GET /a/{y}: declared twice"
    );
    CHECK(refusal({{Verb::get, "a"}}).find("slash") != std::string::npos);
    CHECK(refusal({{Verb::get, "/a/x{b}"}}).find("whole segment") != std::string::npos);
    CHECK(refusal({{Verb::get, "/{a}/{a}"}}).find("differ") != std::string::npos);
    CHECK(refusal({{Verb::get, "/{}"}}).find("given") != std::string::npos);
    CHECK(
        refusal({{Verb::get, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"}}).find("too many") !=
        std::string::npos
    );
    CHECK(refusal({{Verb::get, "/a/{x}"}, {Verb::put, "/a/{y}"}}) == "accepted");
}

}  // namespace showrunner::http
