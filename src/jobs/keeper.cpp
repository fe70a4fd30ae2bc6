#include "jobs/keeper.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "jobs/schedules.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

constexpr metrics::Spec lost_total{
    "showrunner_jobs_lost_total",
    metrics::Kind::counter,
    "Jobs taken from holders that were not heard of."
};

constexpr std::chrono::milliseconds reap_interval{1'000};
constexpr std::chrono::milliseconds schedule_interval{1'000};

Query const keep_partitions{
    "keep_job_partitions",
    "SELECT job_partitions(now(), make_interval(days => $1::int)) FROM (SELECT "
    "pg_advisory_xact_lock(hashtext('showrunner job partitions'))) AS locked",
    Lane::change
};

// What was counted minutes ago is kept by the minute.
Query const roll_up{
    "roll_up_job_tallies",
    "WITH old AS (DELETE FROM job_tallies WHERE at < date_trunc('minute', now()) - interval '5 "
    "minutes' AND at > now() - interval '3 hours' RETURNING *) INSERT INTO job_tallies (at, type, "
    "outcome, run_ms, wait_ms, jobs) SELECT date_trunc('minute', at), type, outcome, run_ms, "
    "wait_ms, sum(jobs) FROM old GROUP BY 1, 2, 3, 4, 5",
    Lane::change
};

Query const forget_tallies{
    "forget_job_tallies",
    "DELETE FROM job_tallies WHERE at < now() - make_interval(days => $1::int)",
    Lane::change
};

Query const forget_workers{
    "forget_job_workers",
    "DELETE FROM job_workers WHERE heartbeat_at < now() - interval '1 day'",
    Lane::change
};

// Files of jobs that are forgotten, and uploads that no job came of.
Query const forget_files{
    "forget_job_files",
    "DELETE FROM job_files f WHERE f.created_at < now() - interval '1 day' AND NOT EXISTS (SELECT "
    "FROM jobs j WHERE j.id = f.job_id) AND NOT EXISTS (SELECT FROM jobs_finished j WHERE j.id = "
    "f.job_id) AND NOT EXISTS (SELECT FROM jobs_dead j WHERE j.id = f.job_id)",
    Lane::change
};

}  // namespace

Task<> Keeper::reap() {
    metrics::Counter& lost = services_.metrics.counter(lost_total);
    bool more = false;
    for (;;) {
        // Spread, so that nodes that started together do not all look together.
        std::chrono::milliseconds const spread{random_below(200)};
        if (!more) co_await sleep_for(reap_interval + spread);
        Queue::Reaped const reaped = co_await queue_.reap();
        more = reaped.all() >= Queue::reap_max;
        if (reaped.all() == 0) continue;
        lost.add(static_cast<std::uint64_t>(reaped.all()));
        log::warning(
            "jobs_lost",
            {{"again", reaped.lost}, {"dead", reaped.dead}, {"cancelled", reaped.stopped}}
        );
        services_.tail.wake();
        services_.signals.send("jobs.ready");
    }
}

Task<> Keeper::schedule() {
    for (;;) {
        co_await sleep_for(schedule_interval);
        bool more = true;
        while (more) more = co_await run_due_schedule(services_);
    }
}

Task<> Keeper::tidy() {
    for (;;) {
        db::Params const days{history_.count()};
        co_await services_.db.run(keep_partitions, days);
        co_await services_.db.run(roll_up);
        co_await services_.db.run(forget_tallies, days);
        co_await services_.db.run(forget_workers);
        co_await services_.db.run(forget_files);
        co_await sleep_for(std::chrono::minutes{10});
    }
}

}  // namespace showrunner::jobs
