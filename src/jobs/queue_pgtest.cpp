// The state machine, leases and limits on a real PostgreSQL.
#include "jobs/job.hpp"
#include "jobs/outbox.hpp"
#include "support/job_queue.hpp"

#include <algorithm>
#include <set>

namespace showrunner::jobs {

namespace {

using auth::Role;

struct JobTest : test::QueueTest {
    Outbox outbox{pool, clock, {}};

    std::vector<Claimed> claim(int max, QueueLimits limits = {}, Hints* hints = nullptr) {
        return run(
            queue.claim({"default", max, "tester", std::chrono::seconds{30}, {}}, limits, hints)
        );
    }

    Claimed claim_one() {
        auto jobs = claim(1);
        REQUIRE(jobs.size() == 1);
        return jobs.front();
    }

    Status status_of(std::string const& id) {
        auto const answer = server.call(Role::viewer, "GET", "/api/v1/jobs/" + id);
        REQUIRE(answer.status == 200);
        return *json::enum_from<Status>(test::at(answer.body, "data.status"));
    }

    int post(std::string const& id, std::string const& verb) {
        return server.call(Role::editor, "POST", "/api/v1/jobs/" + id + "/" + verb).status;
    }

    void let_lease_run_out(std::string const& id) {
        server.database().sql(
            "UPDATE jobs SET lease_until = now() - interval '1 s' WHERE id = '" + id + "'"
        );
    }

    void use_up_attempts(std::string const& id) {
        server.database().sql(
            "UPDATE jobs SET max_attempts = greatest(attempt, 1) WHERE id = '" + id + "'"
        );
    }

    /// A job in this state; with the lease it was claimed under, if it was.
    std::pair<std::string, std::int64_t> job_in(Status status) {
        server.database().sql("DELETE FROM jobs");
        std::string id = create();
        if (status == Status::pending) return {id, 0};
        if (status == Status::cancelled) {
            CHECK(post(id, "cancel") == 200);
            return {id, 0};
        }
        std::int64_t const lease = claim_one().lease;
        if (status == Status::completed) run(queue.complete({{{id, lease}, "{}"}}));
        if (status == Status::failed) {
            Claimed job;
            job.id = id;
            job.lease = lease;
            run(queue.fail(job, {"X", "x", "failed", false, {}}, {}));
        }
        return {id, lease};
    }

    void apply(Trigger trigger, std::string const& id, std::int64_t lease) {
        Claimed job;
        job.id = id;
        job.lease = lease;
        job.max_attempts = 5;
        switch (trigger) {
            case Trigger::claim:
                claim(10);
                break;
            case Trigger::complete:
                run(queue.complete({{{id, lease}, R"({"n":1})"}}));
                break;
            case Trigger::fail:
                run(queue.fail(job, {"X", "x", "failed", true, {}}, {}));
                break;
            case Trigger::give_up:
                run(queue.fail(job, {"X", "x", "failed", false, {}}, {}));
                break;
            case Trigger::release:
                run(queue.release({{id, lease}}));
                break;
            case Trigger::lose:
                let_lease_run_out(id);
                run(queue.reap());
                break;
            case Trigger::bury:
                let_lease_run_out(id);
                use_up_attempts(id);
                run(queue.reap());
                break;
            case Trigger::cancel:
                post(id, "cancel");
                break;
            case Trigger::stop:
                run(queue.stop({id, lease}));
                break;
            case Trigger::retry:
                post(id, "retry");
                break;
            case Trigger::abandon:
                run(outbox.abandon(id, {}, "never taken"));
                break;
        }
    }
};

/// The event that each transition appends, beside those that brought the job to where it was.
std::string event_of(Transition const& transition) {
    switch (transition.trigger) {
        case Trigger::claim:
            return "job_started";
        case Trigger::complete:
            return "job_completed";
        case Trigger::fail:
        case Trigger::lose:
            return "job_retry";
        case Trigger::give_up:
        case Trigger::bury:
        case Trigger::abandon:
            return "job_failed";
        case Trigger::release:
            return "";
        case Trigger::cancel:
            return transition.from == Status::pending ? "job_cancelled" : "";
        case Trigger::stop:
            return "job_cancelled";
        case Trigger::retry:
            return "job_retried";
    }
    return "";
}

}  // namespace

TEST_CASE("the state machine: every trigger in every state, each with its event") {
    JobTest test;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Status>>([&](auto status) {
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<Trigger>>([&](auto trigger) {
            INFO(status.name, " ", trigger.name);
            auto const [id, lease] = test.job_in(status.value);
            REQUIRE(test.status_of(id) == status.value);
            std::size_t const before = test.server.event_types().size();
            test.apply(trigger.value, id, lease);
            auto const to = next(status.value, trigger.value);
            CHECK(test.status_of(id) == to.value_or(status.value));
            auto const events = test.server.event_types(before);
            std::string const event =
                to ? event_of({status.value, trigger.value, *to}) : std::string{};
            CHECK(events == (event.empty() ? std::vector<std::string>{} : std::vector{event}));
        });
    });
}

TEST_CASE("a lease that is no longer the current one finishes, fails, renews and returns nothing") {
    JobTest test;
    std::string const id = test.create();
    Claimed const frozen = test.claim_one();
    test.let_lease_run_out(id);
    test.run(test.queue.reap());
    test.server.database().sql("UPDATE jobs SET run_at = now()");
    Claimed const current = test.claim_one();
    CHECK(current.lease > frozen.lease);
    CHECK(current.attempt == frozen.attempt + 1);

    Held const stale{id, frozen.lease};
    CHECK(test.run(test.queue.complete({{stale, R"({"by":"frozen"})"}})).empty());
    CHECK(test.run(test.queue.fail(frozen, {}, {})) == AfterFailure::stale);
    CHECK_FALSE(test.run(test.queue.stop(stale)));
    CHECK(test.run(test.queue.renew({{stale, 50, "frozen"}}, std::chrono::seconds{30})).empty());
    test.run(test.queue.release({stale}));
    CHECK(test.status_of(id) == Status::processing);

    auto const renewed =
        test.run(test.queue.renew({{{id, current.lease}, 70, "on it"}}, std::chrono::seconds{30}));
    REQUIRE(renewed.size() == 1);
    CHECK_FALSE(renewed.front().cancel);
    CHECK(
        test.run(test.queue.complete({{{id, current.lease}, R"({"by":"current"})"}})).size() == 1
    );
    CHECK(test.run(test.queue.complete({{{id, current.lease}, "{}"}})).empty());
    auto const job = test.server.call(Role::viewer, "GET", "/api/v1/jobs/" + id).body;
    CHECK(test::at(job, "data.result.by") == "current");
    CHECK(test::at(job, "data.progress") == "70");
    // A dead letter that comes back goes on counting: its old holders stay stale.
    auto const [dead, lease] = test.job_in(Status::failed);
    CHECK(test.post(dead, "retry") == 200);
    CHECK(test.claim_one().lease > lease);
}

TEST_CASE("urgent before early, early before late; what is not due waits") {
    JobTest test;
    std::string const late = test.create(R"(,"priority":5)");
    std::string const early = test.create(R"(,"priority":5,"run_at":"2020-01-01T00:00:00Z")");
    std::string const urgent = test.create(R"(,"priority":0)");
    std::string const future = test.create(R"(,"priority":0,"run_at":"2999-01-01T00:00:00Z")");
    std::vector<std::string> order;
    for (Claimed const& job : test.claim(10)) order.push_back(job.id);
    CHECK(order == std::vector{urgent, early, late});
    CHECK(test.post(future, "retry") == 200);
    CHECK(test.claim(10).size() == 1);
}

TEST_CASE("hints skip what was claimed, and hide nothing for long") {
    JobTest test;
    Hints hints;
    for (int n = 0; n < 6; ++n) test.create();
    CHECK(test.claim(3, {}, &hints).size() == 3);
    CHECK(hints.any());
    // More urgent: another priority, so not hidden.
    std::string const urgent = test.create(R"(,"priority":1)");
    auto const second = test.claim(1, {}, &hints);
    REQUIRE(second.size() == 1);
    CHECK(second.front().id == urgent);
    // Earlier than the hint: found by the full scan that follows a claim that brought too little.
    std::string const hidden = test.create(R"(,"run_at":"2020-01-01T00:00:00Z")");
    std::set<std::string> rest;
    for (int n = 0; n < 3; ++n) {
        for (Claimed const& job : test.claim(10, {}, &hints)) rest.insert(job.id);
    }
    CHECK(rest.size() == 4);
    CHECK(rest.contains(hidden));
}

TEST_CASE("limits of a queue hold over everyone who claims") {
    JobTest test;
    for (int n = 0; n < 20; ++n) {
        test.create(fmt::format(R"(,"group_key":"group {}")", n % 2));
    }
    auto const settings = [&](std::string const& body) {
        auto const answer =
            test.server.call(Role::admin, "PATCH", "/api/v1/jobs/queues/default", body);
        REQUIRE(answer.status == 200);
        return test.run(test.queue.limits("default"));
    };
    auto const both = [&](QueueLimits limits) {
        // Two at once, on connections of their own.
        std::vector<Claimed> all;
        int ended = 0;
        auto one = [&]() -> Task<> {
            auto jobs = co_await test.queue.claim(
                {"default", 10, "tester", std::chrono::seconds{30}, {}}, limits, nullptr
            );
            all.insert(all.end(), jobs.begin(), jobs.end());
            ++ended;
        };
        spawn(test.io.get_executor(), "claim", one());
        spawn(test.io.get_executor(), "claim", one());
        REQUIRE(test::run_until(test.io, [&] { return ended == 2; }));
        return all;
    };
    auto const give_back = [&](std::vector<Claimed> const& jobs) {
        std::vector<Held> held;
        for (Claimed const& job : jobs) held.push_back({job.id, job.lease});
        test.run(test.queue.release(held));
    };

    auto jobs = both(settings(R"({"concurrency":7})"));
    CHECK(jobs.size() == 7);
    CHECK(both(test.run(test.queue.limits("default"))).empty());
    give_back(jobs);

    jobs = both(settings(R"({"concurrency":null,"group_concurrency":2})"));
    CHECK(jobs.size() == 4);
    give_back(jobs);

    test.server.database().sql("UPDATE job_queues SET tokens = 3, refilled_at = now()");
    jobs = both(settings(R"({"group_concurrency":null,"rate_per_minute":180})"));
    CHECK(jobs.size() >= 3);
    CHECK(jobs.size() <= 5);  // What comes back at three a second meanwhile.
    give_back(jobs);

    CHECK(both(settings(R"({"rate_per_minute":null,"paused":true})")).empty());
    CHECK(both(settings(R"({"paused":false})")).size() == 20);
}

TEST_CASE("one job at a time has a unique key") {
    JobTest test;
    auto const create = [&] {
        return test.server.call(
            Role::editor, "POST", "/api/v1/jobs", R"({"type":"check","unique_key":"nightly"})"
        );
    };
    auto const first = create();
    CHECK(first.status == 201);
    std::size_t const events = test.server.event_types().size();
    auto const second = create();
    CHECK(second.status == 200);
    CHECK(test::at(second.body, "data.id") == test::at(first.body, "data.id"));
    CHECK(test.server.event_types().size() == events);
    Claimed const claimed = test.claim_one();
    CHECK(create().status == 200);
    test.run(test.queue.complete({{{claimed.id, claimed.lease}, ""}}));
    CHECK(create().status == 201);
}

TEST_CASE("a cancelled job whose holder is lost is cancelled") {
    JobTest test;
    std::string const id = test.create();
    Claimed const job = test.claim_one();
    CHECK(test.post(id, "cancel") == 200);
    auto const renewed =
        test.run(test.queue.renew({{{id, job.lease}, {}, {}}}, std::chrono::seconds{30}));
    REQUIRE(renewed.size() == 1);
    CHECK(renewed.front().cancel);
    test.let_lease_run_out(id);
    CHECK(test.run(test.queue.reap()).stopped == 1);
    CHECK(test.status_of(id) == Status::cancelled);
}

TEST_CASE("an attempt that fails before it hears of its cancellation is the last") {
    JobTest test;
    std::string const id = test.create();
    Claimed const job = test.claim_one();
    CHECK(test.post(id, "cancel") == 200);
    std::size_t const before = test.server.event_types().size();
    CHECK(test.run(test.queue.fail(job, {}, {})) == AfterFailure::cancelled);
    CHECK(test.status_of(id) == Status::cancelled);
    CHECK(test.server.event_types(before) == std::vector<std::string>{"job_cancelled"});
    CHECK(test.run(test.queue.fail(job, {}, {})) == AfterFailure::stale);
}

TEST_CASE("a failure may say when to try again") {
    JobTest test;
    test.create();
    Claimed const job = test.claim_one();
    Failure failure;
    failure.retry_after = std::chrono::hours{2};
    CHECK(test.run(test.queue.fail(job, failure, {})) == AfterFailure::retries);
    CHECK(
        test.server.database().sql(
            "SELECT run_at BETWEEN now() + interval '119 min' AND now() + interval '2 h' FROM jobs"
        ) == "t"
    );
    auto const attempts =
        test.server.call(Role::viewer, "GET", "/api/v1/jobs/" + job.id + "/attempts").body;
    CHECK(test::at(attempts, "data.0.outcome") == "failed");
    CHECK(test::at(attempts, "data.0.error.code") == "FAILED");
    CHECK_FALSE(test::at(attempts, "data.0.retry_at").empty());
}

}  // namespace showrunner::jobs
