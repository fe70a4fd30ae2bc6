// What is cleared away, and what is not; files made by jobs.
#include "files/depot.hpp"
#include "files/files.hpp"
#include "files/intake.hpp"
#include "files/keeper.hpp"
#include "support/file_uploads.hpp"

#include <chrono>
#include <fstream>

namespace showrunner::files {

namespace {

using auth::Role;
using test::png;
namespace fs = std::filesystem;

void keep(test::FilesTest const& test, Task<> (Keeper::*work)()) {
    test.server.on_server<bool>([work](api::Services& services) -> Task<bool> {
        Keeper keeper{services};
        co_await (keeper.*work)();
        co_return true;
    });
}

fs::path only_blob(test::FilesTest const& test) {
    for (auto const& entry : fs::recursive_directory_iterator{test.server.folder() / "blobs"}) {
        if (entry.is_regular_file()) return entry.path();
    }
    return {};
}

void make_old(fs::path const& path) {
    fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours{25});
}

std::string metric(test::FilesTest const& test, std::string const& name) {
    auto const page = test.server.call(Role::admin, "GET", "/metrics");
    auto const start = page.body.find("\n" + name + " ");
    if (start == std::string::npos) return "";
    auto const from = start + name.size() + 2;
    return page.body.substr(from, page.body.find('\n', from) - from);
}

}  // namespace

TEST_CASE("keeper: content goes when the last record that refers to it is purged") {
    test::FilesTest const test;
    std::string const one = test.ready("one.png", png());
    std::string const other = test.ready("other.png", png());
    auto const settle = [&] {
        test.server.database().sql(
            "UPDATE blobs SET touched_at = now() - interval '2 hours';"
            "UPDATE files SET deleted_at = deleted_at - interval '40 days'"
        );
        keep(test, &Keeper::purge_deleted);
        keep(test, &Keeper::remove_unused);
    };
    CHECK(test.server.call(Role::editor, "DELETE", "/api/v1/files/" + one).status == 204);
    keep(test, &Keeper::purge_deleted);
    CHECK(
        test.server.call(Role::editor, "POST", "/api/v1/files/" + one + "/restore").status == 200
    );
    CHECK(test.server.call(Role::editor, "DELETE", "/api/v1/files/" + one).status == 204);
    settle();
    CHECK(test.stored("blobs") == 1);
    CHECK(test.server.event_types().back() == "file_purged");
    auto const gone = test.server.call(Role::editor, "POST", "/api/v1/files/" + one + "/restore");
    CHECK(gone.status == 409);
    CHECK(test.get("/files/" + other + "/content").body == png());
    CHECK(test.server.call(Role::editor, "DELETE", "/api/v1/files/" + other).status == 204);
    settle();
    CHECK(test.stored() == 0);
    CHECK(test.server.database().sql("SELECT count(*) FROM blobs") == "0");
    // The same content again is as if it were the first time.
    CHECK(test.get("/files/" + test.ready("again.png", png()) + "/content").body == png());
}

TEST_CASE("keeper: strays of the store go after a day, missing content is told") {
    test::FilesTest const test;
    std::string const id = test.ready("still.png", png());
    fs::path const blob = only_blob(test);
    fs::path const stray = blob.parent_path() / (sha256_hex(png()) + "." + new_id());
    fs::path const staged = test.server.folder() / "staged" / new_id();
    for (fs::path const& path : {stray, staged}) std::ofstream{path} << "left behind";
    keep(test, &Keeper::compare);
    CHECK(test.stored() == 3);
    for (fs::path const& path : {stray, staged, blob}) make_old(path);
    keep(test, &Keeper::compare);
    CHECK(test.stored() == 1);
    CHECK(test.get("/files/" + id + "/content").status == 200);
    CHECK(metric(test, "showrunner_files_missing_blobs") == "0");

    test.server.database().sql("UPDATE blobs SET created_at = now() - interval '2 hours'");
    fs::remove(blob);
    keep(test, &Keeper::compare);
    CHECK(metric(test, "showrunner_files_missing_blobs") == "1");
    CHECK(test.get("/files/" + id + "/content").status == 404);
}

TEST_CASE("keeper: an upload that began before its process ended is finished by the next") {
    test::FilesTest const test;
    std::string const url =
        test.tus(
                "POST",
                "/api/v1/uploads",
                {{"Upload-Length", "70"}, {"Upload-Metadata", test.metadata("still.png")}}
        ).headers.at("location");
    std::string const id = url.substr(url.rfind('/') + 1);
    auto const half = test.tus("PATCH", url, {{"Upload-Offset", "0"}}, png().substr(0, 30));
    CHECK(half.status == 204);
    // Bytes that were written and not put on record.
    std::ofstream{test.server.folder() / "staged" / id, std::ios::app} << "lost";
    auto const rest = test.tus("PATCH", url, {{"Upload-Offset", "30"}}, png().substr(30));
    CHECK(rest.status == 204);
    CHECK(test.get("/files/" + id + "/content").body == png());
}

TEST_CASE("keeper: an upload whose last byte is on record becomes a file, whoever was killed") {
    test::FilesTest const test;
    for (bool const renamed : {false, true}) {
        for (bool const asked : {false, true}) {
            INFO(renamed, asked);
            auto const made = test.tus(
                "POST",
                "/api/v1/uploads",
                {{"Upload-Length", "70"}, {"Upload-Metadata", test.metadata("still.png")}}
            );
            std::string const url = made.headers.at("location");
            std::string const id = url.substr(url.rfind('/') + 1);
            test.server.on_server<bool>([id, renamed](api::Services& services) -> Task<bool> {
                blobs::Store& store = *services.files.store;
                Claim const held = co_await claim(services, id);
                blobs::Staged staged = co_await store.begin(id);
                blobs::Sha256 hash;
                hash.update(png());
                co_await store.append(staged, std::make_shared<std::string const>(png()));
                co_await record_position(
                    services, held.upload, staged, hash.state(), Hold::release
                );
                if (renamed) co_await store.finish(staged, hash.hex());
                co_return true;
            });
            if (asked) {
                CHECK(test.tus("HEAD", url).headers.at("upload-offset") == "70");
            } else {
                keep(test, &Keeper::complete_uploads);
            }
            CHECK(test.get("/files/" + id + "/content").body == png());
            CHECK(test.stored() == 1);
        }
    }
}

TEST_CASE("files: jobs make files, read them, and say what they found") {
    test::FilesTest const test;
    std::string const episode = test.episode;
    fs::path const folder = test.server.folder();
    std::string const id =
        test.server.on_server<std::string>([episode](api::Services& services) -> Task<std::string> {
            MadeFile made;
            made.episode_id = episode;
            made.name = "render.png";
            made.kind = Kind::image;
            made.source.text = R"({"job_id":"1"})";
            File const file = co_await add_file(services, {}, std::move(made), png());
            co_return file.id;
        });
    auto const record = test.get("/files/" + id);
    CHECK(test::at(record.body, "data.source.job_id") == "1");
    CHECK(test::at(record.body, "data.state") == "ready");
    bool const done =
        test.server.on_server<bool>([id, folder](api::Services& services) -> Task<bool> {
            File const file = co_await fetch_file(services, id, folder / "copy");
            Findings findings;
            findings.media = json::Raw{R"({"width": 1})"};
            findings.derivatives = json::Raw{R"([{"role": "thumbnail"}])"};
            co_await describe(services, file.id, findings);
            MadeFile again;
            again.episode_id = file.episode_id;
            again.name = "again.png";
            File const other = co_await add_file(services, {}, std::move(again), folder / "copy");
            auto const images = co_await files_of(services, file.episode_id, Kind::image);
            Blob const blob = co_await keep_blob(services, folder / "copy");
            auto const found = co_await find_blob(services, blob.id);
            co_return other.sha256 == file.sha256&& images.size() == 2 && found &&
                found->sha256 == *file.sha256;
        });
    CHECK(done);
    CHECK(test.server.event_types().size() >= 5);
    auto const described = test.get("/files/" + id);
    CHECK(test::at(described.body, "data.media.width") == "1");
    CHECK(test::at(described.body, "data.derivatives.0.role") == "thumbnail");
    CHECK(test.stored("blobs") == 1);
}

}  // namespace showrunner::files
