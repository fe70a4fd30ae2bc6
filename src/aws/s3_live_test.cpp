// Against a server that speaks S3 and verifies signatures: SHOWRUNNER_TEST_S3 is its endpoint, with
// the usual AWS_ variables, SHOWRUNNER_TEST_S3_CONTROL a URL that takes it away and brings it back.
// tests/e2e/s3_client.test.mjs starts both.
#include "support/s3_server.hpp"

#include <doctest/doctest.h>

namespace showrunner::aws {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::LiveS3;
using test::ManualClock;

/// Follows a link that was made for somebody else.
client::Response follow(LiveS3& live, client::Request request) {
    request.allow = client::is_any;
    return live.run(live.http.send(std::move(request)));
}

client::Response put_by_link(LiveS3& live, S3SignedPut const& link, std::string body) {
    client::Request request;
    request.method = "PUT";
    request.url = link.url;
    request.headers = link.headers;
    request.body = std::move(body);
    return follow(live, std::move(request));
}

}  // namespace

TEST_CASE("s3 live: an object is put, looked at, read in part, copied, listed and removed") {
    if (!LiveS3::is_there()) return;
    for (BucketStyle const style : {BucketStyle::path, BucketStyle::virtual_host}) {
        LiveS3 live{style};
        std::string const key = "folder/a b+\u00e9";
        CHECK_FALSE(live.run(live.s3.head(key)));
        live.run(live.s3.put(key, LiveS3::content("0123456789"), "text/plain"));
        auto const object = live.run(live.s3.head(key));
        REQUIRE(object);
        CHECK(object->bytes == 10);
        CHECK(live.read(key, 0, 10) == "0123456789");
        CHECK(live.read(key, 3, 4) == "3456");
        CHECK(live.token_of(live.s3.get("none", 0, 1)) == "S3_NO_OBJECT");
        CHECK(live.token_of(live.s3.get(key, 10, 1)) == "S3_NO_OBJECT");

        live.run(live.s3.copy(key, object->etag, "folder/copy"));
        CHECK(live.read("folder/copy", 0, 10) == "0123456789");
        CHECK(live.token_of(live.s3.copy(key, "\"other\"", "folder/copy")) == "S3_CHANGED");

        S3Listing const first = live.run(live.s3.list("folder/", "", 1));
        REQUIRE(first.objects.size() == 1);
        CHECK(first.objects[0].key == key);
        CHECK(first.more);
        S3Listing const second = live.run(live.s3.list("folder/", key, 1));
        REQUIRE(second.objects.size() == 1);
        CHECK(second.objects[0].key == "folder/copy");
        CHECK(second.objects[0].bytes == 10);
        CHECK_FALSE(second.more);
        live.run(live.s3.remove(key));
        live.run(live.s3.remove(key));
        CHECK_FALSE(live.run(live.s3.head(key)));
    }
}

TEST_CASE("s3 live: content that is not its hash, and who does not know the secret, are refused") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    S3Content wrong = LiveS3::content("content");
    wrong.sha256 = sha256_hex("other");
    S3Options hasty = live.options;
    hasty.attempts_max = 2;
    S3 impatient{live.http, live.clock, live.registry, hasty};
    CHECK(live.token_of(impatient.put("wrong", wrong)) == "S3_FAILED");
    CHECK_FALSE(live.run(live.s3.head("wrong")));
    S3Options stranger = live.options;
    stranger.credentials.secret_access_key += "x";
    S3 denied{live.http, live.clock, live.registry, stranger};
    CHECK(live.token_of(denied.put("key", LiveS3::content("x"))) == "S3_DENIED");
    S3Options elsewhere = live.options;
    elsewhere.bucket = "no-such-bucket";
    S3 lost{live.http, live.clock, live.registry, elsewhere};
    CHECK(live.token_of(lost.put("key", LiveS3::content("x"))) == "S3_NO_BUCKET");
    CHECK_FALSE(live.run(live.s3.check_bucket()));
    CHECK(live.run(lost.check_bucket()).value().token == "S3_NO_BUCKET");
    CHECK(live.run(denied.check_bucket()).value().token == "S3_DENIED");
}

TEST_CASE("s3 live: parts are put together, also with one that is copied") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    std::string const large(s3_part_bytes_min, 'x');
    std::string const id = live.run(live.s3.create_upload("parts"));
    S3Part const one = live.run(live.s3.put_part("parts", id, 1, LiveS3::content(large)));
    live.run(live.s3.put("tail", LiveS3::content("the end")));
    S3Part const two = live.run(live.s3.copy_part("parts", id, 2, "tail"));

    auto const parts = live.run(live.s3.list_parts("parts", id));
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].bytes == large.size());
    CHECK(parts[0].etag == one.etag);
    CHECK(parts[1].number == 2);
    S3Uploads const uploads = live.run(live.s3.list_uploads("par", "", "", 10));
    REQUIRE(uploads.uploads.size() == 1);
    CHECK(uploads.uploads[0].id == id);

    CHECK(live.run(live.s3.complete_upload("parts", id, {one, two})));
    auto const object = live.run(live.s3.head("parts"));
    REQUIRE(object);
    CHECK(object->bytes == large.size() + 7);
    CHECK(live.read("parts", large.size() - 1, 8) == "xthe end");
    CHECK_FALSE(live.run(live.s3.complete_upload("parts", id + "x", {one, two})));
    live.run(live.s3.abort_upload("parts", id));
    CHECK(live.run(live.s3.list_uploads("", "", "", 10)).uploads.empty());
}

TEST_CASE("s3 live: a link reads with the headers it was made for, until it has expired") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    live.run(live.s3.put("key", LiveS3::content("content")));
    S3GetLink link{
        .disposition = "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9",
        .media_type = "text/x-script",
        .ttl = seconds{60}
    };
    client::Request request;
    request.url = live.s3.presign_get("key", link);
    client::Response const response = follow(live, request);
    CHECK(response.status == 200);
    CHECK(response.body == "content");
    CHECK(response.header("content-disposition") == link.disposition);
    CHECK(response.header("content-type").starts_with("text/x-script"));

    client::Request other = request;
    other.url.replace(other.url.find("key?"), 3, "kez");
    CHECK(follow(live, other).status == 403);
    ManualClock past{live.clock.now() - seconds{120}};
    S3 const earlier{live.http, past, live.registry, live.options};
    request.url = earlier.presign_get("key", link);
    CHECK(follow(live, request).status == 403);
}

TEST_CASE("s3 live: a link to put with takes this size, this type and this hash only") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    S3PutLink const wish{
        .bytes = 7, .media_type = "image/png", .sha256 = sha256_hex("content"), .ttl = seconds{60}
    };
    S3SignedPut const link = live.s3.presign_put("direct", wish);
    CHECK(put_by_link(live, link, "too long").status == 403);
    S3SignedPut other = link;
    other.headers[0].second = "text/html";
    CHECK(put_by_link(live, other, "content").status == 403);
    other = link;
    other.headers[1].second = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    CHECK(put_by_link(live, other, "content").status == 403);
    other.headers.pop_back();
    CHECK(put_by_link(live, other, "content").status == 403);
    CHECK_FALSE(live.run(live.s3.head("direct")));
    CHECK(put_by_link(live, link, "content").status == 200);
    CHECK(live.read("direct", 0, 7) == "content");

    std::string const id = live.run(live.s3.create_upload("by part"));
    S3SignedPut const part = live.s3.presign_part("by part", id, 1, {.bytes = 3});
    CHECK(put_by_link(live, part, "four").status == 403);
    CHECK(put_by_link(live, part, "abc").status == 200);
    auto const parts = live.run(live.s3.list_parts("by part", id));
    REQUIRE(parts.size() == 1);
    CHECK(live.run(live.s3.complete_upload("by part", id, parts)));
    CHECK(live.read("by part", 0, 3) == "abc");
}

TEST_CASE("s3 live: a reader that is slow holds the server back") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    std::string const large(20U << 20U, 'y');
    live.run(live.s3.put("large", LiveS3::content(large)));
    auto reading = [](LiveS3& on) -> Task<std::uint64_t> {
        auto const download = co_await on.s3.get("large", 0, 20U << 20U);
        std::uint64_t bytes = 0;
        std::string chunk;
        for (;;) {
            bool const more = co_await download->read(chunk);
            if (!more) break;
            CHECK(chunk.size() <= 512U * 1024);
            bytes += chunk.size();
            co_await asio::post(asio::use_awaitable);  // Others have their turn.
        }
        co_return bytes;
    };
    CHECK(live.run(reading(live)) == large.size());
}

TEST_CASE("s3 live: a server that goes is waited for, and given up on") {
    if (!LiveS3::is_there()) return;
    LiveS3 live;
    live.run(live.s3.put("before", LiveS3::content("kept")));
    live.control("/stop");
    S3Options hasty = live.options;
    hasty.deadline = milliseconds{300};
    S3 impatient{live.http, live.clock, live.registry, hasty};
    CHECK(live.token_of(impatient.put("lost", LiveS3::content("x"))) == "CONNECT_FAILED");
    CHECK(live.token_of(impatient.get("before", 0, 1)) == "CONNECT_FAILED");
    live.control("/start-soon");
    live.run(live.s3.put("after", LiveS3::content("found")));
    CHECK(live.read("before", 0, 4) == "kept");
    CHECK(live.registry.counter(s3_retries_spec, "PutObject").value() > 1);
}

}  // namespace showrunner::aws
