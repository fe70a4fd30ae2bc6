// Stream order and consumers on a real ledger.
#include "events/consumer.hpp"
#include "events/ledger.hpp"
#include "events/stream.hpp"
#include "events/tail.hpp"
#include "support/database.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <doctest/doctest.h>

#include <set>

namespace showrunner::events {

namespace {

struct Noted {
    static constexpr Spec spec{
        .name = "noted",
        .action = "NOTE",
        .resource = "note",
        .summary = "noted {text}",
        .when = "A test noted something.",
    };
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Noted, (), (text))

db::Query const append_note{"append_note", appending_one("SELECT 1", 1), db::Lane::insert};

db::Params note(std::string text) {
    db::Params params;
    Subject const subject{new_id(), {}, {}};
    add_one(params, {}, make_entry(Noted{std::move(text)}, {}, subject, SystemClock{}.now()));
    return params;
}

std::string text_of(StoredEvent const& event) {
    return std::string{boost::json::parse(event.payload).at("text").as_string()};
}

std::vector<std::string> texts_of(std::vector<EventPtr> const& events) {
    std::vector<std::string> texts;
    for (EventPtr const& event : events) texts.push_back(text_of(*event));
    return texts;
}

db::Query const remember{"remember", "INSERT INTO remembered (text) VALUES ($1)", db::Lane::change};

/// Remembers every text; refuses "bad".
Task<> remember_all(db::Session& transaction, std::span<EventPtr const> events) {
    for (EventPtr const& event : events) {
        std::string const text = text_of(*event);
        if (text == "bad") throw std::runtime_error{"this event is bad"};
        co_await transaction.run(remember, db::Params{text});
    }
}

/// A consumer that runs until the object goes away.
struct Running {
    Running(test::PoolTest& test, std::string_view name)
        : consumer{test.io.get_executor(), test.pool, {name, remember_all}, test.metrics} {
        asio::co_spawn(
            test.io,
            supervise("consumer", [this] { return consumer.run(); }),
            asio::bind_cancellation_slot(stop.slot(), [this](std::exception_ptr) { ended = true; })
        );
    }

    Consumer consumer;
    asio::cancellation_signal stop;
    bool ended = false;
};

}  // namespace

TEST_CASE("an event that commits late is not skipped") {
    test::PoolTest test;
    db::Transaction slow = test.run(test.pool.begin());
    test.run(slow.run(append_note, note("early but late")));
    test.run(test.pool.run(append_note, note("on time")));
    // Nothing is shown that could have something before it.
    CHECK(test.run(read_after(test.pool, {}, 10)).empty());
    CHECK(test.run(read_end(test.pool)) == Offset{});
    test.run(slow.commit());
    auto const events = test.run(read_after(test.pool, {}, 10));
    CHECK(texts_of(events) == std::vector<std::string>{"early but late", "on time"});
    CHECK(test.run(read_end(test.pool)) == events.back()->offset);
    CHECK(texts_of(test.run(read_after(test.pool, events.front()->offset, 10))).size() == 1);
}

TEST_CASE("the tail hands out every event once, in order, while many write") {
    test::PoolTest test;
    Tail tail{test.io.get_executor(), test.pool, test.metrics};
    std::vector<std::string> seen;
    tail.add_sink([&](std::vector<EventPtr> const& events) {
        for (std::string& text : texts_of(events)) seen.push_back(std::move(text));
    });
    test.run(tail.start());
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(
        test.io,
        tail.run(),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { ended = true; })
    );
    constexpr int writers = 8;
    constexpr int each = 50;
    for (int writer = 0; writer < writers; ++writer) {
        asio::co_spawn(
            test.io,
            [](db::Pool& pool, Tail& reader, int number) -> Task<> {
                for (int i = 0; i < each; ++i) {
                    co_await pool.run(append_note, note(fmt::format("{}/{}", number, i)));
                    reader.wake();
                }
            }(test.pool, tail, writer),
            [](std::exception_ptr error) { CHECK_FALSE(error); }
        );
    }
    CHECK(test::run_until(test.io, [&] { return seen.size() == writers * each; }));
    CHECK(std::set<std::string>{seen.begin(), seen.end()}.size() == writers * each);
    // Each writer's own events are in the order of its commits.
    for (int writer = 0; writer < writers; ++writer) {
        int next = 0;
        for (std::string const& text : seen) {
            if (text.starts_with(fmt::format("{}/", writer)))
                CHECK(text == fmt::format("{}/{}", writer, next++));
        }
    }
    stop.emit(asio::cancellation_type::terminal);
    CHECK(test::run_until(test.io, [&] { return ended; }));
}

TEST_CASE("a consumer takes every event once and sets aside what it cannot take") {
    test::PoolTest test;
    test.database.sql("CREATE TABLE remembered (id bigint GENERATED ALWAYS AS IDENTITY, text text)"
    );
    auto const remembered = [&] {
        return test.database.sql("SELECT string_agg(text, ',' ORDER BY id) FROM remembered");
    };
    auto const cursor = [&] {
        return test.database.sql(
            "SELECT count(*) FROM consumers c JOIN events e ON (e.txid, e.seq) > (c.txid, c.seq)"
        );
    };
    for (char const* text : {"a", "bad", "b"}) test.run(test.pool.run(append_note, note(text)));
    {
        Running running{test, "memory"};
        CHECK(test::run_until(test.io, [&] { return remembered() == "a,b" && cursor() == "0"; }));
        CHECK(test.database.sql("SELECT error FROM consumer_failures") == "this event is bad");
        test.run(test.pool.run(append_note, note("c")));
        running.consumer.wake();
        CHECK(test::run_until(test.io, [&] { return remembered() == "a,b,c"; }));
        running.stop.emit(asio::cancellation_type::terminal);
        CHECK(test::run_until(test.io, [&] { return running.ended; }));
    }
    // Another run goes on where the first one stopped.
    test.run(test.pool.run(append_note, note("d")));
    Running again{test, "memory"};
    CHECK(test::run_until(test.io, [&] { return remembered() == "a,b,c,d"; }));
    again.stop.emit(asio::cancellation_type::terminal);
    CHECK(test::run_until(test.io, [&] { return again.ended; }));
}

TEST_CASE("of two nodes one runs the consumer, and the other takes over when it goes") {
    test::PoolTest test;
    test.database.sql("CREATE TABLE remembered (id bigint GENERATED ALWAYS AS IDENTITY, text text)"
    );
    auto const count = [&] { return test.database.sql("SELECT count(*) FROM remembered"); };
    Running first{test, "memory"};
    test.run(test.pool.run(append_note, note("a")));
    CHECK(test::run_until(test.io, [&] { return count() == "1"; }));
    Running second{test, "memory"};
    for (int i = 0; i < 20; ++i) test.run(test.pool.run(append_note, note("x")));
    CHECK(test::run_until(test.io, [&] { return count() == "21"; }));
    first.stop.emit(asio::cancellation_type::terminal);
    CHECK(test::run_until(test.io, [&] { return first.ended; }));
    test.run(test.pool.run(append_note, note("b")));
    CHECK(test::run_until(test.io, [&] { return count() == "22"; }));
    second.stop.emit(asio::cancellation_type::terminal);
    CHECK(test::run_until(test.io, [&] { return second.ended; }));
}

}  // namespace showrunner::events
