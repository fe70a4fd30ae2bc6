// Requests that are cut short, at every stage of their life. Meant to be run under
// AddressSanitizer.
#include "support/http_peer.hpp"

namespace showrunner::client::testing {

namespace {

using std::chrono::milliseconds;

/// Requests that a test can cancel, and how they end.
struct Asking {
    explicit Asking(Stage& on) : stage{on} {}

    std::shared_ptr<asio::cancellation_signal> ask(std::string_view path) {
        auto signal = std::make_shared<asio::cancellation_signal>();
        spawn(stage.io.get_executor(), signal, "ask", run(*this, std::string{path}));
        return signal;
    }

    static Task<> run(Asking& asking, std::string path) {
        struct Leave {
            Asking& asking;

            ~Leave() { ++asking.left; }
        } const leave{asking};

        auto const result = co_await asking.stage.http.attempt(asking.stage.get(path));
        auto const* const failure = std::get_if<Error>(&result);
        asking.tokens.push_back(failure == nullptr ? "" : failure->token);
    }

    [[nodiscard]] bool all_left(unsigned count) const {
        return test::run_until(stage.io, [&] { return left == count; });
    }

    Stage& stage;
    unsigned left = 0;
    std::vector<std::string> tokens;  ///< of those that were not cancelled
};

bool reached(Stage& stage, unsigned holding) {
    return test::run_until(stage.io, [&] { return stage.tally->holding == holding; });
}

/// Runs a client's own event loop and its peer's, until the peer holds so many requests.
bool hold_both(Stage& peer, asio::io_context& io, unsigned holding) {
    for (int i = 0; i < 5000 && peer.tally->holding != holding; ++i) {
        io.restart();
        io.run_one_for(milliseconds{1});
        peer.io.restart();
        peer.io.run_one_for(milliseconds{1});
    }
    return peer.tally->holding == holding;
}

}  // namespace

TEST_CASE("client: a cancelled request closes its connection") {
    for (char const* const path : {"/hold", "/stall"}) {
        Stage stage;
        Asking asking{stage};
        auto const signal = asking.ask(path);
        REQUIRE(reached(stage, 1));
        signal->emit(asio::cancellation_type::terminal);
        REQUIRE(asking.all_left(1));
        CHECK(asking.tokens.empty());
        CHECK(stage.count("cancelled") == 1);
        REQUIRE(test::run_until(stage.io, [&] { return stage.tally->closed == 1; }));
        CHECK(stage.send(stage.get("/")).status == 200);
    }
}

TEST_CASE("client: a request can be cancelled at every step of the event loop") {
    for (char const* const path : {"/", "/big", "/drop", "/moved", "/partial"}) {
        bool finished = false;
        for (unsigned steps = 0; !finished; ++steps) {
            REQUIRE(steps < 1000);
            Stage stage;
            Asking asking{stage};
            auto const signal = asking.ask(path);
            stage.io.restart();
            for (unsigned i = 0; i < steps && asking.left == 0; ++i) {
                stage.io.run_one_for(milliseconds{100});
            }
            finished = asking.left == 1;
            signal->emit(asio::cancellation_type::terminal);
            REQUIRE(asking.all_left(1));
            CHECK(stage.send(stage.get("/")).status == 200);
        }
    }
}

TEST_CASE("client: cancelling while the name is resolved does not wait for the resolver") {
    Stage stage;
    auto signal = std::make_shared<asio::cancellation_signal>();
    bool left = false;
    auto ask = [](Stage& on, bool& out) -> Task<> {
        Request request;
        request.url = "http://no-such-host.invalid/";
        auto const result = co_await on.http.attempt(std::move(request));
        out = std::holds_alternative<Error>(result);
    };
    spawn(stage.io.get_executor(), signal, "ask", ask(stage, left));
    for (int i = 0; i < 3; ++i) stage.io.run_one_for(milliseconds{10});
    signal->emit(asio::cancellation_type::terminal);
    CHECK(stage.send(stage.get("/")).status == 200);
}

TEST_CASE("client: no more requests than allowed are under way; the rest wait in line") {
    Stage stage{{.active_max = 2, .waiting_max = 3}};
    Asking asking{stage};
    std::array<std::shared_ptr<asio::cancellation_signal>, 6> signals;
    for (auto& signal : signals) signal = asking.ask("/hold");
    REQUIRE(asking.all_left(1));
    CHECK(asking.tokens == std::vector<std::string>{"CLIENT_BUSY"});
    REQUIRE(reached(stage, 2));

    signals[3]->emit(asio::cancellation_type::terminal);  // One that waits.
    REQUIRE(asking.all_left(2));
    signals[0]->emit(asio::cancellation_type::terminal);  // Two that are under way make room.
    signals[1]->emit(asio::cancellation_type::terminal);
    REQUIRE(asking.all_left(4));
    REQUIRE(test::run_until(stage.io, [&] { return stage.tally->requests == 4; }));
    REQUIRE(reached(stage, 2));
    CHECK(stage.tally->holding_max <= 4);
    signals[2]->emit(asio::cancellation_type::terminal);
    signals[4]->emit(asio::cancellation_type::terminal);
    REQUIRE(asking.all_left(6));
    CHECK(stage.send(stage.get("/")).status == 200);
}

TEST_CASE("client: a turn that is given and cancelled in one go is passed on") {
    Stage stage{{.active_max = 1, .waiting_max = 3}};
    Asking asking{stage};
    auto const first = asking.ask("/hold");
    REQUIRE(reached(stage, 1));
    auto const second = asking.ask("/hold");
    auto const third = asking.ask("/");
    stage.io.poll();
    first->emit(asio::cancellation_type::terminal);
    for (int i = 0; i < 50 && asking.left == 0; ++i) stage.io.poll_one();
    second->emit(asio::cancellation_type::terminal);
    REQUIRE(asking.all_left(3));
    CHECK(asking.tokens == std::vector<std::string>{""});
    CHECK(stage.send(stage.get("/")).status == 200);
}

TEST_CASE("client: waiting in line counts towards the time-out") {
    Stage stage{{.active_max = 1, .waiting_max = 3}};
    Asking asking{stage};
    auto const first = asking.ask("/hold");
    REQUIRE(reached(stage, 1));
    Request request = stage.get("/");
    request.timeout = milliseconds{30};
    CHECK(stage.fail(request) == "TIMEOUT");
    CHECK(stage.tally->requests == 1);
    first->emit(asio::cancellation_type::terminal);
    REQUIRE(asking.all_left(1));
}

TEST_CASE("client: the client may go before its requests") {
    Stage stage;

    struct Tasks {
        unsigned left = 0;
    } tasks;

    asio::io_context io{1};
    metrics::Registry registry;
    auto http = std::make_unique<Http>(
        io.get_executor(), registry, Limits{.active_max = 2, .waiting_max = 3}
    );
    auto ask = [](Http& on, Request request, Tasks& out) -> Task<> {
        struct Leave {
            Tasks& tasks;

            ~Leave() { ++tasks.left; }
        } const leave{out};

        co_await on.send(std::move(request));
    };
    for (int i = 0; i < 4; ++i) {
        spawn(io.get_executor(), "ask", ask(*http, stage.get("/hold"), tasks));
    }
    REQUIRE(hold_both(stage, io, 2));
    http.reset();
    REQUIRE(test::run_until(io, [&] { return tasks.left == 4; }));
}

TEST_CASE("client: the event loop may go while the requests of a client that is gone stand still") {
    Stage peer;
    metrics::Registry registry;
    auto io = std::make_unique<asio::io_context>(1);
    auto http = std::make_unique<Http>(
        io->get_executor(), registry, Limits{.active_max = 1, .waiting_max = 3}
    );
    auto ask = [](Http& on, Request request) -> Task<> { co_await on.send(std::move(request)); };
    for (int i = 0; i < 3; ++i) spawn(io->get_executor(), "ask", ask(*http, peer.get("/hold")));
    REQUIRE(hold_both(peer, *io, 1));
    http.reset();
    io.reset();  // The coroutines are destroyed where they stand.
}

}  // namespace showrunner::client::testing
