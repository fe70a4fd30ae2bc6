// Against a server that speaks S3: see src/aws/s3_live_test.cpp.
#include "blobs/s3_store.hpp"
#include "support/s3_server.hpp"
#include "support/store_conformance.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

namespace showrunner::blobs {

namespace {

namespace fs = std::filesystem;
using test::LiveS3;

struct Fixture {
    Fixture() {
        std::string name = (fs::temp_directory_path() / "showrunner-s3-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }

    ~Fixture() { fs::remove_all(folder); }

    Fixture(Fixture const&) = delete;
    Fixture& operator=(Fixture const&) = delete;

    template <typename T>
    T run(Task<T> task) {
        return live.run(std::move(task));
    }

    void append(Staged& staged, std::string bytes) {
        run(store.append(staged, std::make_shared<std::string const>(std::move(bytes))));
    }

    std::size_t objects(std::string const& prefix) {
        return run(live.s3.list(prefix, "", 1'000)).objects.size();
    }

    void check_nothing_is_left() {
        CHECK(objects("") == 0);
        CHECK(run(live.s3.list_uploads("", "", "", 10)).uploads.empty());
    }

    fs::path folder;
    LiveS3 live;
    S3Store store{live.s3, "show/"};
};

std::string hash(std::string_view text) {
    Sha256 sum;
    sum.update(text);
    return sum.hex();
}

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

}  // namespace

TEST_CASE("s3 store live: does what every store does, and leaves nothing behind") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    test::StoreConformance{fixture.live.io, fixture.store, fixture.folder}.check();
    fixture.check_nothing_is_left();
}

TEST_CASE("s3 store live: small pieces become parts, and older tails go") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    Staged staged = fixture.run(fixture.store.begin(new_id()));
    std::string all;
    for (int i = 0; i < 13; ++i) {
        std::string piece(mebibyte, static_cast<char>('a' + i));
        all += piece;
        fixture.append(staged, std::move(piece));
        fixture.run(fixture.store.sync(staged));
        CHECK(staged.state.size() < 500);
        // The mark of the beginning, the tail, and what the record before this may still mean.
        CHECK(fixture.objects("show/staged/") <= 4);
        Staged on_record = staged;
        CHECK(fixture.run(fixture.store.resume(on_record)));
    }
    auto const listed = fixture.run(fixture.store.list_staged("", 100));
    REQUIRE(listed.items.size() == 1);
    CHECK(listed.items[0].key == staged.id);
    std::string const key = fixture.run(fixture.store.finish(staged, hash(all)));
    CHECK(fixture.live.read("show/blobs/" + key, 0, all.size()) == all);
    fixture.run(fixture.store.remove(key));
    fixture.check_nothing_is_left();
}

TEST_CASE("s3 store live: a part that no record tells of is written again") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    Staged staged = fixture.run(fixture.store.begin(new_id()));
    std::string const first(6 * mebibyte, '1');
    fixture.append(staged, first);
    fixture.append(staged, "2");
    fixture.run(fixture.store.sync(staged));
    Staged const on_record = staged;
    fixture.append(staged, std::string(6 * mebibyte, 'x'));  // Then the process dies.
    fixture.append(staged, std::string(6 * mebibyte, 'x'));

    Staged again = on_record;
    S3Store other{fixture.live.s3, "show/"};
    CHECK(fixture.run(other.resume(again)));
    fixture.run(other.append(again, std::make_shared<std::string const>("3")));
    std::string const key = fixture.run(other.finish(again, hash(first + "23")));
    CHECK(fixture.live.read("show/blobs/" + key, first.size() - 1, 3) == "123");
    CHECK(fixture.run(other.size(key)) == first.size() + 2);
    fixture.run(other.remove(key));
    fixture.check_nothing_is_left();
}

TEST_CASE("s3 store live: an upload goes on after the server was away in the middle of it") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    Staged staged = fixture.run(fixture.store.begin(new_id()));
    fixture.append(staged, std::string(6 * mebibyte, 'a'));
    fixture.append(staged, std::string(mebibyte, 'b'));
    aws::S3Options hasty = fixture.live.options;
    hasty.deadline = std::chrono::milliseconds{200};
    aws::S3 impatient{fixture.live.http, fixture.live.clock, fixture.live.registry, hasty};
    S3Store failing{impatient, "show/"};
    fixture.live.control("/stop");
    Staged const before = staged;
    CHECK(
        fixture.live.token_of(
            failing.append(staged, std::make_shared<std::string const>(mebibyte, 'c'))
        ) == "CONNECT_FAILED"
    );
    CHECK(staged.offset == before.offset);
    CHECK(staged.state == before.state);
    fixture.live.control("/start-soon");
    CHECK(fixture.run(fixture.store.resume(staged)));
    fixture.append(staged, std::string(6 * mebibyte, 'c'));
    std::string const all = std::string(6 * mebibyte, 'a') + std::string(mebibyte, 'b') +
                            std::string(6 * mebibyte, 'c');
    std::string const key = fixture.run(fixture.store.finish(staged, hash(all)));
    CHECK(hash(fixture.live.read("show/blobs/" + key, 0, all.size())) == hash(all));
    fixture.run(fixture.store.remove(key));
}

TEST_CASE("s3 store live: what a client sent past the server is checked before it is a blob") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    auto const offer = [&](Staged& staged, std::string const& announced) {
        return fixture.store.presign_put(
            staged,
            {.bytes = announced.size(),
             .media_type = "image/png",
             .sha256 = hash(announced),
             .ttl = std::chrono::seconds{60}}
        );
    };
    auto const finish = [&](Staged const& staged, std::string const& announced) {
        return fixture.live.token_of(fixture.store.finish(staged, hash(announced)));
    };
    Staged staged = fixture.run(fixture.store.begin(new_id()));
    auto const link = offer(staged, "announced");
    REQUIRE(link);
    CHECK(finish(staged, "announced") == "NOT_FOUND");

    // A server that doesn't look at the hash takes other content: it is looked at here.
    std::string const object = "show/staged/" + staged.id + "/direct";
    fixture.run(fixture.live.s3.put(object, LiveS3::content("different")));
    CHECK(finish(staged, "announced") == "CHECKSUM_MISMATCH");
    fixture.run(fixture.live.s3.put(object, LiveS3::content("longer than announced")));
    CHECK(finish(staged, "announced") == "SIZE_MISMATCH");
    CHECK(fixture.objects("show/blobs/") == 0);

    client::Request request;
    request.method = link->method;
    request.url = link->url;
    request.headers = link->headers;
    request.body = "announced";
    request.allow = client::is_any;
    CHECK(fixture.run(fixture.live.http.send(request)).status == 200);
    std::string const key = fixture.run(fixture.store.finish(staged, hash("announced")));
    CHECK(fixture.run(fixture.store.finish(staged, hash("announced"))) == key);
    // The link still works; it does not reach the blob.
    CHECK(fixture.run(fixture.live.http.send(request)).status == 200);
    CHECK(fixture.live.read("show/blobs/" + key, 0, 9) == "announced");
    auto const url = fixture.store.presign_get(
        key, {.disposition = "inline", .media_type = "image/png", .ttl = std::chrono::seconds{60}}
    );
    REQUIRE(url);
    client::Request reading;
    reading.url = *url;
    reading.allow = client::is_any;
    client::Response const response = fixture.run(fixture.live.http.send(reading));
    CHECK(response.body == "announced");
    CHECK(response.header("content-type") == "image/png");
    fixture.run(fixture.store.abort(staged));
    fixture.run(fixture.store.remove(key));
    fixture.check_nothing_is_left();
}

TEST_CASE("s3 store live: an upload that nobody knows of is found and removed") {
    if (!LiveS3::is_there()) return;
    Fixture fixture;
    Staged staged = fixture.run(fixture.store.begin(new_id()));
    fixture.append(staged, std::string(6 * mebibyte, 'a'));
    fixture.run(fixture.live.s3.remove("show/staged/" + staged.id + "/begun"));
    std::string cursor;
    std::vector<Item> found;
    do {
        Listing const listing = fixture.run(fixture.store.list_staged(cursor, 1));
        found.insert(found.end(), listing.items.begin(), listing.items.end());
        cursor = listing.next_cursor;
    } while (!cursor.empty());
    REQUIRE(found.size() == 1);
    CHECK(found[0].key == staged.id);
    fixture.run(fixture.store.abort_stray(found[0]));
    fixture.check_nothing_is_left();
}

}  // namespace showrunner::blobs
