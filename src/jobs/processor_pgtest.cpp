// Attempts and their ends, with handlers that misbehave.
#include "jobs/postgres_source.hpp"
#include "jobs/processor.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

namespace showrunner::jobs {

namespace {

/// What the handlers below have seen; one test at a time.
struct Seen {
    int begun = 0;
    int stopped = 0;
};

Seen seen;

struct Nothing {
    static constexpr bool is_input = true;
};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

Task<> succeed(Run& run) {
    run.result = "{}";
    co_return;
}

Task<> return_nonsense(Run& run) {
    run.result = "{\"text\":\"\\u0000\"}";  // JSON, and yet jsonb does not take it.
    co_return;
}

Task<> wait_long(Run&) {
    ++seen.begun;
    bool over = false;
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::hours{1}};
    auto const [failed] = co_await timer.async_wait(as_result);
    over = !failed;
    if (!over) ++seen.stopped;
    throw Error{Code::internal, "STOPPED", "Somebody else wanted it."};
}

/// Neither a time-out nor anything else stops it.
Task<> be_deaf(Run&) {
    ++seen.begun;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await sleep_for(std::chrono::hours{1});
}

Handler handler(std::string_view type, Task<> (*run)(Run&)) {
    Handler made{.type = type, .summary = "Test", .run = run, .args = args<Nothing>("Nothing")};
    made.queue = "test";
    made.timeout = std::chrono::seconds{0};
    if (run == wait_long) made.timeout = std::chrono::hours{2};
    return made;
}

app::Config without_server() {
    app::Config config;
    config.job_concurrency = 0;
    return config;
}

/// A processor by itself; its loops run while the test awaits something.
struct ProcessorTest {
    test::TestDatabase database;
    asio::io_context io{1};
    app::App app{io, without_server(), database.url()};
    Processor* processor = nullptr;
    std::unique_ptr<PostgresSource> source;
    std::unique_ptr<Processor> owned;

    explicit ProcessorTest(std::chrono::milliseconds grace = std::chrono::milliseconds{0}) {
        seen = {};
        run(app.prepare());
        ProcessorOptions options;
        options.node = "test";
        options.queues = {"test"};
        options.poll_interval = std::chrono::milliseconds{10};
        options.lease = std::chrono::seconds{30};
        options.cancel_grace = grace;
        api::Services& services = app.services();
        source = std::make_unique<PostgresSource>(Queue{services.db, services.clock});
        owned = std::make_unique<Processor>(
            io.get_executor(),
            services,
            *source,
            std::vector{
                handler("succeed", succeed),
                handler("nonsense", return_nonsense),
                handler("wait", wait_long),
                handler("deaf", be_deaf)
            },
            options
        );
        processor = owned.get();
        run(processor->start());
        Processor& loops = *processor;
        auto const executor = io.get_executor();
        spawn(executor, "take", supervise("take", [&loops] { return loops.take(); }));
        spawn(executor, "report", supervise("report", [&loops] { return loops.report(); }));
        for (int n = 0; n < 2; ++n) {
            spawn(executor, "flush", supervise("flush", [&loops] { return loops.flush(); }));
        }
    }

    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    void insert(std::string const& type, int count = 1) {
        database.sql(
            "INSERT INTO jobs (id, type, queue, priority, max_attempts, created_by_name, "
            "created_at, run_at) SELECT gen_random_uuid(), '" +
            type + "', 'test', 5, 2, 'test', now(), now() FROM generate_series(1, " +
            std::to_string(count) + ")"
        );
    }

    /// The rows of `from`, once it has `count`.
    void wait_for(std::string const& from, int count = 1) {
        CAPTURE(from);
        auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        std::string const wanted = std::to_string(count);
        while (database.sql("SELECT count(*) FROM " + from) != wanted) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            io.run_for(std::chrono::milliseconds{10});
        }
    }
};

}  // namespace

TEST_CASE("a result that cannot be stored fails its job and no other") {
    ProcessorTest test;
    test.insert("succeed", 20);
    test.insert("nonsense", 2);
    test.insert("succeed", 20);
    test.wait_for("jobs_finished WHERE status = 'completed'", 40);
    test.wait_for("jobs_dead WHERE error ->> 'code' = 'RESULT' AND attempt = 1", 2);
    CHECK(test.database.sql("SELECT count(*) FROM jobs") == "0");
    CHECK(test.database.sql("SELECT count(*) FROM events WHERE type = 'job_failed'") == "2");
}

TEST_CASE("a job that is given back while it is to be cancelled is cancelled") {
    ProcessorTest test;
    test.insert("wait");
    test.wait_for("jobs WHERE status = 'processing'");
    // The signal is lost, and the process ends before the next heartbeat.
    test.database.sql("UPDATE jobs SET cancel_requested_at = now(), max_attempts = 5");
    test.run(test.processor->drain(std::chrono::milliseconds{0}));
    CHECK(test.database.sql("SELECT count(*) FROM jobs WHERE status = 'pending'") == "0");
    Queue queue{test.app.services().db, test.app.services().clock};
    Queue::Reaped const reaped = test.run(queue.reap());
    CHECK(reaped.stopped == 1);
    test.wait_for("jobs_finished WHERE status = 'cancelled'");
    CHECK(test.database.sql("SELECT count(*) FROM events WHERE type = 'job_cancelled'") == "1");
}

TEST_CASE("the same job under a newer lease stops the handler of the older one") {
    ProcessorTest test;
    test.insert("wait");
    test.wait_for("jobs WHERE status = 'processing'");
    test.database.sql("UPDATE jobs SET status = 'pending', lease_until = NULL");
    test.wait_for("jobs WHERE status = 'processing' AND lease = 2");
    test.io.run_for(std::chrono::milliseconds{50});
    CHECK(seen.begun == 2);
    CHECK(seen.stopped == 1);
    CHECK(test.processor->running() == 1);
    CHECK(test.database.sql("SELECT count(*) FROM job_attempts") == "0");
    test.run(test.processor->drain(std::chrono::milliseconds{0}));
    test.wait_for("jobs WHERE status = 'pending' AND lease = 2");
}

TEST_CASE("a handler that does not listen loses its job: to a time-out, and at the end") {
    ProcessorTest test;
    test.insert("deaf");
    test.wait_for("job_attempts WHERE outcome = 'timed_out'");
    test.wait_for("jobs WHERE status = 'pending' AND error ->> 'code' = 'TIMED_OUT'");
    test.wait_for("jobs_dead WHERE error ->> 'code' = 'TIMED_OUT' AND attempt = 2");
    CHECK(seen.begun == 2);
}

TEST_CASE("a handler that does not listen does not keep its job at the end of the process") {
    ProcessorTest test{std::chrono::hours{1}};
    test.insert("deaf");
    test.wait_for("jobs WHERE status = 'processing'");
    test.processor->hurry();
    test.run(test.processor->drain(std::chrono::hours{1}));
    CHECK(
        test.database.sql("SELECT status || ' ' || attempt FROM jobs") == std::string{"pending 0"}
    );
    CHECK(test.database.sql("SELECT outcome FROM job_attempts") == "released");
    CHECK(test.database.sql("SELECT count(*) FROM job_workers") == "0");
}

TEST_CASE("what a claim took whose answer never came is given back") {
    ProcessorTest test;
    test.insert("wait", 2);
    test.wait_for("jobs WHERE status = 'processing'", 2);
    Queue queue{test.app.services().db, test.app.services().clock};
    std::string const known = test.database.sql("SELECT min(id::text) FROM jobs");
    std::string const worker = test.database.sql("SELECT max(worker) FROM jobs");
    test.database.sql("UPDATE jobs SET run_at = now() + interval '1 h'");
    test.run(queue.release_others("somebody else", {{known, 1}}));
    test.wait_for("jobs WHERE status = 'processing'", 2);
    test.run(queue.release_others(worker, {{known, 1}}));
    test.wait_for("jobs WHERE status = 'pending' AND attempt = 0");
    test.wait_for("jobs WHERE status = 'processing' AND id = '" + known + "'");
    CHECK(test.database.sql("SELECT outcome FROM job_attempts") == "released");
}

}  // namespace showrunner::jobs
