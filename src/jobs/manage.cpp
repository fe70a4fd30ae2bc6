#include "jobs/manage.hpp"

#include "db/described.hpp"
#include "jobs/events.hpp"
#include "jobs/statements.hpp"
#include "jobs/types.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

Query const cancel_waiting{
    "cancel_waiting_job",
    events::appending_many(
        fmt::format(
            "INSERT INTO jobs_finished ({0}, status, finished_at) SELECT {0}, 'cancelled', now() "
            "FROM ended RETURNING id",
            kept_columns
        ),
        2,
        "ended AS (DELETE FROM jobs WHERE id = $1 AND status = 'pending' RETURNING *), tallied AS "
        "(INSERT INTO job_tallies (at, type, outcome, run_ms, wait_ms, jobs) SELECT now(), type, "
        "'cancelled', 1, 1, 1 FROM ended), "
    ),
    Lane::change
};

Query const cancel_running{
    "cancel_running_job",
    "UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, now()), message = $2 "
    "WHERE id = $1 AND status = 'processing' RETURNING id",
    Lane::change
};

// The lease goes on counting from where it was: who held the job before holds nothing.
Query const revive_jobs{
    "revive_jobs",
    events::appending_many(
        "INSERT INTO jobs (id, type, queue, priority, attempt, max_attempts, lease, show_id, "
        "episode_id, group_key, created_by, created_by_name, created_at, run_at, args, error, "
        "retries) SELECT id, type, queue, priority, 0, max_attempts, lease, show_id, episode_id, "
        "group_key, created_by, created_by_name, created_at, now(), args, error, retries + 1 "
        "FROM (SELECT * FROM dead UNION ALL SELECT * FROM cancelled) AS gone RETURNING id",
        2,
        "dead AS (DELETE FROM jobs_dead WHERE id = ANY ($1::uuid[]) RETURNING *), "
        "cancelled AS (DELETE FROM jobs_finished WHERE id = ANY ($1::uuid[]) AND status = "
        "'cancelled' RETURNING *), "
    ),
    Lane::change
};

Query const hasten_job{
    "hasten_job",
    events::appending_many(
        "UPDATE jobs SET run_at = now(), sent_at = NULL, retries = retries + 1 WHERE id = $1 AND "
        "status = "
        "'pending' RETURNING id",
        2
    ),
    Lane::change
};

Query const find_dead{
    "find_dead_jobs",
    "SELECT id, type, queue, show_id, episode_id, retries FROM jobs_dead WHERE ((show_id IS NOT "
    "NULL AND ($1::uuid[] IS NULL OR show_id = ANY ($1))) OR (show_id IS NULL AND $2::boolean)) "
    "AND ($3::uuid[] IS NULL OR id = ANY ($3)) AND ($4::text IS NULL OR type = $4) "
    "AND ($5::text IS NULL OR queue = $5) AND ($6::uuid IS NULL OR episode_id = $6) "
    "AND ($7::text IS NULL OR error ->> 'code' = $7) "
    "AND ($8::timestamptz IS NULL OR finished_at < $8) ORDER BY finished_at, id LIMIT $9::int",
    Lane::scan
};

Query const list_queues{
    "list_job_queues",
    "SELECT name, paused, concurrency, group_concurrency, rate_per_minute FROM job_queues "
    "ORDER BY name LIMIT 500",
    Lane::scan
};

Query const save_queue{
    "save_job_queue",
    events::appending_one(
        "INSERT INTO job_queues (name, paused, concurrency, group_concurrency, rate_per_minute) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, "
        "concurrency = excluded.concurrency, group_concurrency = excluded.group_concurrency, "
        "rate_per_minute = excluded.rate_per_minute RETURNING 1",
        6
    ),
    Lane::change
};

events::Subject subject_of(Job const& job) {
    return {job.id, job.episode_id, job.show_id};
}

events::Entry retried_entry(Job const& job, events::Actor const& actor, Time at) {
    JobRetried const event{job.id, job.type, job.retries + 1};
    return events::make_entry(event, actor, subject_of(job), at);
}

Error over() {
    return Error{Code::conflict, "JOB_IS_OVER", "The job is over: nothing is left to cancel."};
}

}  // namespace

Task<Job> cancel(api::Context& context, std::string id) {
    // Between the two statements a processor may take it, or give it back.
    for (int attempt = 0; attempt < 5; ++attempt) {
        Job const job = co_await get(context, id);
        require(context, auth::Action::write, job);
        if (!next(job.status, Trigger::cancel)) throw over();
        if (job.status == Status::processing) {
            std::string message = "Cancelled by " + context.actor.name;
            db::Rows const rows = co_await context.write(cancel_running, db::Params{id, message});
            if (rows.empty()) continue;
            context.signal("jobs.cancel", id);
        } else {
            JobCancelled const event{job.id, job.type};
            std::vector<events::Entry> entries;
            entries.push_back(events::make_entry(
                event, context.actor, subject_of(job), context.services.clock.now()
            ));
            db::Params params{id};
            events::add_many(params, context.actor, entries);
            db::Rows const rows = co_await context.write(cancel_waiting, std::move(params));
            if (rows.empty()) continue;
        }
        Job after = co_await get(context, id);
        co_return after;
    }
    throw over();
}

Task<Job> retry(api::Context& context, std::string id) {
    for (int attempt = 0; attempt < 5; ++attempt) {
        Job const job = co_await get(context, id);
        require(context, auth::Action::write, job);
        if (!next(job.status, Trigger::retry)) {
            throw Error{
                Code::conflict,
                "JOB_CANNOT_RUN_AGAIN",
                job.status == Status::processing ? "The job is running."
                                                 : "The job is completed. Start a new one."
            };
        }
        std::vector<events::Entry> entries;
        entries.push_back(retried_entry(job, context.actor, context.services.clock.now()));
        bool const waits = job.status == Status::pending;
        db::Params params;
        if (waits) {
            params.add(id);
        } else {
            params.add(std::vector{id});
        }
        events::add_many(params, context.actor, entries);
        db::Rows const rows =
            co_await context.write(waits ? hasten_job : revive_jobs, std::move(params));
        if (rows.empty()) continue;
        context.signal("jobs.ready", job.queue);
        Job after = co_await get(context, id);
        co_return after;
    }
    throw Error{Code::conflict, "JOB_CANNOT_RUN_AGAIN", "The job changes too often. Try again."};
}

Task<RetriedDead> retry_dead(api::Context& context, RetryDead which) {
    db::Params params;
    params.add(auth::visible_shows(context.principal))
        .add(auth::allows(context.principal, auth::Action::administer, {}));
    for (std::string const& id : which.ids) {
        if (!is_id(id)) throw invalid_field("ids", "FORMAT", "must be ids of jobs");
    }
    params.add(which.ids.empty() ? std::nullopt : std::optional{which.ids});
    params.add(which.type).add(which.queue).add(which.episode_id).add(which.code);
    params.add(which.before).add(which.limit.value_or(1000));
    db::Rows const found = co_await context.read(find_dead, std::move(params));
    Time const now = context.services.clock.now();
    std::vector<std::string> ids;
    std::vector<std::string> queues;
    std::vector<events::Entry> entries;
    for (db::Row const row : found) {
        Job job;
        job.id = row.get<std::string>(0);
        job.type = row.get<std::string>(1);
        job.show_id = row.get<std::optional<std::string>>(3);
        job.episode_id = row.get<std::optional<std::string>>(4);
        job.retries = row.get<int>(5);
        if (!auth::allows(context.principal, auth::Action::write, job.show_id)) continue;
        entries.push_back(retried_entry(job, context.actor, now));
        ids.push_back(job.id);
        queues.push_back(row.get<std::string>(2));
    }
    RetriedDead retried;
    if (ids.empty()) co_return retried;
    db::Params revive{ids};
    events::add_many(revive, context.actor, entries);
    db::Rows const rows = co_await context.write(revive_jobs, std::move(revive));
    retried.retried = rows.size();
    for (std::string const& queue : queues) context.signal("jobs.ready", queue);
    co_return retried;
}

Task<std::vector<QueueSettings>> queues(api::Context& context) {
    db::Rows const rows = co_await context.read(list_queues, {});
    std::vector<QueueSettings> all;
    for (db::Row const row : rows) all.push_back(db::read<QueueSettings>(row));
    for (std::string const& name : context.services.job_types.queues()) {
        bool const there = std::any_of(all.begin(), all.end(), [&](QueueSettings const& each) {
            return each.name == name;
        });
        if (!there) all.push_back({name, false, {}, {}, {}});
    }
    co_return all;
}

Task<QueueSettings> update_queue(api::Context& context, std::string name, UpdateQueue input) {
    if (!is_name(name)) throw Error{Code::not_found, "There can be no such queue."};
    auto const all = co_await queues(context);
    QueueSettings settings{name, false, {}, {}, {}};
    for (QueueSettings const& each : all) {
        if (each.name == name) settings = each;
    }
    if (input.paused) settings.paused = *input.paused;
    if (input.concurrency.present) settings.concurrency = input.concurrency.value;
    if (input.group_concurrency.present) {
        settings.group_concurrency = input.group_concurrency.value;
    }
    if (input.rate_per_minute.present) settings.rate_per_minute = input.rate_per_minute.value;
    JobQueueChanged const event{name, settings.paused};
    db::Params params{name, settings.paused, settings.concurrency, settings.group_concurrency};
    params.add(settings.rate_per_minute);
    events::add_one(
        params,
        context.actor,
        events::make_entry(event, context.actor, {}, context.services.clock.now())
    );
    co_await context.write(save_queue, std::move(params));
    context.signal("jobs.queue", name);
    context.signal("jobs.ready", name);
    co_return settings;
}

}  // namespace showrunner::jobs
