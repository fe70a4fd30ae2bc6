// Which jobs a message has to be sent for, on a real PostgreSQL.
#include "jobs/outbox.hpp"
#include "support/job_queue.hpp"

#include <algorithm>
#include <set>

namespace showrunner::jobs {

namespace {

using auth::Role;
using std::chrono::seconds;

struct OutboxTest : test::QueueTest {
    Outbox outbox{pool, clock, {.resend_after = seconds{300}}};

    OutboxTest() { run(outbox.prepare()); }

    std::vector<Unsent> take(int max = 100) { return run(outbox.take({"default"}, max)); }

    Claimed claim() {
        auto jobs = run(queue.claim({"default", 1, "tester", seconds{30}, {}}, {}, nullptr));
        REQUIRE(jobs.size() == 1);
        return jobs.front();
    }

    std::string sql(std::string const& text) const { return server.database().sql(text); }

    void age(int past_s) {
        sql("UPDATE jobs SET sent_at = sent_at - interval '" + std::to_string(past_s) + " s'");
    }
};

}  // namespace

TEST_CASE("a job is sent once, the most urgent first, and what is far ahead is kept back") {
    OutboxTest test;
    std::string const later = test.create(R"(,"priority":5)");
    std::string const urgent = test.create(R"(,"priority":0)");
    std::string const soon = test.create(R"(,"priority":9)");
    test.sql("UPDATE jobs SET run_at = now() + interval '90.5 s' WHERE id = '" + soon + "'");
    std::string const far = test.create(R"(,"priority":0,"run_at":"2999-01-01T00:00:00Z")");
    auto const first = test.take(1);
    REQUIRE(first.size() == 1);
    CHECK(first.front().job.id == urgent);
    CHECK(first.front().queue == "default");
    CHECK(first.front().delay.count() == 0);
    auto const rest = test.take();
    REQUIRE(rest.size() == 2);
    CHECK(rest[0].job.id == later);
    CHECK(rest[1].job.id == soon);
    CHECK(rest[1].delay.count() > 85);
    CHECK(rest[1].delay.count() <= 91);
    CHECK(test.take().empty());
    CHECK(test.run(test.outbox.take({"other"}, 10)).empty());
    // Somebody wants it now.
    CHECK(test.server.call(Role::editor, "POST", "/api/v1/jobs/" + far + "/retry").status == 200);
    auto const hastened = test.take();
    REQUIRE(hastened.size() == 1);
    CHECK(hastened.front().job.id == far);
    // Again: it is due now, whatever delay its message has.
    CHECK(test.server.call(Role::editor, "POST", "/api/v1/jobs/" + far + "/retry").status == 200);
    CHECK(test.take().size() == 1);
}

TEST_CASE("two who send pass over each other's jobs") {
    OutboxTest test;
    for (int n = 0; n < 40; ++n) test.create();
    std::vector<std::string> ids;
    int ended = 0;
    auto one = [&]() -> Task<> {
        for (int n = 0; n < 3; ++n) {
            auto const jobs = co_await test.outbox.take({"default"}, 10);
            for (Unsent const& each : jobs) ids.push_back(each.job.id);
        }
        ++ended;
    };
    spawn(test.io.get_executor(), "take", one());
    spawn(test.io.get_executor(), "take", one());
    REQUIRE(test::run_until(test.io, [&] { return ended == 2; }));
    for (Unsent const& each : test.take()) ids.push_back(each.job.id);
    CHECK(ids.size() == 40);
    CHECK(std::set(ids.begin(), ids.end()).size() == 40);
}

TEST_CASE("whichever way a job waits again, it is sent again, under its new lease") {
    OutboxTest test;
    std::string const id = test.create();
    auto const sent_again = [&](std::string const& how) {
        INFO(how);
        test.sql("UPDATE jobs SET run_at = now()");
        auto const jobs = test.take();
        REQUIRE(jobs.size() == 1);
        CHECK(jobs.front().job.id == id);
        return jobs.front().job.lease;
    };
    CHECK(sent_again("new") == 0);
    Claimed job = test.claim();
    CHECK(test.take().empty());
    test.run(test.queue.release({{id, job.lease}}));
    CHECK(sent_again("released") == 1);
    job = test.claim();
    test.run(test.queue.fail(job, {}, {}));
    CHECK(sent_again("failed") == 2);
    job = test.claim();
    test.sql("UPDATE jobs SET lease_until = now() - interval '1 s'");
    test.run(test.queue.reap());
    CHECK(sent_again("lost") == 3);
    job = test.claim();
    test.run(test.queue.fail(job, {"X", "x", "failed", false, {}}, {}));
    CHECK(test.server.call(Role::editor, "POST", "/api/v1/jobs/" + id + "/retry").status == 200);
    CHECK(sent_again("revived") == 4);
}

TEST_CASE("what was taken and neither confirmed nor forgotten is overdue before long") {
    OutboxTest test;
    test.create();
    auto const held = [](std::vector<Unsent> const& jobs) {
        std::vector<Held> all;
        for (Unsent const& each : jobs) all.push_back(each.job);
        return all;
    };
    auto jobs = test.take();
    CHECK(test.run(test.outbox.count("default")).overdue == 0);
    test.age(31);
    CHECK(test.run(test.outbox.count("default")).overdue == 1);
    CHECK(test.run(test.outbox.forget_older("default", seconds{300})) == 1);
    // Not sent after all: at once.
    jobs = test.take();
    test.run(test.outbox.forget(held(jobs)));
    jobs = test.take();
    REQUIRE(jobs.size() == 1);
    test.run(test.outbox.confirm(held(jobs)));
    test.age(31);
    CHECK(test.run(test.outbox.count("default")).overdue == 0);
    test.age(270);
    Sent const sent = test.run(test.outbox.count("default"));
    CHECK(sent.overdue == 1);
    CHECK(sent.waiting == 1);
    CHECK(sent.running == 0);
    CHECK(test.run(test.outbox.forget_older("default", seconds{3600})) == 0);
    // Jobs of a paused queue only seem to be late.
    test.sql("INSERT INTO job_queues (name, paused) VALUES ('default', true)");
    CHECK(test.run(test.outbox.count("default")).overdue == 0);
    // What was claimed meanwhile is left alone by who is late.
    test.claim();
    test.run(test.outbox.confirm(held(jobs)));
    test.run(test.outbox.forget(held(jobs)));
    CHECK(test.sql("SELECT sent_at IS NULL FROM jobs") == "t");
    CHECK(test.run(test.outbox.count("default")).running == 1);
}

TEST_CASE("only a job that waits under that lease is abandoned") {
    OutboxTest test;
    std::string const id = test.create();
    auto const abandon = [&](std::optional<std::int64_t> lease) {
        return test.run(test.outbox.abandon(id, lease, "Never taken."));
    };
    auto const waiting = test.run(test.outbox.waiting({id}));
    REQUIRE(waiting.size() == 1);
    CHECK(waiting.front().job.lease == 0);
    CHECK(waiting.front().due_in.count() == 0);
    Claimed const job = test.claim();
    CHECK(test.run(test.outbox.waiting({id})).empty());
    CHECK_FALSE(abandon(0));
    CHECK_FALSE(abandon(1));
    CHECK_FALSE(abandon({}));
    test.run(test.queue.release({{id, job.lease}}));
    CHECK_FALSE(abandon(0));
    std::size_t const before = test.server.event_types().size();
    CHECK(abandon(1));
    CHECK_FALSE(abandon(1));
    CHECK(test.server.event_types(before) == std::vector<std::string>{"job_failed"});
    auto const dead = test.server.call(Role::viewer, "GET", "/api/v1/jobs/" + id).body;
    CHECK(test::at(dead, "data.status") == "failed");
    CHECK(test::at(dead, "data.error.code") == "UNDELIVERABLE");
}

TEST_CASE("the index of the outbox is there once it is needed, and used") {
    OutboxTest test;
    test.run(test.outbox.prepare());
    CHECK(test.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'jobs_unsent'") == "1");
    std::string const plan = test.sql(
        "SET enable_seqscan = off; EXPLAIN (FORMAT JSON) SELECT id FROM jobs WHERE queue = "
        "'default' AND "
        "priority = 5 AND status = 'pending' AND sent_at IS NULL AND run_at <= now() ORDER BY "
        "run_at, id LIMIT 10"
    );
    CHECK(plan.find("jobs_unsent") != std::string::npos);
}

}  // namespace showrunner::jobs
