#include "jobs/outbox.hpp"

#include "base/id.hpp"
#include "events/ledger.hpp"
#include "jobs/events.hpp"

#include <algorithm>

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

Query const find_index{
    "find_job_outbox_index", "SELECT to_regclass('jobs_unsent') IS NOT NULL", Lane::read
};

Query const lock_index{
    "lock_job_outbox_index",
    "SELECT pg_advisory_xact_lock(hashtext('showrunner job outbox'))",
    Lane::change
};

Query const make_index{
    "make_job_outbox_index",
    "CREATE INDEX IF NOT EXISTS jobs_unsent ON jobs (queue, priority, run_at, id) WHERE status = "
    "'pending' AND sent_at IS NULL",
    Lane::change
};

// One probe of the index a queue and priority, as claims do. Two senders pass over each other's
// jobs. $1 queues, $2 how many, $3 how long ago they are taken to be sent, $4 the horizon
Query const take_unsent{
    "take_unsent_jobs",
    "UPDATE jobs SET sent_at = now() - make_interval(secs => $3::int) WHERE id = ANY (ARRAY("
    "SELECT unsent.id FROM generate_series(0, 9) AS priority CROSS JOIN unnest($1::text[]) AS "
    "queue CROSS JOIN LATERAL (SELECT j.id FROM jobs j WHERE j.queue = queue.queue AND j.priority "
    "= priority.priority::smallint AND j.status = 'pending' AND j.sent_at IS NULL AND j.run_at <= "
    "now() + make_interval(secs => $4::int) ORDER BY j.run_at, j.id LIMIT $2::int FOR UPDATE SKIP "
    "LOCKED) AS unsent LIMIT $2::int)) AND status = 'pending' AND sent_at IS NULL "
    "RETURNING id, lease, queue, greatest(0, ceil(extract(epoch FROM run_at - now())))::bigint, "
    "priority, run_at",
    Lane::change
};

// What was taken meanwhile is left alone. A message with a delay counts from its end.
Query const confirm_sent{
    "confirm_sent_jobs",
    "UPDATE jobs j SET sent_at = greatest(now(), run_at) FROM unnest($1::uuid[], $2::bigint[]) AS "
    "d(did, dlease) WHERE j.id = d.did AND j.lease = d.dlease AND j.status = 'pending' AND "
    "j.sent_at IS NOT NULL",
    Lane::change
};

Query const forget_sent{
    "forget_sent_jobs",
    "UPDATE jobs j SET sent_at = NULL FROM unnest($1::uuid[], $2::bigint[]) AS d(did, dlease) "
    "WHERE j.id = d.did AND j.lease = d.dlease AND j.status = 'pending'",
    Lane::change
};

/// Waiting jobs of the queue $1, at most `limit`, by probes of the index.
std::string probing(std::string_view columns, std::string_view condition, std::string_view limit) {
    return fmt::format(
        "SELECT found.* FROM generate_series(0, 9) AS priority CROSS JOIN LATERAL (SELECT {0} FROM "
        "jobs j WHERE j.queue = $1 AND j.status = 'pending' AND j.priority = "
        "priority.priority::smallint AND {1} LIMIT {2}) AS found LIMIT {2}",
        columns,
        condition,
        limit
    );
}

// Jobs of a paused queue are not overdue. $2 resend_after, $3 the horizon, $4 at most
Query const count_sent{
    "count_sent_jobs",
    "SELECT (SELECT count(*) FROM (" +
        probing(
            "1",
            "j.run_at <= now() AND j.sent_at < now() - make_interval(secs => $2::int)",
            "$4::int"
        ) +
        ") AS overdue WHERE NOT EXISTS (SELECT FROM job_queues WHERE name = $1 AND paused)), "
        "(SELECT count(*) FROM (" +
        probing(
            "1",
            "j.run_at <= now() + make_interval(secs => $3::int) AND j.sent_at IS NOT NULL",
            "$4::int"
        ) +
        ") AS waiting), (SELECT count(*) FROM (SELECT FROM jobs j WHERE j.queue = $1 AND j.status "
        "= 'processing' LIMIT $4::int) AS running)",
    Lane::scan
};

Query const forget_older_jobs{
    "forget_long_sent_jobs",
    "UPDATE jobs SET sent_at = NULL WHERE id = ANY (ARRAY(" +
        probing(
            "j.id",
            "j.run_at <= now() AND j.sent_at < now() - make_interval(secs => $2::int) ORDER BY "
            "j.run_at",
            "$3::int"
        ) +
        ")) AND status = 'pending' RETURNING id",
    Lane::change
};

Query const find_waiting{
    "find_waiting_jobs",
    "SELECT id, lease, greatest(0, ceil(extract(epoch FROM run_at - now())))::bigint FROM jobs "
    "WHERE id = ANY ($1::uuid[]) AND status = 'pending'",
    Lane::scan
};

constexpr std::string_view dead_columns =
    "id, type, queue, priority, attempt, max_attempts, lease, worker, show_id, episode_id, "
    "group_key, created_by, created_by_name, created_at, run_at, started_at, progress, message, "
    "args, error, retries";

// $1 id, $2 lease, $3 error, $4 event ids, $5 now
Query const abandon_job{
    "abandon_job",
    fmt::format(
        "WITH ended AS (DELETE FROM jobs WHERE id = $1 AND status = 'pending' AND ($2::bigint IS "
        "NULL OR lease = $2) RETURNING id, type, queue, priority, attempt, max_attempts, lease, "
        "worker, show_id, episode_id, group_key, created_by, created_by_name, created_at, run_at, "
        "started_at, progress, message, args, $3::jsonb AS error, retries), moved AS (INSERT INTO "
        "jobs_dead ({0}, status, finished_at) SELECT {0}, 'failed', now() FROM ended), tallied AS "
        "(INSERT INTO job_tallies (at, type, outcome, run_ms, wait_ms, jobs) SELECT now(), type, "
        "'failed', 1, 1, 1 FROM ended), shown AS (SELECT id, id AS job_id, type, show_id, "
        "episode_id, error ->> 'message' AS error, true AS retries_exhausted FROM ended)",
        dead_columns
    ) + events::appending_rows<JobFailed>("appended", "shown", 4, 5) +
        " SELECT id FROM ended",
    Lane::change
};

db::Params params_of(std::vector<Held> const& jobs) {
    std::vector<std::string> ids;
    std::vector<std::string> leases;
    for (Held const& job : jobs) {
        ids.push_back(job.id);
        leases.push_back(std::to_string(job.lease));
    }
    return db::Params{ids, leases};
}

}  // namespace

Task<> Outbox::prepare() {
    db::Rows const found = co_await pool_.run(find_index);
    if (found.front().get<bool>(0)) co_return;
    db::Transaction transaction = co_await pool_.begin();
    co_await transaction.run(lock_index);
    co_await transaction.run(make_index);
    co_await transaction.commit();
}

Task<std::vector<Unsent>> Outbox::take(std::vector<std::string> queues, int max) {
    auto const patience = options_.resend_after;
    auto const ago = patience - std::min<std::chrono::seconds>(patience, grace);
    db::Params params{queues, max, ago.count(), options_.horizon.count()};
    db::Rows const rows = co_await pool_.run(take_unsent, std::move(params));
    std::vector<std::tuple<int, Time, Unsent>> found;
    for (db::Row const row : rows) {
        Unsent job;
        job.job = {row.get<std::string>(0), row.get<std::int64_t>(1)};
        job.queue = row.get<std::string>(2);
        job.delay = std::chrono::seconds{row.get<std::int64_t>(3)};
        found.emplace_back(row.get<int>(4), row.get<Time>(5), std::move(job));
    }
    std::sort(found.begin(), found.end(), [](auto const& a, auto const& b) {
        return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    std::vector<Unsent> jobs;
    jobs.reserve(found.size());
    for (auto& [priority, run_at, job] : found) jobs.push_back(std::move(job));
    co_return jobs;
}

Task<> Outbox::confirm(std::vector<Held> sent) {
    co_await pool_.run(confirm_sent, params_of(sent));
}

Task<> Outbox::forget(std::vector<Held> jobs) {
    co_await pool_.run(forget_sent, params_of(jobs));
}

Task<Sent> Outbox::count(std::string queue) {
    db::Params params{queue, options_.resend_after.count(), options_.horizon.count(), count_max};
    db::Rows const rows = co_await pool_.run(count_sent, std::move(params));
    db::Row const row = rows.front();
    co_return Sent{row.get<int>(0), row.get<int>(1), row.get<int>(2)};
}

Task<int> Outbox::forget_older(std::string queue, std::chrono::seconds age) {
    db::Params params{queue, age.count(), forget_max};
    db::Rows const rows = co_await pool_.run(forget_older_jobs, std::move(params));
    co_return rows.size();
}

Task<std::vector<Waiting>> Outbox::waiting(std::vector<std::string> ids) {
    db::Rows const rows = co_await pool_.run(find_waiting, db::Params{ids});
    std::vector<Waiting> jobs;
    for (db::Row const row : rows) {
        std::chrono::seconds const due_in{row.get<std::int64_t>(2)};
        jobs.push_back({{row.get<std::string>(0), row.get<std::int64_t>(1)}, due_in});
    }
    co_return jobs;
}

Task<bool> Outbox::abandon(std::string id, std::optional<std::int64_t> lease, std::string reason) {
    std::string const error =
        fmt::format(R"({{"code":"UNDELIVERABLE","message":{}}})", json::to_text(reason));
    db::Params params{id, lease, error, std::vector{new_id()}, to_rfc3339(clock_.now())};
    db::Rows const rows = co_await pool_.run(abandon_job, std::move(params));
    co_return !rows.empty();
}

}  // namespace showrunner::jobs
