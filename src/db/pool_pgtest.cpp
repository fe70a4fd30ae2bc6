// The pool on a real PostgreSQL: lanes, batches, transactions, sessions, limits.
#include "support/database.hpp"

#include <doctest/doctest.h>

namespace showrunner::db {

namespace {

using Content = test::TestDatabase::Content;

Query const pid_query{.name = "pid", .text = "SELECT pg_backend_pid()", .lane = Lane::change};
Query const insert_query{
    .name = "insert_item",
    .text = "INSERT INTO item (id, parent) VALUES ($1, $2) RETURNING id",
    .lane = Lane::insert,
};

/// A pool of few connections on a database with one table.
struct ItemTest : test::PoolTest {
    explicit ItemTest(PoolOptions const& options) : PoolTest{Content::empty, options} {
        database.sql(R"(
            CREATE TABLE parent (id integer PRIMARY KEY);
            INSERT INTO parent VALUES (1);
            CREATE TABLE item (
                id integer PRIMARY KEY CONSTRAINT item_is_positive CHECK (id > 0),
                parent integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED
            ))");
    }

    explicit ItemTest(unsigned connections = 1)
        : ItemTest{PoolOptions{.connections = connections}} {}

    int pid() { return run(pool.run(pid_query)).front().get<int>(0); }
};

struct Outcome {
    bool ended = false;
    std::exception_ptr error;
};

/// Starts a statement and remembers how it ended.
std::shared_ptr<Outcome> start(
    asio::io_context& io, Pool& pool, Query const& query, Params params = {}
) {
    auto const outcome = std::make_shared<Outcome>();
    asio::co_spawn(
        io,
        pool.run(query, std::move(params)),
        [outcome](std::exception_ptr error, Rows const&) {
            outcome->ended = true;
            outcome->error = error;
        }
    );
    return outcome;
}

/// Inserts `ids` at once, one statement each.
std::vector<std::shared_ptr<Outcome>> insert_together(
    ItemTest& test, std::vector<std::pair<int, int>> const& ids
) {
    std::vector<std::shared_ptr<Outcome>> outcomes;
    for (auto const& [id, parent] : ids) {
        outcomes.push_back(start(test.io, test.pool, insert_query, Params{id, parent}));
    }
    auto const all_ended = [&] {
        return std::all_of(outcomes.begin(), outcomes.end(), [](auto const& outcome) {
            return outcome->ended;
        });
    };
    REQUIRE(test::run_until(test.io, all_ended));
    return outcomes;
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

}  // namespace

TEST_CASE("parameters and rows go there and back in every lane") {
    test::PoolTest test{Content::empty};
    for (Lane const lane : {Lane::read, Lane::scan, Lane::insert, Lane::change}) {
        Query const query{
            .name = "echo",
            .text = "SELECT $1::int + 1, $2::text, $3::text[], $4::timestamptz, $5::bool, $6::int",
            .lane = lane,
        };
        std::vector<std::string> const texts{"a", "\"b\",{}", ""};
        Time const time = *parse_time("2026-11-20T12:00:00.250Z");
        Rows const rows =
            test.run(test.pool.run(query, Params{41, "ü", texts, time, true, std::nullopt}));
        Row const row = rows.front();
        CHECK(row.get<int>(0) == 42);
        CHECK(row.get<std::string>(1) == "ü");
        CHECK(row.get<std::vector<std::string>>(2) == texts);
        CHECK(row.get<Time>(3) == time);
        CHECK(row.get<bool>(4));
        CHECK(row.null(5));
    }
}

TEST_CASE("inserts that wait together share one transaction") {
    ItemTest test;
    auto const outcomes = insert_together(test, {{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}});
    for (auto const& outcome : outcomes) CHECK_FALSE(outcome->error);
    CHECK(test.database.sql("SELECT count(*) FROM item") == "5");
    CHECK(test.database.sql("SELECT count(DISTINCT xmin::text) FROM item") == "1");
}

TEST_CASE("a bad insert fails alone") {
    ItemTest test;
    auto const outcomes = insert_together(test, {{1, 1}, {-2, 1}, {3, 1}, {3, 1}, {5, 1}});
    CHECK_FALSE(outcomes[0]->error);
    CHECK(caught<QueryFailed>(outcomes[1]->error).failure.constraint == "item_is_positive");
    CHECK_FALSE(outcomes[2]->error);
    CHECK(caught<Error>(outcomes[3]->error).code == Code::conflict);
    CHECK_FALSE(outcomes[4]->error);
    CHECK(test.database.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM item") == "1,3,5");
}

TEST_CASE("what fails only at commit fails alone, too") {
    ItemTest test;
    auto const outcomes = insert_together(test, {{1, 1}, {2, 99}, {3, 1}});
    CHECK_FALSE(outcomes[0]->error);
    auto const failed = caught<QueryFailed>(outcomes[1]->error);
    CHECK(failed.failure.sqlstate == "23503");
    CHECK(failed.failure.query == "insert_item");
    CHECK_FALSE(outcomes[2]->error);
    CHECK(test.database.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM item") == "1,3");
}

TEST_CASE("a statement that cannot be prepared fails alone and every time") {
    ItemTest test;
    Query const bad{.name = "bad", .text = "INSERT INTO nowhere VALUES (1)", .lane = Lane::insert};
    auto const good = start(test.io, test.pool, insert_query, Params{1, 1});
    auto const failing = start(test.io, test.pool, bad);
    auto const also_good = start(test.io, test.pool, insert_query, Params{2, 1});
    REQUIRE(test::run_until(test.io, [&] {
        return good->ended && failing->ended && also_good->ended;
    }));
    CHECK_FALSE(good->error);
    CHECK_FALSE(also_good->error);
    CHECK(caught<QueryFailed>(failing->error).failure.sqlstate == "42P01");
    CHECK_THROWS_AS(test.run(test.pool.run(bad)), QueryFailed);
}

TEST_CASE("look-ups are pipelined: a failing one does not touch its neighbours") {
    ItemTest test;
    Query const query{.name = "divide", .text = "SELECT 12 / $1::int", .lane = Lane::read};
    std::vector<std::shared_ptr<Outcome>> outcomes;
    for (int i = 0; i < 100; ++i) {
        outcomes.push_back(start(test.io, test.pool, query, Params{i % 10}));
    }
    REQUIRE(test::run_until(test.io, [&] {
        return std::all_of(outcomes.begin(), outcomes.end(), [](auto const& outcome) {
            return outcome->ended;
        });
    }));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        CHECK((outcomes[i]->error != nullptr) == (i % 10 == 0));
    }
}

TEST_CASE("a serialization failure of a single statement is run again") {
    ItemTest test;
    test.database.sql(R"(
        CREATE SEQUENCE attempts;
        CREATE FUNCTION fail_twice() RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE attempt bigint := nextval('attempts');
        BEGIN
            IF attempt < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF;
            RETURN attempt;
        END $$)");
    Query const query{.name = "fail_twice", .text = "SELECT fail_twice()", .lane = Lane::change};
    CHECK(test.run(test.pool.run(query)).front().get<int>(0) == 3);
    test.database.sql("ALTER SEQUENCE attempts RESTART");
    Transaction transaction = test.run(test.pool.begin());
    CHECK_THROWS_AS(test.run(transaction.run(query)), QueryFailed);
    CHECK(test.database.sql("SELECT last_value FROM attempts") == "1");
}

TEST_CASE("one name may have several texts") {
    test::PoolTest test{Content::empty};
    for (int i = 0; i < 100; ++i) {
        Query const query{.name = "list", .text = fmt::format("SELECT {}", i), .lane = Lane::scan};
        CHECK(test.run(test.pool.run(query)).front().get<int>(0) == i);
        CHECK(test.run(test.pool.run(query)).front().get<int>(0) == i);
    }
}

TEST_CASE("a statement survives a change of its table's shape") {
    ItemTest test{2};
    Query const query{.name = "all", .text = "SELECT * FROM item", .lane = Lane::scan};
    CHECK(test.run(test.pool.run(query)).empty());
    test.database.sql("ALTER TABLE item ADD COLUMN note text; INSERT INTO item VALUES (1, 1, 'x')");
    CHECK(test.run(test.pool.run(query)).front().columns() == 3);
}

TEST_CASE("large parameters and results") {
    test::PoolTest test{Content::empty};
    Query const query{.name = "large", .text = "SELECT $1::text || $1", .lane = Lane::read};
    std::string const text(5'000'000, 'x');
    auto const first = start(test.io, test.pool, query, Params{text});
    auto const second = start(test.io, test.pool, query, Params{text});
    REQUIRE(test::run_until(test.io, [&] { return first->ended && second->ended; }));
    CHECK_FALSE(first->error);
    CHECK(test.run(test.pool.run(query, Params{text})).front().text(0).size() == 2 * text.size());
}

// ---------------------------------------------------------------- transactions

TEST_CASE("a transaction takes effect when it is committed") {
    ItemTest test;
    Transaction transaction = test.run(test.pool.begin());
    test.run(transaction.run(insert_query, Params{1, 1}));
    test.run(transaction.run(insert_query, Params{2, 1}));
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
    test.run(transaction.commit());
    CHECK(test.database.sql("SELECT count(*) FROM item") == "2");
    CHECK(test.database.sql("SELECT count(DISTINCT xmin::text) FROM item") == "1");
    CHECK_THROWS_AS(test.run(transaction.run(insert_query, Params{3, 1})), std::logic_error);
    CHECK_THROWS_AS(test.run(transaction.commit()), std::logic_error);
}

TEST_CASE("without commit it is rolled back and its connection used again") {
    ItemTest test;
    int const pid = test.pid();
    {
        Transaction transaction = test.run(test.pool.begin());
        test.run(transaction.run(insert_query, Params{1, 1}));
    }
    CHECK(test.pid() == pid);
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
    CHECK(
        test.database.sql(
            "SELECT state FROM pg_stat_activity WHERE pid = " + std::to_string(pid)
        ) == "idle"
    );
}

TEST_CASE("a transaction with a failed statement cannot be committed") {
    ItemTest test;
    int const pid = test.pid();
    {
        Transaction transaction = test.run(test.pool.begin());
        test.run(transaction.run(insert_query, Params{1, 1}));
        CHECK_THROWS_AS(test.run(transaction.run(insert_query, Params{-1, 1})), QueryFailed);
        CHECK_THROWS_AS(test.run(transaction.commit()), QueryFailed);
    }
    {
        Transaction transaction = test.run(test.pool.begin());
        test.run(transaction.run(insert_query, Params{1, 99}));
        CHECK_THROWS_AS(test.run(transaction.commit()), QueryFailed);
    }
    {
        Transaction unused = test.run(test.pool.begin());
        test.run(unused.commit());
    }
    CHECK(test.pid() == pid);
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
}

TEST_CASE("sessions keep their advisory locks until they end") {
    test::PoolTest test{Content::empty};
    Query const lock{
        .name = "try_lock", .text = "SELECT pg_try_advisory_lock(7)", .lane = Lane::change
    };
    Session other = test.run(test.pool.session());
    {
        Session session = test.run(test.pool.session());
        CHECK(test.run(session.run(lock)).front().get<bool>(0));
        CHECK_FALSE(test.run(other.run(lock)).front().get<bool>(0));
    }
    // PostgreSQL notices the end of a session soon, not at once.
    auto const locked = [&] { return test.run(other.run(lock)).front().get<bool>(0); };
    CHECK(test::run_until(test.io, locked));
}

TEST_CASE("a session runs scripts and transactions") {
    ItemTest test;
    Session session = test.run(test.pool.session());
    test.run(session.begin());
    test.run(session.script("INSERT INTO item VALUES (1, 1); INSERT INTO item VALUES (2, 1);"));
    test.run(session.run(insert_query, Params{3, 1}));
    CHECK(test.database.sql("SELECT count(*) FROM item") == "0");
    test.run(session.commit());
    CHECK(test.database.sql("SELECT count(*) FROM item") == "3");
    try {
        test.run(session.script("SELECT 1;\nINSERT INTO item VALUES (4, 1);\nNONSENSE", "fix"));
        CHECK(false);
    } catch (QueryFailed const& error) {
        CHECK(std::string{error.what()}.starts_with("fix failed: 42601"));
        CHECK(std::string{error.what()}.ends_with("(line 3)"));
    }
    CHECK(test.database.sql("SELECT count(*) FROM item") == "3");
    CHECK(test.run(session.run(pid_query)).size() == 1);
}

TEST_CASE("no more than eight sessions") {
    test::PoolTest test{Content::empty};
    std::vector<Session> sessions;
    for (int i = 0; i < 8; ++i) sessions.push_back(test.run(test.pool.session()));
    CHECK_THROWS_AS(test.run(test.pool.session()), std::logic_error);
    sessions.pop_back();
    CHECK_NOTHROW(test.run(test.pool.session()));
}

// ---------------------------------------------------------------- limits

TEST_CASE("a full queue refuses at once") {
    ItemTest test{PoolOptions{.connections = 1, .queue_max = 2}};
    auto held = std::make_unique<Transaction>(test.run(test.pool.begin()));
    auto const first = start(test.io, test.pool, insert_query, Params{1, 1});
    auto const second = start(test.io, test.pool, insert_query, Params{2, 1});
    auto const third = start(test.io, test.pool, insert_query, Params{3, 1});
    REQUIRE(test::run_until(test.io, [&] { return third->ended; }));
    auto const error = caught<Error>(third->error);
    CHECK(error.code == Code::unavailable);
    CHECK(error.retry_after_s > 0);
    CHECK_FALSE(first->ended);
    held.reset();
    REQUIRE(test::run_until(test.io, [&] { return first->ended && second->ended; }));
    CHECK_FALSE(first->error);
    CHECK(
        test.metrics.render().find(R"(showrunner_db_refused_total{reason="queue_full"} 1)") !=
        std::string::npos
    );
}

TEST_CASE("waiting for a connection has an end") {
    ItemTest test{PoolOptions{.connections = 1, .queue_timeout = std::chrono::milliseconds{1000}}};
    Transaction const held = test.run(test.pool.begin());
    auto const waiting = start(test.io, test.pool, insert_query, Params{1, 1});
    REQUIRE(test::run_until(test.io, [&] { return waiting->ended; }));
    auto const error = caught<Error>(waiting->error);
    CHECK(error.code == Code::unavailable);
    CHECK(error.retry_after_s > 0);
    CHECK_THROWS_AS(test.run(test.pool.begin()), Error);
}

TEST_CASE("a statement that takes too long is a time-out") {
    test::PoolTest test{
        Content::empty, PoolOptions{.statement_timeout = std::chrono::milliseconds{50}}
    };
    Query const query{.name = "slow", .text = "SELECT pg_sleep(20)", .lane = Lane::scan};
    try {
        test.run(test.pool.run(query));
        CHECK(false);
    } catch (Error const& error) {
        CHECK(error.code == Code::timeout);
    }
}

TEST_CASE("transactions leave connections for reads and inserts") {
    ItemTest test{8U};
    std::vector<Transaction> held;
    for (int i = 0; i < 4; ++i) held.push_back(test.run(test.pool.begin()));
    auto const fifth = start(test.io, test.pool, pid_query);
    test.run(test.pool.run(insert_query, Params{1, 1}));
    CHECK_FALSE(fifth->ended);
    held.clear();
    CHECK(test::run_until(test.io, [&] { return fifth->ended; }));
}

TEST_CASE("draining ends what is under way and refuses what is new") {
    ItemTest test{2};
    auto transaction = std::make_unique<Transaction>(test.run(test.pool.begin()));
    test.run(transaction->run(insert_query, Params{1, 1}));
    bool drained = false;
    asio::co_spawn(test.io, test.pool.drain(), [&](std::exception_ptr) { drained = true; });
    auto const refused = start(test.io, test.pool, insert_query, Params{2, 1});
    REQUIRE(test::run_until(test.io, [&] { return refused->ended; }));
    CHECK(caught<Error>(refused->error).code == Code::unavailable);
    CHECK_FALSE(drained);
    test.run(transaction->commit());
    transaction.reset();
    CHECK(test::run_until(test.io, [&] { return drained; }));
    CHECK(test.database.sql("SELECT count(*) FROM item") == "1");
}

TEST_CASE("the pool may go while statements wait") {
    test::TestDatabase const database{Content::empty};
    asio::io_context io{1};
    metrics::Registry metrics;
    std::shared_ptr<Outcome> running;
    std::shared_ptr<Outcome> queued;
    {
        Pool pool{io.get_executor(), {.url = database.url(), .connections = 1}, metrics};
        Transaction const held = test::run(io, pool.begin());
        running = start(io, pool, pid_query);
        queued = start(io, pool, insert_query, Params{1, 1});
        io.poll();
    }
    REQUIRE(test::run_until(io, [&] { return running->ended && queued->ended; }));
    CHECK(running->error);
    CHECK(queued->error);
}

TEST_CASE("metrics tell what the pool does") {
    ItemTest test;
    insert_together(test, {{1, 1}, {2, 1}});
    std::string const text = test.metrics.render();
    for (std::string_view const line : {
             R"(showrunner_db_connections{state="idle"} 1)",
             R"(showrunner_db_queue_length{lane="insert"} 0)",
             R"(showrunner_db_statement_seconds_count{query="insert_item"} 2)",
             R"(showrunner_db_wait_seconds_count{lane="insert"} 2)",
             R"(showrunner_db_batch_statements_count 1)",
             R"(showrunner_db_connects_total{outcome="connected"} 1)",
         }) {
        CHECK_MESSAGE(text.find(line) != std::string::npos, line);
    }
}

}  // namespace showrunner::db
