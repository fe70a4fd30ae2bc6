// The compositions API on a real database: each request with all that it must answer and record.
#include "support/server.hpp"

#include <doctest/doctest.h>

namespace showrunner {

namespace {

using auth::Role;
using test::at;
using test::Scenario;

std::string const collection = "/api/v1/compositions";

std::string make_episode(test::TestServer const& server, int number = 1) {
    auto const response = server.call(
        Role::editor,
        "POST",
        "/api/v1/episodes",
        R"({"title":"Pilot","episode_number":)" + std::to_string(number) + "}"
    );
    REQUIRE(response.status == 201);
    return at(response.body, "data.id");
}

std::string layer(std::string const& id, int x = 0) {
    return R"({"id":")" + id + R"(","type":"shape","shape":"rectangle","fill":"#ff0000","x":)" +
           std::to_string(x) + R"(,"y":0,"width":10,"height":10})";
}

std::string document(std::string const& layers, std::string const& background = "#000000") {
    return R"({"canvas":{"width":1080,"height":1080},"background":")" + background +
           R"(","formats":[{"name":"square","width":1080,"height":1080}],"layers":[)" + layers +
           "]}";
}

/// A fresh composition's path.
std::string make(
    test::TestServer const& server, std::string const& episode, std::string const& more = {}
) {
    auto const response = server.call(
        Role::editor,
        "POST",
        collection,
        R"({"episode_id":")" + episode + R"(","name":"Thumbnail")" + more + "}"
    );
    REQUIRE(response.status == 201);
    return collection + "/" + at(response.body, "data.id");
}

std::string with_document(std::string const& text) {
    return R"({"document":)" + text + "}";
}

}  // namespace

TEST_CASE("creating a composition: empty, with a document, from a template, as a copy") {
    test::TestServer const server;
    std::string const episode = make_episode(server);
    std::string const begin = R"({"episode_id":")" + episode + R"(","name":" Thumbnail ")";
    auto const empty =
        run(server,
            Scenario{
                .name = "empty",
                .method = "POST",
                .path = collection,
                .body = begin + "}",
                .status = 201,
                .contains =
                    {R"("name":"Thumbnail")",
                     R"("status":"draft")",
                     R"("primary":false)",
                     R"("position":1)",
                     R"("width":1920)",
                     R"("formats":["1920x1080"])",
                     R"("version":1,"document_version":1)",
                     R"("layers":[])"},
                .events = {"composition_created"},
            });
    CHECK(empty.headers.at("etag") == "\"1\"");
    std::string const path = empty.headers.at("location");
    auto const read = server.call(Role::viewer, "GET", path);
    CHECK(boost::json::parse(read.body) == boost::json::parse(empty.body));
    run(server,
        Scenario{
            .name = "with a document, as it was sent",
            .method = "POST",
            .path = collection,
            .body = begin + R"(,"document":)" + document(layer("a")) + R"(,"summary":"First"})",
            .status = 201,
            .contains = {R"("position":2)", R"("document":)" + document(layer("a"))},
            .events = {"composition_created"},
        });
    run(server,
        Scenario{
            .name = "from a template",
            .method = "POST",
            .path = collection,
            .body = begin + R"(,"template_id":"quote-card"})",
            .status = 201,
            .contains = {R"("id":"quote")", R"("width":1080)"},
            .events = {"composition_created"},
        });
    run(server,
        Scenario{
            .name = "as a copy",
            .method = "POST",
            .path = collection,
            .body = begin + R"(,"copy_of":")" + at(empty.body, "data.id") + "\"}",
            .status = 201,
            .events = {"composition_created"},
        });
    run(server,
        Scenario{
            .name = "only one of them",
            .method = "POST",
            .path = collection,
            .body =
                begin + R"(,"template_id":"story","copy_of":")" + at(empty.body, "data.id") + "\"}",
            .status = 422,
            .contains = {"AMBIGUOUS"},
        });
    run(server,
        Scenario{
            .name = "an episode that is not there",
            .method = "POST",
            .path = collection,
            .body = R"({"episode_id":"01890000-0000-7000-8000-00000000dead","name":"A"})",
            .status = 422,
            .contains = {"EPISODE_UNKNOWN"},
        });
    run(server,
        Scenario{
            .name = "what is wrong with the document",
            .method = "POST",
            .path = collection,
            .body =
                begin + R"(,"document":)" + document(layer("a") + "," + layer("a"), "red") + "}",
            .status = 422,
            .contains = {R"("field":"document.layers[1].id")", R"("field":"document.background")"},
        });
    run(server,
        Scenario{
            .name = "a picture that is none of the show's",
            .method = "POST",
            .path = collection,
            .body =
                begin + R"(,"document":)" +
                document(
                    R"({"id":"i","type":"image","x":0,"y":0,"width":1,"height":1,"file_id":"01890000-0000-7000-8000-00000000dead"})"
                ) +
                "}",
            .status = 422,
            .contains = {"FILE_UNKNOWN"},
        });
}

TEST_CASE("saving a composition: versions, merging, and nobody overwrites anybody") {
    test::TestServer const server;
    std::string const path = make(server, make_episode(server));
    run(server,
        Scenario{
            .name = "a document, at the version it was read at",
            .method = "PUT",
            .path = path,
            .body = R"({"summary":"A box","document":)" + document(layer("a")) + "}",
            .headers = {{"If-Match", "\"1\""}},
            .contains = {R"("version":2,"document_version":2)", R"("width":1080)"},
            .events = {"composition_updated"},
        });
    auto const stale =
        run(server,
            Scenario{
                .name = "with an old version the current record comes back, with its document",
                .method = "PATCH",
                .path = path,
                .body = with_document(document(layer("b"))),
                .headers = {{"If-Match", "\"1\""}},
                .status = 412,
                .contains = {"VERSION_MISMATCH", R"("id":"a")"},
            });
    CHECK(at(stale.body, "current.version") == "2");
    CHECK(stale.headers.at("etag") == "\"2\"");
    run(server,
        Scenario{
            .name = "without a version it merges per field",
            .method = "PATCH",
            .path = path,
            .body = R"({"name":"Cover","position":0.5})",
            .contains = {R"("name":"Cover")", R"("version":3,"document_version":2)", R"("id":"a")"},
            .events = {"composition_updated"},
        });
    run(server,
        Scenario{
            .name = "what changes nothing records nothing",
            .method = "PATCH",
            .path = path,
            .body =
                R"({"name":"Cover","document":)" +
                document(
                    R"({"id":"a","type":"shape","shape":"rectangle","fill":"#ff0000","x":0.0,"y":0,"width":10,"height":10,"opacity":1})"
                ) +
                "}",
            .contains = {R"("version":3)"},
        });
    auto const versions = server.call(Role::viewer, "GET", path + "/versions");
    CHECK(at(versions.body, "data.0.changed_fields.0") == "name");
    CHECK(at(versions.body, "data.0.changed_fields.1") == "position");
    CHECK(at(versions.body, "data.1.summary") == "A box");
    CHECK(at(versions.body, "data.1.created_by_name") == "editor");
    CHECK(at(versions.body, "data.2.version") == "1");
    CHECK(at(versions.body, "data.3").empty());
    auto const saved = server.call(Role::viewer, "GET", path + "/versions?saved=true&limit=1");
    CHECK(at(saved.body, "data.0.version") == "2");
    auto const older = server.call(
        Role::viewer,
        "GET",
        path + "/versions?saved=true&limit=1&cursor=" + at(saved.body, "pagination.next_cursor")
    );
    CHECK(at(older.body, "data.0.version") == "1");
    CHECK(at(older.body, "pagination.next_cursor").empty());
    auto const third = server.call(Role::viewer, "GET", path + "/versions/3");
    CHECK(at(third.body, "data.document.layers.0.id") == "a");
    CHECK(server.call(Role::viewer, "GET", path + "/versions/4").status == 404);
    CHECK(server.call(Role::viewer, "GET", path + "/versions/x").status == 404);
}

TEST_CASE("comparing two versions, and going back to one") {
    test::TestServer const server;
    std::string const path = make(
        server, make_episode(server), R"(,"document":)" + document(layer("a") + "," + layer("b"))
    );
    std::string const second = document(layer("b", 5) + "," + layer("c"), "#ffffff");
    REQUIRE(server.call(Role::editor, "PUT", path, with_document(second)).status == 200);
    auto const compared = server.call(Role::viewer, "GET", path + "/compare?from=1&to=2");
    CHECK(at(compared.body, "data.identical") == "false");
    CHECK(at(compared.body, "data.fields.0.field") == "background");
    CHECK(at(compared.body, "data.fields.0.before") == "#000000");
    CHECK(at(compared.body, "data.layers.0.change") == "changed");
    CHECK(at(compared.body, "data.layers.0.fields.0.field") == "x");
    CHECK(at(compared.body, "data.layers.0.fields.0.after") == "5");
    CHECK(at(compared.body, "data.layers.1.change") == "added");
    CHECK(at(compared.body, "data.layers.2.change") == "removed");
    CHECK(at(compared.body, "data.from.version") == "1");
    CHECK(compared.body == server.call(Role::viewer, "GET", path + "/compare?from=1").body);
    CHECK(server.call(Role::viewer, "GET", path + "/compare?from=1&to=9").status == 404);
    CHECK(server.call(Role::viewer, "GET", path + "/compare").status == 422);
    run(server,
        Scenario{
            .name = "back to the first, as the third",
            .method = "POST",
            .path = path + "/revert/1",
            .contains =
                {R"("version":3,"document_version":3)", document(layer("a") + "," + layer("b"))},
            .events = {"composition_reverted"},
        });
    auto const versions = server.call(Role::viewer, "GET", path + "/versions");
    CHECK(at(versions.body, "data.0.reverted_from") == "1");
    CHECK(at(versions.body, "data.0.summary") == "Back to version 1");
    auto const same = server.call(Role::viewer, "GET", path + "/compare?from=1&to=3");
    CHECK(at(same.body, "data.identical") == "true");
    run(server,
        Scenario{
            .name = "to one that is not there",
            .method = "POST",
            .path = path + "/revert/9",
            .status = 404,
        });
}

TEST_CASE("the workflow: what is changed is not approved any more") {
    test::TestServer const server;
    std::string const path = make(server, make_episode(server));
    run(server,
        Scenario{
            .name = "a draft is not published",
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"published"})",
            .status = 409,
            .contains = {"INVALID_MOVE", R"("allowed":["approved"])"},
        });
    run(server,
        Scenario{
            .name = "approved",
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"approved","reason":"Fine"})",
            .contains = {R"("status":"approved")"},
            .events = {"composition_updated"},
        });
    run(server,
        Scenario{
            .name = "published",
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"published"})",
            .events = {"composition_updated", "composition_published"},
        });
    run(server,
        Scenario{
            .name = "another name changes nothing that was approved",
            .method = "PATCH",
            .path = path,
            .body = R"({"name":"Cover"})",
            .contains = {R"("status":"published")"},
            .events = {"composition_updated"},
        });
    run(server,
        Scenario{
            .name = "another document does",
            .method = "PATCH",
            .path = path,
            .body = with_document(document(layer("a"))),
            .contains = {R"("status":"draft")"},
            .events = {"composition_updated"},
        });
    auto const versions = server.call(Role::viewer, "GET", path + "/versions");
    CHECK(at(versions.body, "data.0.changed_fields.0") == "document");
    CHECK(at(versions.body, "data.0.changed_fields.1") == "status");
    CHECK(at(versions.body, "data.3.summary") == "Fine");
    run(server,
        Scenario{
            .name = "viewers look",
            .as = Role::viewer,
            .method = "POST",
            .path = path + "/status",
            .body = R"({"status":"approved"})",
            .status = 403,
        });
}

TEST_CASE("one composition of an episode is the primary one") {
    test::TestServer const server;
    std::string const episode = make_episode(server);
    std::string const first = make(server, episode);
    std::string const second = make(server, episode);
    run(server,
        Scenario{
            .name = "the first one",
            .method = "PATCH",
            .path = first,
            .body = R"({"primary":true})",
            .contains = {R"("primary":true)"},
            .events = {"composition_updated"},
        });
    run(server,
        Scenario{
            .name = "the second one takes over: both have changed",
            .method = "PATCH",
            .path = second,
            .body = R"({"primary":true})",
            .contains = {R"("primary":true)", R"("version":2)"},
            .events = {"composition_updated", "composition_updated"},
        });
    auto const former = server.call(Role::viewer, "GET", first);
    CHECK(at(former.body, "data.primary") == "false");
    CHECK(at(former.body, "data.version") == "3");
    auto const versions = server.call(Role::viewer, "GET", first + "/versions");
    CHECK(at(versions.body, "data.0.changed_fields.0") == "primary");
    run(server,
        Scenario{
            .name = "what is deleted is not the primary one",
            .method = "DELETE",
            .path = second,
            .status = 204,
            .events = {"composition_deleted"},
        });
    run(server,
        Scenario{
            .name = "nor when it comes back",
            .method = "POST",
            .path = second + "/restore",
            .contains = {R"("primary":false)", R"("version":4)"},
            .events = {"composition_restored"},
        });
}

TEST_CASE("deleting, restoring and listing compositions") {
    test::TestServer const server;
    std::string const episode = make_episode(server);
    std::string const of_episode = collection + "?episode_id=" + episode;
    std::vector<std::string> paths;
    for (int i = 0; i < 5; ++i) paths.push_back(make(server, episode));
    REQUIRE(server.call(Role::editor, "PATCH", paths[4], R"({"position":1.5})").status == 200);
    auto const all = server.call(Role::viewer, "GET", of_episode + "&count=true");
    CHECK(at(all.body, "pagination.total") == "5");
    CHECK(collection + "/" + at(all.body, "data.1.id") == paths[4]);
    CHECK(at(all.body, "data.0.document").empty());
    for (std::string const sort : {"position", "-updated_at"}) {
        std::string cursor;
        std::size_t seen = 0;
        do {
            auto const page = server.call(
                Role::viewer,
                "GET",
                of_episode + "&limit=2&sort=" + sort + (cursor.empty() ? "" : "&cursor=" + cursor)
            );
            for (int i = 0; !at(page.body, "data." + std::to_string(i) + ".id").empty(); ++i)
                ++seen;
            cursor = at(page.body, "pagination.next_cursor");
        } while (!cursor.empty());
        CHECK(seen == 5);
    }
    run(server,
        Scenario{
            .name = "at an old version",
            .method = "DELETE",
            .path = paths[4],
            .headers = {{"If-Match", "\"1\""}},
            .status = 412,
        });
    run(server,
        Scenario{
            .name = "softly",
            .method = "DELETE",
            .path = paths[0],
            .status = 204,
            .events = {"composition_deleted"},
        });
    CHECK(server.call(Role::viewer, "GET", paths[0]).status == 404);
    CHECK(server.call(Role::viewer, "GET", paths[0] + "/versions").status == 404);
    CHECK(server.call(Role::viewer, "GET", paths[0] + "?deleted=true").status == 200);
    auto const deleted = server.call(Role::viewer, "GET", of_episode + "&deleted=true");
    CHECK(collection + "/" + at(deleted.body, "data.0.id") == paths[0]);
    run(server,
        Scenario{
            .name = "restored",
            .method = "POST",
            .path = paths[0] + "/restore",
            .contains = {R"("deleted_at":null)"},
            .events = {"composition_restored"},
        });
    run(server,
        Scenario{
            .name = "once",
            .method = "POST",
            .path = paths[0] + "/restore",
            .status = 409,
            .contains = {"NOT_DELETED"},
        });
    std::string const fill =
        "INSERT INTO compositions (id, episode_id, show_id, name, position, width, height, "
        "formats, created_at, updated_at, document) SELECT gen_random_uuid(), episode_id, show_id, "
        "name, 10, width, height, formats, created_at, updated_at, document FROM compositions, "
        "generate_series(1, 195) WHERE position = 1";
    REQUIRE(server.call(Role::editor, "DELETE", paths[0]).status == 204);
    server.database().sql(fill);
    make(server, episode);
    run(server,
        Scenario{
            .name = "not beyond what an episode may have",
            .method = "POST",
            .path = paths[0] + "/restore",
            .status = 409,
            .contains = {"TOO_MANY_COMPOSITIONS"},
        });
    run(server,
        Scenario{
            .name = "with its episode they are gone",
            .method = "DELETE",
            .path = "/api/v1/episodes/" + episode,
            .status = 204,
            .events = {"episode_deleted"},
        });
    CHECK(server.call(Role::viewer, "GET", paths[0]).status == 404);
    CHECK(at(server.call(Role::viewer, "GET", of_episode).body, "data.0.id").empty());
}

TEST_CASE("templates: those that come with the server, and those of a show") {
    test::TestServer const server;
    std::string const templates = "/api/v1/composition-templates";
    auto const built_in = server.call(Role::viewer, "GET", templates);
    CHECK(at(built_in.body, "data.0.id") == "episode-poster");
    CHECK(at(built_in.body, "data.4.built_in") == "true");
    std::string const episode = make_episode(server);
    for (int i = 0; i < 5; ++i) {
        std::string const id = at(built_in.body, "data." + std::to_string(i) + ".id");
        CAPTURE(id);
        CHECK(server.call(Role::viewer, "GET", templates + "/" + id).status == 200);
        make(server, episode, R"(,"template_id":")" + id + "\"");
    }
    std::string const path = make(server, episode, R"(,"document":)" + document(layer("a")));
    std::string const id = path.substr(path.rfind('/') + 1);
    std::string const body = R"({"name":"Ours","composition_id":")" + id + "\"}";
    auto const made =
        run(server,
            Scenario{
                .name = "made of a composition",
                .method = "POST",
                .path = templates,
                .body = body,
                .status = 201,
                .contains = {R"("built_in":false)", R"("id":"a")"},
                .events = {"composition_template_created"},
            });
    run(server,
        Scenario{
            .name = "its name is taken",
            .method = "POST",
            .path = templates,
            .body = body,
            .status = 409,
            .contains = {"TEMPLATE_NAME_TAKEN"},
        });
    std::string const own = at(made.body, "data.id");
    make(server, episode, R"(,"template_id":")" + own + "\"");
    CHECK(at(server.call(Role::viewer, "GET", templates).body, "data.5.id") == own);
    run(server,
        Scenario{
            .name = "deleted",
            .method = "DELETE",
            .path = templates + "/" + own,
            .status = 204,
            .events = {"composition_template_deleted"},
        });
    CHECK(server.call(Role::viewer, "GET", templates + "/" + own).status == 404);
    CHECK(server.call(Role::editor, "DELETE", templates + "/story").status == 403);
}

TEST_CASE("rendering is a job of the episode") {
    test::TestServer const server;
    std::string const path = make(server, make_episode(server));
    run(server,
        Scenario{
            .name = "a format that it does not have",
            .method = "POST",
            .path = path + "/render",
            .body = R"({"formats":["square"]})",
            .status = 422,
        });
    run(server,
        Scenario{
            .name = "a version that it does not have",
            .method = "POST",
            .path = path + "/render",
            .body = R"({"version":2})",
            .status = 422,
        });
    auto const job =
        server.call(Role::editor, "POST", path + "/render", R"({"image_format":"webp"})");
    CHECK(job.status == 201);
    CHECK(at(job.body, "data.type") == "composition_render");
    CHECK(at(job.body, "data.args.version") == "1");
    CHECK_FALSE(at(job.body, "data.episode_id").empty());
    CHECK(server.call(Role::viewer, "POST", path + "/render", "{}").status == 403);
    CHECK(server.call(Role::viewer, "GET", path + "/versions/9/preview").status == 404);
}

TEST_CASE("a preview that could not be drawn says so until a picture is asked for again") {
    test::TestServer const server;
    std::string const path = make(server, make_episode(server));
    std::string const preview = path + "/versions/1/preview";
    // Without media_path there is nothing to draw with.
    auto const unavailable = server.call(Role::viewer, "GET", preview);
    CHECK(unavailable.status == 503);
    CHECK(at(unavailable.body, "code") == "UNAVAILABLE");
    server.database().sql(
        "INSERT INTO composition_previews (composition_id, document_version, failure, created_at) "
        "SELECT id, 1, 'It was too much.', now() FROM compositions"
    );
    run(server,
        Scenario{
            .name = "and no job is started",
            .method = "GET",
            .path = preview,
            .status = 404,
            .contains = {"PREVIEW_FAILED", "It was too much."},
        });
    CHECK(server.call(Role::editor, "POST", path + "/render", "{}").status == 201);
    CHECK(server.call(Role::viewer, "GET", preview).status == 503);
}

}  // namespace showrunner
