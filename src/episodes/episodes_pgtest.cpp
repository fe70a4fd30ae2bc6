// The episodes API on a real database: each request with all that it must answer and record.
#include "support/server.hpp"

#include <doctest/doctest.h>

#include <set>

namespace showrunner {

namespace {

using auth::Role;
using test::at;
using test::Scenario;

std::string const episodes = "/api/v1/episodes";

/// A fresh episode's id.
std::string make(test::TestServer const& server, int number, std::string const& more = {}) {
    auto const response = server.call(
        Role::editor,
        "POST",
        episodes,
        R"({"title":"Pilot","episode_number":)" + std::to_string(number) + more + "}"
    );
    REQUIRE(response.status == 201);
    return at(response.body, "data.id");
}

}  // namespace

TEST_CASE("creating an episode") {
    test::TestServer const server;
    auto const created = run(
        server,
        Scenario{
            .name = "an editor creates one, texts are tidied",
            .method = "POST",
            .path = episodes,
            .body =
                R"({"title":"  A Walk ","season_number":1,"episode_number":2,"categories":["tree"," tree","lake"],"metadata":{"a":1}})",
            .status = 201,
            .contains =
                {R"("title":"A Walk")",
                 R"("categories":["tree","lake"])",
                 R"("status":"draft")",
                 R"("version":1)",
                 R"("metadata":{"a":1})"},
            .events = {"episode_created"},
        }
    );
    CHECK(created.headers.at("etag") == "\"1\"");
    CHECK(created.headers.at("location") == episodes + "/" + at(created.body, "data.id"));
    auto const read = server.call(Role::viewer, "GET", created.headers.at("location"));
    // What was answered is what is on record.
    CHECK(boost::json::parse(read.body) == boost::json::parse(created.body));

    run(server,
        Scenario{
            .name = "the number is taken",
            .method = "POST",
            .path = episodes,
            .body = R"({"title":"B","season_number":1,"episode_number":2})",
            .status = 409,
            .contains = {"EPISODE_NUMBER_TAKEN", R"("field":"episode_number")"},
        });
    run(server,
        Scenario{
            .name = "without a season it is another number",
            .method = "POST",
            .path = episodes,
            .body = R"({"title":"B","episode_number":2})",
            .status = 201,
            .events = {"episode_created"},
        });
    run(server,
        Scenario{
            .name = "every mistake is told",
            .method = "POST",
            .path = episodes,
            .body =
                R"({"title":"","episode_number":-1,"air_date":"2026-02-30","status":"done","colour":1})",
            .status = 422,
            .contains =
                {R"("field":"title")",
                 R"("field":"episode_number")",
                 R"("field":"air_date")",
                 R"("field":"status")",
                 "UNKNOWN_FIELD"},
        });
    run(server,
        Scenario{
            .name = "an episode begins as a draft",
            .method = "POST",
            .path = episodes,
            .body = R"({"title":"B","episode_number":3,"status":"published"})",
            .status = 422,
        });
    run(server,
        Scenario{
            .name = "the show must be there",
            .method = "POST",
            .path = episodes,
            .body =
                R"({"title":"B","episode_number":3,"show_id":"01890000-0000-7000-8000-00000000dead"})",
            .status = 422,
            .contains = {"SHOW_UNKNOWN"},
        });
}

TEST_CASE("changing an episode: versions, merging, workflow") {
    test::TestServer const server;
    std::string const path = episodes + "/" + make(server, 1, R"(,"air_date":"2026-01-31")");
    run(server,
        Scenario{
            .name = "with the version it was read at",
            .method = "PATCH",
            .path = path,
            .body = R"({"title":"Pilot 2","air_date":null})",
            .headers = {{"If-Match", "\"1\""}},
            .contains = {R"("title":"Pilot 2")", R"("air_date":null)", R"("version":2)"},
            .events = {"episode_updated"},
        });
    auto const stale =
        run(server,
            Scenario{
                .name = "with an old version the current record comes back",
                .method = "PUT",
                .path = path,
                .body = R"({"title":"Mine"})",
                .headers = {{"If-Match", "\"1\""}},
                .status = 412,
                .contains = {"VERSION_MISMATCH", R"("current":{)"},
            });
    CHECK(at(stale.body, "current.title") == "Pilot 2");
    CHECK(stale.headers.at("etag") == "\"2\"");
    run(server,
        Scenario{
            .name = "without a version it merges per field",
            .method = "PATCH",
            .path = path,
            .body = R"({"description":"New"})",
            .contains = {R"("title":"Pilot 2")", R"("description":"New")", R"("version":3)"},
            .events = {"episode_updated"},
        });
    run(server,
        Scenario{
            .name = "what changes nothing records nothing",
            .method = "PATCH",
            .path = path,
            .body = R"({"description":"New","metadata":{}})",
            .contains = {R"("version":3)"},
        });
    run(server,
        Scenario{
            .name = "publishing is two events",
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"published","reason":"It is time"})",
            .contains = {R"("status":"published")"},
            .events = {"episode_updated", "episode_published"},
        });
    run(server,
        Scenario{
            .name = "a move that isn't allowed says which are",
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"approved"})",
            .status = 409,
            .contains = {"INVALID_MOVE", R"("allowed":["draft","archived"])"},
        });
    run(server,
        Scenario{
            .name = "an If-Match that is no version",
            .method = "PATCH",
            .path = path,
            .body = "{}",
            .headers = {{"If-Match", "\"x\""}},
            .status = 400,
        });

    auto const history = server.call(Role::viewer, "GET", path + "/history");
    CHECK(at(history.body, "data.0.type") == "episode_published");
    CHECK(at(history.body, "data.1.reason") == "It is time");
    CHECK(at(history.body, "data.1.changes.0.field") == "status");
    CHECK(at(history.body, "data.1.changes.0.before") == "draft");
    CHECK(at(history.body, "data.1.changes.0.after") == "published");
    CHECK(at(history.body, "data.4.type") == "episode_created");
    CHECK(at(history.body, "data.5").empty());
    auto const page = server.call(Role::viewer, "GET", path + "/history?limit=4");
    auto const rest = server.call(
        Role::viewer,
        "GET",
        path + "/history?limit=4&cursor=" + at(page.body, "pagination.next_cursor")
    );
    CHECK(at(rest.body, "data.0.type") == "episode_created");
    CHECK(at(rest.body, "pagination.next_cursor").empty());
}

TEST_CASE("deleting and restoring an episode") {
    test::TestServer const server;
    std::string const path = episodes + "/" + make(server, 1);
    run(server,
        Scenario{
            .name = "soft",
            .method = "DELETE",
            .path = path,
            .status = 204,
            .events = {"episode_deleted"}
        });
    run(server, Scenario{.name = "it is gone", .method = "GET", .path = path, .status = 404});
    run(server,
        Scenario{.name = "deleting it again", .method = "DELETE", .path = path, .status = 404});
    run(server,
        Scenario{
            .name = "it can still be read by who asks",
            .method = "GET",
            .path = path + "?deleted=true",
            .contains = {R"("deleted_at":"20)"},
        });
    std::string const second = make(server, 1);
    run(server,
        Scenario{
            .name = "its number has been given away",
            .method = "POST",
            .path = path + "/restore",
            .status = 409,
            .contains = {"EPISODE_NUMBER_TAKEN"},
        });
    run(server,
        Scenario{
            .name = "for good only by an admin",
            .method = "DELETE",
            .path = episodes + "/" + second + "?permanent=true",
            .status = 403,
        });
    run(server,
        Scenario{
            .name = "for good",
            .as = Role::admin,
            .method = "DELETE",
            .path = episodes + "/" + second + "?permanent=true",
            .status = 204,
            .events = {"episode_deleted"},
        });
    run(server,
        Scenario{
            .name = "restored",
            .method = "POST",
            .path = path + "/restore",
            .contains = {R"("deleted_at":null)", R"("version":3)"},
            .events = {"episode_restored"},
        });
    run(server,
        Scenario{
            .name = "restoring what is there",
            .method = "POST",
            .path = path + "/restore",
            .status = 409,
            .contains = {"NOT_DELETED"},
        });
    auto const history = server.call(Role::viewer, "GET", episodes + "/" + second + "/history");
    CHECK(at(history.body, "data.0.type") == "episode_deleted");
}

TEST_CASE("lists: filters, orders and pages without gaps or repeats") {
    test::TestServer const server;
    for (int number = 1; number <= 25; ++number) {
        make(server, number, R"(,"season_number":)" + std::to_string(number % 3));
    }
    auto const other = server.call(
        Role::editor,
        "POST",
        episodes,
        R"({"title":"100% lake_side","episode_number":99,"categories":["lake"]})"
    );
    REQUIRE(other.status == 201);
    for (std::string const sort :
         {"code",
          "-code",
          "title",
          "-title",
          "updated_at",
          "-updated_at",
          "created_at",
          "status",
          "air_date",
          "season_number",
          "-season_number",
          "episode_number"}) {
        std::vector<std::string> seen;
        std::string cursor;
        do {
            auto const page = server.call(
                Role::viewer,
                "GET",
                episodes + "?limit=7&sort=" + sort + (cursor.empty() ? "" : "&cursor=" + cursor)
            );
            REQUIRE(page.status == 200);
            for (int i = 0; !at(page.body, "data." + std::to_string(i)).empty(); ++i) {
                seen.push_back(at(page.body, "data." + std::to_string(i) + ".id"));
            }
            cursor = at(page.body, "pagination.next_cursor");
        } while (!cursor.empty());
        INFO(sort);
        CHECK(seen.size() == 26);
        CHECK(std::set<std::string>{seen.begin(), seen.end()}.size() == 26);
    }
    auto const total = [&](std::string const& filter) {
        auto const page =
            server.call(Role::viewer, "GET", episodes + "?count=true&limit=1&" + filter);
        INFO(page.body);
        return at(page.body, "pagination.total");
    };
    CHECK(total("season_number=1") == "9");
    CHECK(total("category=lake") == "1");
    CHECK(total("q=100%25%20lake_") == "1");
    CHECK(total("q=s01e04") == "1");
    CHECK(total("status=draft,published") == "26");
    CHECK(total("status=published") == "0");
    CHECK(total("deleted=true") == "0");
    CHECK(total("updated_since=2100-01-01T00:00:00Z") == "0");
    CHECK(
        at(server.call(Role::viewer, "GET", episodes + "/facets?season_number=1").body,
           "data.total") == "9"
    );
    CHECK(
        at(server.call(Role::viewer, "GET", episodes + "/next-number?season_number=1").body,
           "data.episode_number") == "26"
    );
    for (std::string const bad :
         {"sort=colour",
          "cursor=x",
          "limit=0",
          "limit=101",
          "status=done",
          "air_date_from=x",
          "updated_since=x",
          "limit=1&limit=2"}) {
        INFO(bad);
        CHECK(server.call(Role::viewer, "GET", episodes + "?" + bad).status == 422);
    }
    // A cursor of one order is none of another; a forged value is refused, not a 500.
    auto const page = server.call(Role::viewer, "GET", episodes + "?limit=1&sort=title");
    std::string const cursor = at(page.body, "pagination.next_cursor");
    CHECK(server.call(Role::viewer, "GET", episodes + "?sort=code&cursor=" + cursor).status == 422);
    std::string const forged =
        api::make_cursor("code", {"x", "01890000-0000-7000-8000-00000000dead"});
    CHECK(server.call(Role::viewer, "GET", episodes + "?sort=code&cursor=" + forged).status == 422);
}

TEST_CASE("a POST with an Idempotency-Key is done once") {
    test::TestServer const server;
    std::vector<std::pair<std::string, std::string>> const key{{"Idempotency-Key", "k-1"}};
    std::string const body = R"({"title":"Pilot","episode_number":1})";
    auto const first =
        run(server,
            Scenario{
                .name = "first",
                .method = "POST",
                .path = episodes,
                .body = body,
                .headers = key,
                .status = 201,
                .events = {"episode_created"},
            });
    auto const again =
        run(server,
            Scenario{
                .name = "again",
                .method = "POST",
                .path = episodes,
                .body = body,
                .headers = key,
                .status = 201,
            });
    CHECK(again.body == first.body);
    CHECK(again.headers.at("etag") == first.headers.at("etag"));
    run(server,
        Scenario{
            .name = "another body",
            .method = "POST",
            .path = episodes,
            .body = R"({"title":"Pilot","episode_number":2})",
            .headers = key,
            .status = 422,
            .contains = {"IDEMPOTENCY_KEY_REUSED"},
        });
    run(server,
        Scenario{
            .name = "another user",
            .as = Role::admin,
            .method = "POST",
            .path = episodes,
            .body = body,
            .headers = key,
            .status = 409,
        });
    run(server,
        Scenario{
            .name = "a failure is not kept",
            .method = "POST",
            .path = episodes,
            .body = R"({"episode_number":3})",
            .headers = {{"Idempotency-Key", "k-2"}},
            .status = 422,
        });
    run(server,
        Scenario{
            .name = "so it can be mended",
            .method = "POST",
            .path = episodes,
            .body = R"({"title":"C","episode_number":3})",
            .headers = {{"Idempotency-Key", "k-2"}},
            .status = 201,
            .events = {"episode_created"},
        });
}

TEST_CASE("a conditional GET of an unchanged record is 304") {
    test::TestServer const server;
    std::string const path = episodes + "/" + make(server, 1);
    auto const unchanged = server.call(Role::viewer, "GET", path, "", {{"If-None-Match", "\"1\""}});
    CHECK(unchanged.status == 304);
    CHECK(unchanged.body.empty());
    CHECK(server.call(Role::viewer, "GET", path, "", {{"If-None-Match", "\"2\""}}).status == 200);
}

}  // namespace showrunner
