// Files over the API: uploading, what is refused, reading, changing.
#include "support/file_uploads.hpp"

namespace showrunner::files {

namespace {

using auth::Role;
using test::at;
using test::png;
using Types = std::vector<std::string>;

}  // namespace

TEST_CASE("files: an upload is hashed, looked at, stored and on record") {
    test::FilesTest const test;
    std::size_t const before = test.server.event_types().size();
    auto const made = test.upload("still.png", png(), {{"sha256", sha256_hex(png())}});
    INFO(made.body);
    REQUIRE(made.status == 201);
    CHECK(at(made.body, "data.name") == "still.png");
    CHECK(at(made.body, "data.kind") == "image");
    CHECK(at(made.body, "data.media_type") == "image/png");
    CHECK(at(made.body, "data.state") == "ready");
    CHECK(at(made.body, "data.bytes") == "70");
    CHECK(at(made.body, "data.sha256") == sha256_hex(png()));
    CHECK(at(made.body, "data.episode_id") == test.episode);
    CHECK(test.server.event_types(before) == Types{"file_upload_started", "file_uploaded"});
    CHECK(test.stored("blobs") == 1);
    CHECK(test.stored("staged") == 0);
    CHECK(test.server.database().sql("SELECT count(*) FROM uploads") == "0");

    std::string const id = at(made.body, "data.id");
    CHECK(made.headers.at("location") == "/api/v1/files/" + id);
    auto const record = test.get("/files/" + id);
    CHECK(record.status == 200);
    CHECK(record.headers.at("etag") == "\"2\"");
    auto const content = test.get("/files/" + id + "/content");
    CHECK(content.status == 200);
    CHECK(content.body == png());
}

TEST_CASE("files: equal content is stored once") {
    test::FilesTest const test;
    std::string const one = test.ready("one.png", png());
    std::string const other = test.ready("other.png", png());
    CHECK(one != other);
    CHECK(test.stored("blobs") == 1);
    CHECK(test.get("/files/" + other + "/content").body == png());
}

TEST_CASE("files: what may not be uploaded is refused, and nothing is left of it") {
    app::Config config;
    config.file_script_mb = 1;
    test::FilesTest const test{config};
    std::string const html = "<!DOCTYPE html><html><script>alert(1)</script></html>";

    struct Case {
        std::string name;
        std::string content;
        test::FieldList fields;
        int status;
        std::string code;
        bool on_record;
    };

    for (Case const& each : {
             Case{"empty.png", "", {}, 422, "INVALID", true},
             Case{"page.png", html, {{"kind", "image"}}, 422, "TYPE_NOT_ALLOWED", true},
             Case{"page.txt", html, {{"kind", "script"}}, 422, "TYPE_NOT_ALLOWED", true},
             Case{"still.exe", png(), {{"kind", "image"}}, 422, "EXTENSION_NOT_ALLOWED", false},
             Case{"long.txt", std::string(1'100'000, 'a'), {}, 413, "FILE_TOO_LARGE", true},
             Case{
                 "still.png",
                 png(),
                 {{"sha256", std::string(64, '0')}},
                 422,
                 "CHECKSUM_MISMATCH",
                 true
             },
             Case{"still.png", png(), {{"sha256", "short"}}, 422, "INVALID", false},
             Case{"still.png", png(), {{"kind", "song"}}, 422, "INVALID", false},
             Case{"still.png", png(), {{"colour", "red"}}, 422, "INVALID", false},
             Case{"../../etc/passwd", png(), {}, 422, "INVALID", false},
             Case{"..", png(), {}, 422, "INVALID", false},
         }) {
        INFO(each.name, " ", each.code);
        std::size_t const before = test.server.event_types().size();
        auto const answer = test.upload(each.name, each.content, each.fields);
        INFO(answer.body);
        CHECK(answer.status == each.status);
        CHECK(at(answer.body, "code") == each.code);
        CHECK(test.stored() == 0);
        CHECK(test.server.database().sql("SELECT count(*) FROM uploads") == "0");
        auto const events = test.server.event_types(before);
        if (each.on_record) {
            CHECK(events == Types{"file_upload_started", "file_failed"});
            CHECK(test.last_file("state") == "failed");
            CHECK_FALSE(test.last_file("error->>'code'").empty());
        } else {
            CHECK(events.empty());
        }
    }
}

TEST_CASE("files: content that pretends is what its bytes say, and cannot run") {
    test::FilesTest const test;
    std::string const polyglot = "GIF89a\1\0\1\0\0\0\0;/*<html><script>alert(1)</script>*/";
    std::string const id = test.ready("polyglot.html", polyglot);
    CHECK(at(test.get("/files/" + id).body, "data.media_type") == "image/gif");
    auto const shown = test.get("/files/" + id + "/content");
    CHECK(shown.headers.at("content-type") == "image/gif");
    CHECK(shown.headers.at("x-content-type-options") == "nosniff");
    CHECK(shown.headers.at("content-security-policy").starts_with("sandbox; default-src 'none'"));
    CHECK(shown.headers.at("cross-origin-resource-policy") == "same-origin");

    std::string const page = test.ready("page.html", "<!DOCTYPE html><html><b>hi</b></html>");
    auto const saved = test.get("/files/" + page + "/content");
    CHECK(saved.headers.at("content-disposition").starts_with("attachment;"));
    CHECK(at(test.get("/files/" + page).body, "data.kind") == "other");
}

TEST_CASE("files: a quota holds for all files of a show") {
    app::Config config;
    config.file_show_quota_mb = 1;
    test::FilesTest const test{config};
    static_cast<void>(test.ready("a.bin", std::string(700'000, '\1')));
    auto const refused = test.upload("b.bin", std::string(700'000, '\2'));
    CHECK(refused.status == 413);
    CHECK(at(refused.body, "code") == "QUOTA_EXCEEDED");
    CHECK(test.stored() == 1);
    auto const announced = test.server.call(
        Role::editor,
        "POST",
        "/api/v1/files",
        R"({"name":"c.bin","bytes":700000,"episode_id":")" + test.episode + "\"}"
    );
    CHECK(at(announced.body, "code") == "QUOTA_EXCEEDED");
}

TEST_CASE("files: announced, then sent with PUT") {
    test::FilesTest const test;
    std::string const about = R"({"episode_id":")" + test.episode +
                              R"(","name":"still.png","bytes":70,"sha256":")" + sha256_hex(png()) +
                              "\"}";
    auto const made = test.server.call(Role::editor, "POST", "/api/v1/files", about);
    INFO(made.body);
    REQUIRE(made.status == 201);
    CHECK(at(made.body, "data.file.state") == "uploading");
    CHECK(at(made.body, "data.upload.verb") == "PUT");
    std::string const url = at(made.body, "data.upload.url");
    std::string const id = at(made.body, "data.file.id");
    CHECK(test.get("/files/" + id + "/content").status == 409);
    CHECK(test.get("/files/" + id + "/url").status == 409);
    auto const sent = test.server.call(
        Role::editor, "PUT", url, png(), {{"Content-Type", "application/octet-stream"}}
    );
    INFO(sent.body);
    CHECK(sent.status == 200);
    CHECK(at(sent.body, "data.state") == "ready");
    auto const again = test.server.call(
        Role::editor, "PUT", url, png(), {{"Content-Type", "application/octet-stream"}}
    );
    CHECK(again.status == 409);

    auto const short_one = test.server.call(
        Role::editor,
        "POST",
        "/api/v1/files",
        R"({"name":"b.png","bytes":71,"episode_id":")" + test.episode + "\"}"
    );
    auto const cut = test.server.call(
        Role::editor, "PUT", at(short_one.body, "data.upload.url"), png(), {{"Content-Type", "a/b"}}
    );
    CHECK(cut.status == 422);
    CHECK(at(cut.body, "code") == "SIZE_MISMATCH");
    CHECK(test.last_file("state") == "failed");
}

TEST_CASE("files: huge ones are announced, and too huge ones refused, without a byte sent") {
    test::FilesTest const test;
    auto const announce = [&](std::string const& name, std::string const& bytes) {
        return test.server.call(
            Role::editor,
            "POST",
            "/api/v1/files",
            R"({"name":")" + name + R"(","bytes":)" + bytes + R"(,"episode_id":")" + test.episode +
                "\"}"
        );
    };
    CHECK(announce("film.mov", "5368709120").status == 201);
    CHECK(announce("film.mov", "10737418241").status == 413);
    CHECK(announce("still.png", "26214401").status == 413);
    CHECK(announce("a.png", "0").status == 422);
    CHECK(announce("a.png", "-1").status == 422);
    CHECK(announce("a.png", "99999999999999999999").status == 422);
}

TEST_CASE("files: ranges and conditions") {
    test::FilesTest const test;
    std::string text;
    for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
    std::string const id = test.ready("script.txt", text);
    std::string const path = "/files/" + id + "/content";
    auto const whole = test.get(path);
    std::string const etag = whole.headers.at("etag");
    CHECK(etag == "\"" + sha256_hex(text) + "\"");
    CHECK(whole.headers.at("accept-ranges") == "bytes");
    CHECK(whole.headers.at("content-type") == "text/plain; charset=utf-8");
    CHECK(
        whole.headers.at("content-disposition") ==
        "inline; filename=\"script.txt\"; filename*=UTF-8''script.txt"
    );
    auto const part = test.get(path, {{"Range", "bytes=10-19"}});
    CHECK(part.status == 206);
    CHECK(part.body == text.substr(10, 10));
    CHECK(part.headers.at("content-range") == "bytes 10-19/" + std::to_string(text.size()));
    CHECK(test.get(path, {{"Range", "bytes=-5"}}).body == text.substr(text.size() - 5));
    auto const beyond = test.get(path, {{"Range", "bytes=100000-"}});
    CHECK(beyond.status == 416);
    CHECK(beyond.headers.at("content-range") == "bytes */" + std::to_string(text.size()));
    CHECK(test.get(path, {{"Range", "bytes=0-1,5-6"}}).body == text);
    CHECK(test.get(path, {{"Range", "bytes=0-1"}, {"If-Range", etag}}).status == 206);
    CHECK(test.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status == 200);
    CHECK(test.get(path, {{"If-None-Match", etag}}).status == 304);
    CHECK(test.get(path, {{"If-None-Match", "\"a\", W/" + etag}}).status == 304);
    CHECK(test.get(path, {{"If-None-Match", "\"a\""}}).status == 200);
    CHECK(test.get(path, {{"If-Match", "\"a\""}}).status == 412);
    std::string const modified = whole.headers.at("last-modified");
    CHECK(test.get(path, {{"If-Modified-Since", modified}}).status == 304);
    CHECK(test.get(path, {{"If-Range", modified}, {"Range", "bytes=0-1"}}).status == 206);
    auto const head = test.server.call(Role::viewer, "HEAD", "/api/v1" + path);
    CHECK(head.status == 200);
    CHECK(head.headers.at("content-length") == std::to_string(text.size()));
    CHECK(head.body.empty());
}

TEST_CASE("files: fetching a film in pieces is one download") {
    test::FilesTest const test;
    std::string const id = test.ready("a.bin", std::string(1000, '\1'));
    std::size_t const before = test.server.event_types().size();
    for (int i = 0; i < 5; ++i) {
        std::string const range = "bytes=" + std::to_string(i * 100) + "-";
        CHECK(test.get("/files/" + id + "/content", {{"Range", range}}).status == 206);
    }
    CHECK(test.server.event_types(before) == Types{"file_download"});
    CHECK(test.server.call(Role::editor, "GET", "/api/v1/files/" + id + "/url").status == 200);
    CHECK(test.server.event_types(before) == Types{"file_download", "file_download"});
    CHECK(test.server.call(Role::viewer, "HEAD", "/api/v1/files/" + id + "/content").status == 200);

    // What another process has put on record stands for ten minutes here, too.
    auto const noted = [&](std::string const& other, std::string const& ago) {
        test.server.database().sql(
            "INSERT INTO file_downloads (file_id, user_id, at) VALUES ('" + other + "', '" +
            test.server.user_id(Role::editor) + "', now() - interval '" + ago + "')"
        );
    };
    for (auto const& [ago, events] : {std::pair{"9 minutes", 0}, std::pair{"11 minutes", 1}}) {
        std::string const other = test.ready("b.bin", std::string(1000, '\1'));
        noted(other, ago);
        std::size_t const start = test.server.event_types().size();
        std::string const path = "/api/v1/files/" + other + "/content";
        for (int i = 0; i < 3; ++i) {
            CHECK(test.server.call(Role::editor, "GET", path).status == 200);
        }
        CHECK(
            test.server.event_types(start) ==
            Types(static_cast<std::size_t>(events), "file_download")
        );
    }
}

TEST_CASE("files: content is not given after another process has deleted the file") {
    test::FilesTest const test;
    std::string const id = test.ready("still.png", png());
    std::string const path = "/files/" + id + "/content";
    REQUIRE(test.get(path).status == 200);
    test.server.database().sql("UPDATE files SET deleted_at = now() WHERE id = '" + id + "'");
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    int status = 200;
    while (status == 200 && std::chrono::steady_clock::now() < until)
        status = test.get(path).status;
    CHECK(status == 404);
}

TEST_CASE("files: a link needs no token, and is good for one file and a while") {
    test::FilesTest const test;
    std::string const id = test.ready("still.png", png());
    auto const answer = test.get("/files/" + id + "/url?ttl_s=60&download=true");
    REQUIRE(answer.status == 200);
    std::string const url = at(answer.body, "data.url");
    auto const fetched = test.server.call({}, "GET", url);
    CHECK(fetched.status == 200);
    CHECK(fetched.body == png());
    CHECK(fetched.headers.at("content-disposition").starts_with("attachment;"));
    CHECK(test.server.call({}, "GET", url, {}, {{"Range", "bytes=0-3"}}).status == 206);

    auto const changed = [&](std::string_view what, std::string const& by) {
        std::string other = url;
        auto const start = other.find(what) + what.size();
        auto const end = std::min(other.find('&', start), other.size());
        other.replace(start, end - start, by);
        return test.server.call({}, "GET", other).status;
    };
    CHECK(changed("expires=", "99999999999") == 403);
    CHECK(changed("disposition=", "inline") == 403);
    CHECK(changed("signature=", "AAAA") == 403);
    CHECK(changed("signature=", "") == 403);
    std::string const other = test.ready("other.png", png());
    std::string moved = url;
    moved.replace(moved.find(id), id.size(), other);
    CHECK(test.server.call({}, "GET", moved).status == 403);
    CHECK(test.server.call({}, "GET", "/api/v1/files/" + id + "/download").status == 422);

    auto const brief = test.get("/files/" + id + "/url?ttl_s=1");
    std::string const short_url = at(brief.body, "data.url");
    // It is valid to the end of the second that it expires in.
    int status = 200;
    while (status == 200) status = test.server.call({}, "GET", short_url).status;
    CHECK(status == 410);
    CHECK(test.server.call(Role::editor, "DELETE", "/api/v1/files/" + id).status == 204);
    CHECK(test.server.call({}, "GET", url).status == 404);
}

TEST_CASE("files: lists, renaming, deleting and restoring") {
    test::FilesTest const test;
    std::string const still = test.ready("still.png", png());
    std::string const notes = test.ready("notes.txt", "Some notes.\n");
    static_cast<void>(test.upload("bad.png", ""));
    std::string const list = "/episodes/" + test.episode + "/files";
    auto const all = test.get(list + "?count=true&limit=2");
    CHECK(at(all.body, "pagination.total") == "3");
    CHECK(at(all.body, "data.1.id") == notes);
    auto const rest = test.get(list + "?cursor=" + at(all.body, "pagination.next_cursor"));
    CHECK(at(rest.body, "data.0.id") == still);
    CHECK(at(rest.body, "data.1.id").empty());
    CHECK(at(test.get(list + "?kind=script,video").body, "data.0.id") == notes);
    CHECK(at(test.get(list + "?state=failed").body, "data.0.name") == "bad.png");
    CHECK(at(test.get(list + "?q=STILL").body, "data.0.id") == still);
    CHECK(test.get("/episodes/" + new_id() + "/files").status == 404);

    std::string const path = "/api/v1/files/" + still;
    auto const renamed = test.server.call(Role::editor, "PATCH", path, R"({"name":"new.png"})");
    CHECK(at(renamed.body, "data.name") == "new.png");
    CHECK(at(renamed.body, "data.version") == "3");
    CHECK(test.server.call(Role::editor, "PATCH", path, R"({"name":"new.exe"})").status == 422);
    CHECK(test.server.call(Role::editor, "PATCH", path, R"({"name":"a/b"})").status == 422);
    auto const stale = test.server.call(
        Role::editor, "PATCH", path, R"({"name":"x.png"})", {{"If-Match", "\"1\""}}
    );
    CHECK(stale.status == 412);
    CHECK(at(stale.body, "current.version") == "3");

    std::size_t const before = test.server.event_types().size();
    CHECK(test.server.call(Role::editor, "DELETE", path).status == 204);
    CHECK(test.get("/files/" + still).status == 404);
    CHECK(test.get("/files/" + still + "/content").status == 404);
    CHECK(test.get("/files/" + still + "?deleted=true").status == 200);
    CHECK(at(test.get(list + "?deleted=true").body, "data.0.id") == still);
    CHECK(test.server.call(Role::editor, "DELETE", path).status == 404);
    CHECK(test.server.call(Role::editor, "POST", path + "/restore").status == 200);
    CHECK(test.server.call(Role::editor, "POST", path + "/restore").status == 409);
    CHECK(test.get("/files/" + still + "/content").body == png());
    Types const events = test.server.event_types(before);
    CHECK(events == Types{"file_deleted", "file_restored", "file_download"});
}

TEST_CASE("files: a form that is none, and an episode that is not there") {
    test::FilesTest const test;
    std::string const path = "/api/v1/episodes/" + test.episode + "/files";
    auto const send = [&](std::string const& to, std::string body, std::string const& type) {
        return test.server.call(
                              Role::editor, "POST", to, std::move(body), {{"Content-Type", type}}
        ).status;
    };
    std::string const form = "multipart/form-data; boundary=x";
    CHECK(send(path, "nonsense", form) == 400);
    CHECK(send(path, "--x--", form) == 422);
    CHECK(send(path, "--x--", "multipart/form-data") == 400);
    CHECK(send(path, "{}", "application/json") == 415);
    CHECK(send("/api/v1/episodes/" + new_id() + "/files", "--x--", form) == 404);
    // The boundary that ends it never comes.
    std::string const cut =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n" + png();
    CHECK(send(path, cut, form) == 400);
    CHECK(test.stored() == 0);
    CHECK(test.last_file("state") == "failed");
}

}  // namespace showrunner::files
