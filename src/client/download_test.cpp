#include "client/download.hpp"

#include "support/http_peer.hpp"

namespace showrunner::client::testing {

namespace {

using std::chrono::milliseconds;
using Opened = std::variant<std::shared_ptr<Download>, Error>;

std::shared_ptr<Download> open(Stage& stage, Request request) {
    Opened opened = test::run(stage.io, stage.http.open(std::move(request)));
    REQUIRE(std::holds_alternative<std::shared_ptr<Download>>(opened));
    return std::get<std::shared_ptr<Download>>(std::move(opened));
}

std::string failure_of(Stage& stage, Request request) {
    Opened const opened = test::run(stage.io, stage.http.open(std::move(request)));
    REQUIRE(std::holds_alternative<Error>(opened));
    return std::get<Error>(opened).token;
}

struct Pieces {
    std::string text;
    std::size_t largest = 0;
    std::string failure;
};

Pieces read(Stage& stage, Download& download) {
    Pieces pieces;
    std::string chunk;
    try {
        while (test::run(stage.io, download.read(chunk))) {
            pieces.largest = std::max(pieces.largest, chunk.size());
            pieces.text += chunk;
        }
    } catch (Error const& error) {
        pieces.failure = error.token;
    }
    return pieces;
}

}  // namespace

TEST_CASE("download: headers first, then the body as it comes, whatever the status") {
    Stage stage;
    for (auto const& [path, status, body] :
         std::vector<std::tuple<char const*, unsigned, char const*>>{
             {"/", 200, "hello"},
             {"/error", 500, "sorry"},
             {"/empty", 204, ""},
             {"/early", 200, "hello"},
             {"/until-close", 200, "all of it"},
         }) {
        INFO(path);
        auto const download = open(stage, stage.get(path));
        CHECK(download->status() == status);
        Pieces const pieces = read(stage, *download);
        CHECK(pieces.text == body);
        CHECK(pieces.failure.empty());
    }
    CHECK(open(stage, stage.get("/"))->header("x-name") == "Value");
    CHECK(stage.count("2xx") == 5);
    CHECK(stage.count("5xx") == 1);
}

TEST_CASE("download: a large answer is never held as a whole") {
    Stage stage;
    std::string const large(20'000'000, 'x');
    stage.tally->script = {answer(200, large)};
    Request request = stage.get("/");
    request.response_bytes_max = 1;  // Of what is collected.
    auto const download = open(stage, request);
    Pieces const pieces = read(stage, *download);
    CHECK(pieces.text == large);
    CHECK(pieces.largest <= 512UL * 1024);
}

TEST_CASE("download: what does not arrive, or stops arriving, is said") {
    Stage stage;
    CHECK(failure_of(stage, stage.get("/drop")) == "CONNECTION_LOST");
    Request slow = stage.get("/hold");
    slow.timeout = milliseconds{50};
    CHECK(failure_of(stage, slow) == "TIMEOUT");
    Request nowhere = stage.get("/");
    nowhere.url = "ftp://example.com/";
    CHECK(failure_of(stage, nowhere) == "URL_INVALID");

    auto const partial = open(stage, stage.get("/partial"));
    Pieces const half = read(stage, *partial);
    CHECK(half.text == "half");
    CHECK(half.failure == "CONNECTION_LOST");
    Request stalling = stage.get("/stall");
    stalling.timeout = milliseconds{200};
    auto const stalled = open(stage, stalling);
    Pieces const started = read(stage, *stalled);
    CHECK(started.text == "half");
    CHECK(started.failure == "TIMEOUT");
}

TEST_CASE("download: one that is dropped closes its connection and gives up its turn") {
    Stage stage{Limits{.active_max = 1, .waiting_max = 1, .idle_max = 1}};
    stage.tally->script = {answer(200, std::string(5'000'000, 'x'))};
    auto download = open(stage, stage.get("/"));
    std::string chunk;
    CHECK(test::run(stage.io, download->read(chunk)));
    download.reset();
    REQUIRE(test::run_until(stage.io, [&] { return stage.tally->closed == 1; }));
    CHECK(stage.send(stage.get("/")).body == "hello");
}

TEST_CASE("download: one outlives the client, and is cut off then") {
    Stage stage;
    auto http = std::make_unique<Http>(stage.io.get_executor(), stage.registry);
    Opened opened = test::run(stage.io, http->open(stage.get("/stall")));
    auto const download = std::get<std::shared_ptr<Download>>(opened);
    std::string chunk;
    CHECK(test::run(stage.io, download->read(chunk)));
    http.reset();
    CHECK_THROWS_AS(test::run(stage.io, download->read(chunk)), boost::system::system_error);
}

}  // namespace showrunner::client::testing
