// The pool when callers are cancelled and connections break.
#include "support/database.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <doctest/doctest.h>

namespace showrunner::db {

namespace {

using Content = test::TestDatabase::Content;

Query const pid_query{.name = "pid", .text = "SELECT pg_backend_pid()", .lane = Lane::change};

/// Sleeps long the first time, not at all the second.
constexpr std::string_view nap_sql = R"(
    CREATE SEQUENCE naps;
    CREATE TABLE item (id integer PRIMARY KEY, pid integer DEFAULT pg_backend_pid());
    CREATE FUNCTION nap() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('naps') = 1 THEN PERFORM pg_sleep(60); END IF;
        RETURN 1;
    END $$)";

struct Outcome {
    bool ended = false;
    std::exception_ptr error;
    std::optional<Rows> rows;
    asio::cancellation_signal cancel;
};

Task<> keep_rows(Task<Rows> task, std::shared_ptr<Outcome> outcome) {
    Rows rows = co_await std::move(task);
    outcome->rows.emplace(std::move(rows));
}

std::shared_ptr<Outcome> start(asio::io_context& io, Task<Rows> task) {
    auto const outcome = std::make_shared<Outcome>();
    asio::co_spawn(
        io,
        keep_rows(std::move(task), outcome),
        asio::bind_cancellation_slot(
            outcome->cancel.slot(),
            [outcome](std::exception_ptr error) {
                outcome->ended = true;
                outcome->error = error;
            }
        )
    );
    return outcome;
}

template <typename Wanted>
Wanted caught(std::exception_ptr const& error) {
    REQUIRE(error);
    try {
        std::rethrow_exception(error);
    } catch (Wanted const& wanted) {
        return wanted;
    }
}

bool was_cancelled(std::exception_ptr const& error) {
    return caught<boost::system::system_error>(error).code() == asio::error::operation_aborted;
}

struct NapTest : test::PoolTest {
    explicit NapTest(unsigned connections = 1)
        : PoolTest{Content::empty, PoolOptions{.connections = connections}} {
        database.sql(nap_sql);
    }

    int pid() { return run(pool.run(pid_query)).front().get<int>(0); }

    [[nodiscard]] std::string napping() const {
        return database.sql(
            "SELECT coalesce(string_agg(pid::text, ','), '') FROM pg_stat_activity "
            "WHERE wait_event = 'PgSleep' AND datname = current_database()"
        );
    }

    /// Runs until PostgreSQL is in the long sleep; the pid of that backend.
    std::string wait_for_nap() {
        std::string pid;
        REQUIRE(test::run_until(io, [&] { return !(pid = napping()).empty(); }));
        return pid;
    }

    void wait_for_end(std::shared_ptr<Outcome> const& outcome) {
        REQUIRE(test::run_until(io, [&] { return outcome->ended; }));
    }
};

Query nap_in(Lane lane) {
    return {.name = "nap", .text = "SELECT nap(), pg_backend_pid()", .lane = lane};
}

Query const napping_insert{
    .name = "napping_insert",
    .text = "INSERT INTO item SELECT $1 WHERE nap() = 1 RETURNING pid",
    .lane = Lane::insert,
};
Query const plain_insert{
    .name = "plain_insert", .text = "INSERT INTO item VALUES ($1)", .lane = Lane::insert
};

}  // namespace

// ---------------------------------------------------------------- cancellation

TEST_CASE("cancelling the caller cancels the statement, and the connection stays usable") {
    for (Lane const lane : {Lane::read, Lane::scan, Lane::insert, Lane::change}) {
        NapTest test;
        int const pid = test.pid();
        auto const outcome = start(test.io, test.pool.run(nap_in(lane)));
        test.wait_for_nap();
        outcome->cancel.emit(asio::cancellation_type::terminal);
        test.wait_for_end(outcome);
        CHECK(was_cancelled(outcome->error));
        CHECK(test.napping().empty());
        CHECK(test.pid() == pid);
    }
}

TEST_CASE("a queued statement of a cancelled caller is never sent") {
    NapTest test;
    auto held = std::make_unique<Transaction>(test.run(test.pool.begin()));
    auto const queued = start(test.io, test.pool.run(plain_insert, Params{1}));
    test.io.poll();
    queued->cancel.emit(asio::cancellation_type::terminal);
    test.wait_for_end(queued);
    CHECK(was_cancelled(queued->error));
    held.reset();
    test.pid();
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
}

TEST_CASE("look-ups behind a cancelled one are answered") {
    NapTest test;
    Query const query{.name = "one", .text = "SELECT 1", .lane = Lane::read};
    auto const napping = start(test.io, test.pool.run(nap_in(Lane::read)));
    std::vector<std::shared_ptr<Outcome>> behind;
    for (int i = 0; i < 20; ++i) behind.push_back(start(test.io, test.pool.run(query)));
    test.wait_for_nap();
    napping->cancel.emit(asio::cancellation_type::terminal);
    test.wait_for_end(napping);
    CHECK(was_cancelled(napping->error));
    for (auto const& outcome : behind) {
        test.wait_for_end(outcome);
        CHECK_FALSE(outcome->error);
    }
}

TEST_CASE("inserts in a batch with a cancelled one take effect") {
    NapTest test;
    auto const before = start(test.io, test.pool.run(plain_insert, Params{1}));
    auto const napping = start(test.io, test.pool.run(napping_insert, Params{2}));
    auto const after = start(test.io, test.pool.run(plain_insert, Params{3}));
    test.wait_for_nap();
    napping->cancel.emit(asio::cancellation_type::terminal);
    for (auto const& outcome : {before, napping, after}) test.wait_for_end(outcome);
    CHECK_FALSE(before->error);
    CHECK(was_cancelled(napping->error));
    CHECK_FALSE(after->error);
    CHECK(test.database.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM item") == "1,3");
}

TEST_CASE("a cancelled transaction is rolled back") {
    NapTest test;
    int const pid = test.pid();
    {
        Transaction transaction = test.run(test.pool.begin());
        test.run(transaction.run(plain_insert, Params{1}));
        auto const outcome = start(test.io, transaction.run(nap_in(Lane::change)));
        test.wait_for_nap();
        outcome->cancel.emit(asio::cancellation_type::terminal);
        test.wait_for_end(outcome);
        CHECK(was_cancelled(outcome->error));
    }
    CHECK(test.pid() == pid);
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
}

// ---------------------------------------------------------------- broken connections

TEST_CASE("reads on a connection that breaks are run again on another") {
    for (Lane const lane : {Lane::read, Lane::scan}) {
        NapTest test;
        auto const outcome = start(test.io, test.pool.run(nap_in(lane)));
        std::string const pid = test.wait_for_nap();
        test.database.sql("SELECT pg_terminate_backend(" + pid + ")");
        test.wait_for_end(outcome);
        REQUIRE_FALSE(outcome->error);
        CHECK(outcome->rows->front().get<std::string>(1) != pid);
    }
}

TEST_CASE("a write that PostgreSQL ended before its result is run again, but not for ever") {
    NapTest test;
    auto const outcome = start(test.io, test.pool.run(napping_insert, Params{1}));
    std::string const pid = test.wait_for_nap();
    test.database.sql("SELECT pg_terminate_backend(" + pid + ")");
    test.wait_for_end(outcome);
    REQUIRE_FALSE(outcome->error);
    CHECK(outcome->rows->front().get<std::string>(0) != pid);
    CHECK(test.database.sql("SELECT count(*) FROM item") == "1");

    test.database.sql("ALTER SEQUENCE naps RESTART");
    auto const again = start(test.io, test.pool.run(napping_insert, Params{2}));
    for (int i = 0; i < 3; ++i) {
        test.database.sql("SELECT pg_terminate_backend(" + test.wait_for_nap() + ")");
        test.database.sql("ALTER SEQUENCE naps RESTART");
        REQUIRE(test::run_until(test.io, [&] { return again->ended || !test.napping().empty(); }));
    }
    test.wait_for_end(again);
    auto const error = caught<Error>(again->error);
    CHECK(error.code == Code::unavailable);
    CHECK(error.retry_after_s > 0);
}

TEST_CASE("idle connections that broke are replaced without anybody noticing") {
    NapTest test{8};
    for (int round = 0; round < 3; ++round) {
        std::vector<std::shared_ptr<Outcome>> outcomes;
        for (int i = 0; i < 4; ++i) outcomes.push_back(start(test.io, test.pool.run(pid_query)));
        for (auto const& outcome : outcomes) {
            test.wait_for_end(outcome);
            CHECK_NOTHROW(outcome->error ? std::rethrow_exception(outcome->error) : void());
        }
        test.database.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'showrunner' AND datname = current_database()"
        );
    }
}

TEST_CASE("a transaction on a lost connection had no effect") {
    NapTest test;
    Transaction transaction = test.run(test.pool.begin());
    test.run(transaction.run(plain_insert, Params{1}));
    std::string const pid = test.run(transaction.run(pid_query)).front().get<std::string>(0);
    test.database.sql("SELECT pg_terminate_backend(" + pid + ")");
    for (bool const committing : {false, true}) {
        try {
            if (committing) {
                test.run(transaction.commit());
            } else {
                test.run(transaction.run(plain_insert, Params{2}));
            }
            CHECK(false);
        } catch (ConnectionLost const& lost) {
            CHECK_FALSE(lost.outcome_unknown);
        } catch (Error const& error) {
            CHECK(error.code == Code::unavailable);  // PostgreSQL's farewell came as the answer.
        }
    }
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
    CHECK(test.pid() > 0);
}

TEST_CASE("COPY ends its connection, not the pool") {
    NapTest test;
    Query const copy{.name = "copy", .text = "COPY item FROM STDIN", .lane = Lane::change};
    CHECK_THROWS_AS(test.run(test.pool.run(copy)), ConnectionLost);
    CHECK(test.pid() > 0);
}

TEST_CASE("a session on a lost connection says so") {
    NapTest test;
    Session session = test.run(test.pool.session());
    std::string const pid = test.run(session.run(pid_query)).front().get<std::string>(0);
    test.database.sql("SELECT pg_terminate_backend(" + pid + ")");
    CHECK_THROWS(test.run(session.run(pid_query)));
    CHECK_THROWS_AS(test.run(session.run(pid_query)), ConnectionLost);
    Session another = test.run(test.pool.session());
    CHECK(test.run(another.run(pid_query)).size() == 1);
}

TEST_CASE("a PostgreSQL that cannot be reached is unavailable, and check says why") {
    test::TemporaryFolder const nothing;
    asio::io_context io{1};
    metrics::Registry metrics;
    PoolOptions options;
    options.url = "host=" + nothing.path().string() + " user=nobody password=secret";
    options.queue_timeout = std::chrono::milliseconds{300};
    Pool pool{io.get_executor(), options, metrics};
    std::string const problem = test::run(io, pool.check(std::chrono::seconds{5}));
    CHECK(problem.find("No such file or directory") != std::string::npos);
    CHECK(problem.find("secret") == std::string::npos);
    try {
        test::run(io, pool.run(pid_query));
        CHECK(false);
    } catch (Error const& error) {
        CHECK(error.code == Code::unavailable);
    }
    CHECK_THROWS_AS(test::run(io, pool.session()), ConnectionLost);
    PoolOptions wrong;
    wrong.url = "postgres://user:secret@[";
    CHECK_THROWS_AS(Pool(io.get_executor(), wrong, metrics), std::runtime_error);
}

TEST_CASE("check is empty when PostgreSQL answers, and does not wait for one that hangs") {
    NapTest test;
    CHECK(test.run(test.pool.check(std::chrono::seconds{5})).empty());
    auto held = std::make_unique<Transaction>(test.run(test.pool.begin()));
    std::string const problem = test.run(test.pool.check(std::chrono::milliseconds{20}));
    CHECK(problem.find("no answer within 20 ms") != std::string::npos);
    CHECK_FALSE(test.run(test.pool.check(std::chrono::milliseconds{20})).empty());
    held.reset();
    auto const healthy = [&] { return test.run(test.pool.check(std::chrono::seconds{5})).empty(); };
    CHECK(test::run_until(test.io, healthy));
}

}  // namespace showrunner::db
