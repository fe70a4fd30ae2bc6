// Resumable uploads by the letter of tus 1.0.
#include "files/depot.hpp"
#include "files/keeper.hpp"
#include "files/uploads.hpp"
#include "support/file_uploads.hpp"

#include <sodium.h>

namespace showrunner::files {

namespace {

using auth::Role;
using test::at;
using test::png;
using Types = std::vector<std::string>;

std::string text_of(std::size_t size) {
    std::string text;
    while (text.size() < size) text += std::to_string(text.size()) + " bottles\n";
    text.resize(size);
    return text;
}

std::string raw_sha256(std::string_view bytes) {
    std::string digest(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256(
        reinterpret_cast<unsigned char*>(digest.data()),
        reinterpret_cast<unsigned char const*>(bytes.data()),
        bytes.size()
    );
    return digest;
}

struct TusTest : test::FilesTest {
    using test::FilesTest::FilesTest;

    [[nodiscard]] test::HttpResponse create(
        std::string const& name, std::size_t size, std::string const& more = {}
    ) const {
        return tus(
            "POST",
            "/api/v1/uploads",
            {{"Upload-Length", std::to_string(size)}, {"Upload-Metadata", metadata(name) + more}}
        );
    }

    [[nodiscard]] test::HttpResponse patch(
        std::string const& url,
        std::size_t offset,
        std::string const& bytes,
        test::FieldList headers = {}
    ) const {
        headers.emplace_back("Upload-Offset", std::to_string(offset));
        return tus("PATCH", url, std::move(headers), bytes);
    }

    [[nodiscard]] std::string offset(std::string const& url) const {
        auto const head = tus("HEAD", url);
        CHECK(head.headers.at("cache-control") == "no-store");
        return head.status == 200 ? head.headers.at("upload-offset") : std::to_string(head.status);
    }
};

}  // namespace

TEST_CASE("tus: what the server does") {
    TusTest const test;
    auto const about = test.server.call({}, "OPTIONS", "/api/v1/uploads");
    CHECK(about.status == 204);
    CHECK(about.headers.at("tus-version") == "1.0.0");
    CHECK(
        about.headers.at("tus-extension") ==
        "creation,creation-with-upload,termination,expiration,checksum"
    );
    CHECK(about.headers.at("tus-checksum-algorithm") == "sha1,sha256");
}

TEST_CASE("tus: an upload in pieces is the file") {
    TusTest const test;
    std::string const text = text_of(3'000'000);
    std::size_t const before = test.server.event_types().size();
    auto const made =
        test.create("notes.txt", text.size(), ",sha256 " + TusTest::base64(sha256_hex(text)));
    REQUIRE(made.status == 201);
    std::string const url = made.headers.at("location");
    CHECK(made.headers.at("upload-offset") == "0");
    CHECK(made.headers.contains("upload-expires"));
    CHECK(made.headers.at("tus-resumable") == "1.0.0");
    CHECK(test.offset(url) == "0");
    std::size_t sent = 0;
    for (std::size_t const piece : {1UL, 1'100'000UL, 800'000UL, 1'099'999UL}) {
        auto const answer = test.patch(url, sent, text.substr(sent, piece));
        INFO(answer.body);
        REQUIRE(answer.status == 204);
        sent += piece;
        CHECK(answer.headers.at("upload-offset") == std::to_string(sent));
        CHECK(test.offset(url) == std::to_string(sent));
    }
    CHECK(test.last_file("state") == "ready");
    CHECK(test.last_file("sha256") == sha256_hex(text));
    CHECK(test.stored() == 1);
    CHECK(test.server.event_types(before) == Types{"file_upload_started", "file_uploaded"});
    // The last answer was lost: asked again, it is the same.
    CHECK(test.patch(url, sent, "").status == 204);
    std::string const id = url.substr(url.rfind('/') + 1);
    CHECK(test.get("/files/" + id + "/content").body == text);
    CHECK(test.tus("DELETE", url).status == 410);
}

TEST_CASE("tus: creation with upload") {
    TusTest const test;
    auto const made = test.tus(
        "POST",
        "/api/v1/uploads",
        {{"Upload-Length", "70"}, {"Upload-Metadata", test.metadata("still.png")}},
        png()
    );
    CHECK(made.status == 201);
    CHECK(made.headers.at("upload-offset") == "70");
    CHECK(test.last_file("media_type") == "image/png");
}

TEST_CASE("tus: what is wrong is said in the protocol's words") {
    TusTest const test;
    auto const made = test.create("notes.txt", 100);
    std::string const url = made.headers.at("location");
    auto const wrong_offset = test.patch(url, 50, "x");
    CHECK(wrong_offset.status == 409);
    CHECK(wrong_offset.headers.at("tus-resumable") == "1.0.0");
    CHECK(test.patch(url, 0, std::string(101, 'x')).status == 413);
    CHECK(test.offset(url) == "0");
    CHECK(test.server.call(Role::editor, "HEAD", url).status == 412);
    auto const untyped = test.server.call(
        Role::editor,
        "PATCH",
        url,
        "x",
        {{"Tus-Resumable", "1.0.0"}, {"Upload-Offset", "0"}, {"Content-Type", "text/plain"}}
    );
    CHECK(untyped.status == 415);
    CHECK(test.tus("PATCH", url, {}, "x").status == 400);
    CHECK(test.tus("PATCH", "/api/v1/uploads/" + new_id(), {{"Upload-Offset", "0"}}).status == 404);

    auto const create = [&](test::FieldList const& headers) {
        return test.tus("POST", "/api/v1/uploads", headers).status;
    };
    std::string const names = test.metadata("a.txt");
    CHECK(create({{"Upload-Metadata", names}}) == 400);
    CHECK(create({{"Upload-Defer-Length", "1"}, {"Upload-Metadata", names}}) == 400);
    CHECK(create({{"Upload-Length", "-1"}, {"Upload-Metadata", names}}) == 400);
    CHECK(create({{"Upload-Length", "0"}, {"Upload-Metadata", names}}) == 422);
    CHECK(create({{"Upload-Length", "5"}}) == 422);
    CHECK(create({{"Upload-Length", "5"}, {"Upload-Metadata", "filename ***"}}) == 400);
    CHECK(create({{"Upload-Length", "5"}, {"Upload-Metadata", test.metadata("../a")}}) == 422);
    CHECK(create({{"Upload-Length", "99999999999"}, {"Upload-Metadata", names}}) == 413);
}

TEST_CASE("tus: a part whose checksum is another's is as if it had never come") {
    TusTest const test;
    std::string const text = text_of(2'500'000);
    std::string const url = test.create("notes.txt", text.size()).headers.at("location");
    auto const sum = [](std::string_view bytes) {
        return test::FieldList{{"Upload-Checksum", "sha256 " + TusTest::base64(raw_sha256(bytes))}};
    };
    std::string const first = text.substr(0, 1'500'000);
    CHECK(test.patch(url, 0, first, sum(first)).status == 204);
    std::string const second = text.substr(1'500'000);
    auto const wrong = test.patch(url, 1'500'000, second, sum("something else"));
    CHECK(wrong.status == 460);
    CHECK(test.offset(url) == "1500000");
    auto const odd = test.patch(url, 1'500'000, second, {{"Upload-Checksum", "md5 AAAA"}});
    CHECK(odd.status == 400);
    CHECK(test.patch(url, 1'500'000, second, sum(second)).status == 204);
    CHECK(test.last_file("sha256") == sha256_hex(text));
    CHECK(test.stored() == 1);
}

TEST_CASE("tus: one writes at a time, and who is not heard of loses the upload") {
    TusTest const test;
    std::string const url = test.create("notes.txt", 100).headers.at("location");
    std::string const id = url.substr(url.rfind('/') + 1);
    auto const held =
        test.server.on_server<Claim>([id](api::Services& services) { return claim(services, id); });
    auto const locked = test.patch(url, 0, std::string(100, 'x'));
    CHECK(locked.status == 423);
    CHECK(locked.headers.contains("retry-after"));
    CHECK(test.offset(url) == "0");
    test.server.database().sql("UPDATE uploads SET lease_until = now() - interval '1 s'");
    CHECK(test.patch(url, 0, std::string(50, 'x')).status == 204);
    // What the one that was not heard of still does has no effect.
    auto const late = [held](api::Services& services) -> Task<std::string> {
        std::exception_ptr const failed = co_await outcome_of(
            record_position(services, held.upload, {held.upload.file_id, 70, ""}, "", Hold::release)
        );
        auto const error = error_in(failed);
        co_return error ? error->token : "";
    };
    CHECK(test.server.on_server<std::string>(late) == "UPLOAD_TAKEN");
    CHECK(test.offset(url) == "50");
    CHECK(test.patch(url, 50, std::string(50, 'x')).status == 204);
}

TEST_CASE("tus: cancelled and expired uploads leave nothing but their record") {
    TusTest const test;
    std::string const cancelled = test.create("a.txt", 100).headers.at("location");
    CHECK(test.patch(cancelled, 0, "some").status == 204);
    CHECK(test.stored("staged") == 1);
    CHECK(test.tus("DELETE", cancelled).status == 204);
    CHECK(test.stored("staged") == 0);
    CHECK(test.offset(cancelled) == "404");

    std::string const expired = test.create("b.txt", 100).headers.at("location");
    CHECK(test.patch(expired, 0, "some").status == 204);
    test.server.database().sql("UPDATE uploads SET expires_at = now() - interval '1 s'");
    CHECK(test.offset(expired) == "410");
    CHECK(test.patch(expired, 4, "more").status == 410);
    test.server.on_server<bool>([](api::Services& services) -> Task<bool> {
        Keeper keeper{services};
        co_await keeper.expire_uploads();
        co_return true;
    });
    CHECK(test.stored() == 0);
    CHECK(test.last_file("state") == "failed");
    CHECK(test.last_file("error->>'code'") == "UPLOAD_EXPIRED");
    CHECK(test.offset(expired) == "410");
}

TEST_CASE("tus: content that is refused fails the file") {
    TusTest const test;
    std::string const html = "<!DOCTYPE html><html><script>alert(1)</script></html>";
    std::string const url = test.create("a.png", html.size(), ",kind " + TusTest::base64("image"))
                                .headers.at("location");
    auto const answer = test.patch(url, 0, html);
    CHECK(answer.status == 422);
    CHECK(at(answer.body, "code") == "TYPE_NOT_ALLOWED");
    CHECK(test.offset(url) == "410");
    CHECK(test.stored() == 0);
}

TEST_CASE("tus: a viewer uploads nothing") {
    TusTest const test;
    std::string const url = test.create("a.txt", 100).headers.at("location");
    for (char const* method : {"HEAD", "PATCH", "DELETE"}) {
        auto const answer = test.server.call(
            Role::viewer,
            method,
            url,
            {},
            {{"Tus-Resumable", "1.0.0"}, {"Upload-Offset", "0"}, {"Content-Type", "a/b"}}
        );
        CHECK(answer.status == 403);
    }
}

}  // namespace showrunner::files
