// Derivatives on a real PostgreSQL: who starts their job, what they hold, how they go.
#include "derivatives/job.hpp"
#include "derivatives/store.hpp"
#include "files/files.hpp"
#include "support/file_uploads.hpp"

#include <fstream>

namespace showrunner::derivatives {

namespace {

using test::at;
using test::FilesTest;

/// Nothing starts jobs by itself, and nobody does them.
app::Config by_hand() {
    app::Config config;
    config.job_concurrency = 0;
    return config;
}

events::EventPtr event_of(FilesTest const& test, std::string type, std::string file_id) {
    auto event = std::make_shared<events::StoredEvent>();
    event->id = new_id();
    event->type = std::move(type);
    event->resource_id = std::move(file_id);
    event->episode_id = test.episode;
    event->show_id = test.server.database().sql("SELECT show_id FROM episodes LIMIT 1");
    event->payload = R"({"file":{"kind":"image","media_type":"image/png"}})";
    return event;
}

void follow_one(FilesTest const& test, events::EventPtr event) {
    test.server.on_server<bool>([event](api::Services& services) -> Task<bool> {
        db::Session session = co_await services.db.session();
        std::vector<events::EventPtr> const events{event};
        co_await session.begin();
        co_await follow(session, events);
        co_await session.commit();
        co_return true;
    });
}

std::optional<std::vector<Derivative>> keep_two(FilesTest const& test, std::string file_id) {
    std::filesystem::path const path = test.server.folder() / "made.webp";
    std::ofstream{path} << "a picture";
    return test.server.on_server<std::optional<std::vector<Derivative>>>(
        [path, file_id](api::Services& services) {
            std::vector<Made> made(2);
            made[0] = {Role::thumbnail, 160, 90, "image/webp", path, {}};
            made[1].role = Role::preview;
            made[1].error = Reason{media::Failure::unavailable, "Not here."};
            return keep(services, file_id, std::move(made));
        }
    );
}

std::string count(FilesTest const& test, std::string const& of) {
    return test.server.database().sql("SELECT count(*) FROM " + of);
}

}  // namespace

TEST_CASE("derivatives: an event that comes twice starts one job") {
    FilesTest const test{by_hand()};
    std::string const id = test.ready("still.png", test::png());
    auto const event = event_of(test, "file_uploaded", id);
    follow_one(test, event);
    follow_one(test, event);
    CHECK(count(test, "jobs WHERE type = 'media'") == "1");
    CHECK(
        test.server.database().sql("SELECT unique_key FROM jobs WHERE type = 'media'") ==
        "media:" + id
    );
    auto other = std::make_shared<events::StoredEvent>(*event_of(test, "file_uploaded", new_id()));
    other->payload = R"({"file":{"kind":"other","media_type":"application/zip"}})";
    follow_one(test, other);
    CHECK(count(test, "jobs WHERE type = 'media'") == "1");
}

TEST_CASE("derivatives: they hold their content until their file is purged") {
    FilesTest const test{by_hand()};
    std::string const id = test.ready("still.png", test::png());
    auto const kept = keep_two(test, id);
    REQUIRE(kept);
    REQUIRE(kept->size() == 2);
    CHECK((*kept)[0].url->starts_with("/api/v1/files/" + id + "/thumbnail?width=160&v="));
    CHECK((*kept)[1].state == State::unavailable);
    CHECK(count(test, "blobs WHERE blob_in_use(id)") == "2");
    // Again: in place of what there was.
    CHECK(keep_two(test, id));
    CHECK(count(test, "file_derivatives") == "2");
    CHECK(count(test, "blobs") == "2");

    auto const picture = test.get("/files/" + id + "/thumbnail");
    CHECK(picture.status == 200);
    CHECK(picture.body == "a picture");
    auto const missing = test.get("/files/" + id + "/preview");
    CHECK(missing.status == 404);
    CHECK(at(missing.body, "code") == "DERIVATIVE_UNAVAILABLE");
    CHECK(at(missing.body, "detail") == "Not here.");

    follow_one(test, event_of(test, "file_purged", id));
    CHECK(count(test, "file_derivatives") == "0");
    CHECK(count(test, "blobs WHERE blob_in_use(id)") == "1");
}

TEST_CASE("derivatives: of a file that is deleted nothing is kept or given") {
    FilesTest const test{by_hand()};
    std::string const id = test.ready("still.png", test::png());
    REQUIRE(keep_two(test, id));
    CHECK(test.server.call(auth::Role::editor, "DELETE", "/api/v1/files/" + id).status == 204);
    CHECK_FALSE(keep_two(test, id));
    CHECK(test.get("/files/" + id + "/thumbnail").status == 404);
}

TEST_CASE("derivatives: switched off, which is said") {
    FilesTest const test{by_hand()};
    std::string const id = test.ready("still.png", test::png());
    auto const answer = test.get("/files/" + id + "/thumbnail");
    CHECK(answer.status == 404);
    CHECK(at(answer.body, "code") == "DERIVATIVE_UNAVAILABLE");
    CHECK(count(test, "jobs") == "0");
}

}  // namespace showrunner::derivatives
