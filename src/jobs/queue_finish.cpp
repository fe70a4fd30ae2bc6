// Finishing, failing and giving back; leases that ran out.
#include "db/described.hpp"
#include "events/ledger.hpp"
#include "jobs/events.hpp"
#include "jobs/queue.hpp"
#include "jobs/statements.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

/// How long what ends took and had waited, as the upper bound of its bucket.
std::string bucket_ms(std::string_view from, std::string_view to) {
    constexpr std::string_view bounds =
        "1,2,5,10,20,50,100,200,500,1000,2000,5000,10000,20000,60000,120000,300000,900000,3600000,"
        "86400000";
    return fmt::format(
        "coalesce((ARRAY[{0},604800000])[width_bucket(date_part('epoch', {2} - {1}) * 1000, "
        "ARRAY[{0}]::float8[]) + 1], 1)",
        bounds,
        from,
        to
    );
}

/// Rows of the CTE `ended` (as they were in jobs, with error) move to `table`, and are tallied.
std::string moving(
    std::string_view table,
    std::string_view status,
    std::string_view columns = {},
    std::string_view values = {}
) {
    return fmt::format(
        ", moved AS (INSERT INTO {0} ({1}, status, finished_at{2}) SELECT {1}, '{3}', now(){4} "
        "FROM ended), tallied AS (INSERT INTO job_tallies (at, type, outcome, run_ms, wait_ms, "
        "jobs) SELECT now(), type, '{3}', {5}, {6}, count(*) FROM ended GROUP BY 2, 4, 5)",
        table,
        kept_columns,
        columns,
        status,
        values,
        bucket_ms("started_at", "now()"),
        bucket_ms("run_at", "started_at")
    );
}

/// What came of an attempt that did not end in success, from the rows of `cte`.
std::string noting_attempts(
    std::string_view cte, std::string_view outcome, std::string_view retry
) {
    return fmt::format(
        ", noted AS (INSERT INTO job_attempts (job_id, attempt, lease, worker, started_at, "
        "ended_at, outcome, error, retry_at) SELECT id, attempt, lease, worker, started_at, now(), "
        "{}, error, {} FROM {})",
        outcome,
        retry,
        cte
    );
}

// The ids lead to the rows by the primary key, whatever a plan expects of the table: what is
// compared beside them is no condition of another index (so not the status) and no join.
// $1 ids, $2 leases, $3 results by id, $4 event ids, $5 now
Query const complete_jobs{
    "complete_jobs",
    "WITH ended AS (DELETE FROM jobs j WHERE j.id = ANY ($1::uuid[]) AND j.lease_until IS NOT NULL "
    "AND ((j.id, j.lease) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))) IS TRUE "
    "RETURNING j.*, j.id AS job_id, $3::jsonb -> j.id::text AS results)" +
        moving("jobs_finished", "completed", ", result", ", results") +
        events::appending_rows<JobCompleted>("appended", "ended", 4, 5) + " SELECT id FROM ended",
    Lane::change
};

// A job that is to be cancelled is not tried again.
// $1 id, $2 lease, $3 error, $4 event ids, $5 now, $6 its message, $7 outcome, $8 delay in ms
Query const retry_failed_job{
    "retry_failed_job",
    "WITH held AS (SELECT * FROM jobs WHERE id = $1 AND lease = $2 AND status = 'processing' AND "
    "cancel_requested_at IS NULL FOR UPDATE), change AS (UPDATE jobs j SET status = 'pending', "
    "lease_until = NULL, "
    "run_at = now() + make_interval(secs => $8::bigint / 1000.0), error = $3::jsonb FROM held "
    "WHERE j.id = "
    "held.id RETURNING j.*, j.id AS job_id, held.attempt AS retry_count, $8::bigint AS delay, "
    "$6::text AS failure)" +
        noting_attempts("change", "$7::text", "run_at") +
        ", shown AS (SELECT id, job_id, type, show_id, "
        "episode_id, retry_count, delay, failure AS error FROM change)" +
        events::appending_rows<JobRetry>("appended", "shown", 4, 5) + " SELECT id FROM change",
    Lane::change
};

Query const bury_job{
    "bury_job",
    "WITH ended AS (DELETE FROM jobs WHERE id = $1 AND lease = $2 AND status = 'processing' "
    "RETURNING id, type, queue, priority, attempt, max_attempts, lease, worker, show_id, "
    "episode_id, group_key, created_by, created_by_name, created_at, run_at, started_at, progress, "
    "message, args, $3::jsonb AS error, retries)" +
        moving("jobs_dead", "failed") + noting_attempts("ended", "$7::text", "NULL") +
        ", shown AS (SELECT id, id AS job_id, type, show_id, episode_id, $6::text AS error, "
        "$8::boolean AS retries_exhausted FROM ended)" +
        events::appending_rows<JobFailed>("appended", "shown", 4, 5) + " SELECT id FROM ended",
    Lane::change
};

Query const stop_job{
    "stop_job",
    "WITH ended AS (DELETE FROM jobs WHERE id = $1 AND lease = $2 AND status = 'processing' "
    "RETURNING *, id AS job_id)" +
        moving("jobs_finished", "cancelled") + noting_attempts("ended", "'cancelled'", "NULL") +
        events::appending_rows<JobCancelled>("appended", "ended", 3, 4) + " SELECT id FROM ended",
    Lane::change
};

/// Gives back the jobs `j` under way that `which` selects, unless they are to be cancelled.
std::string releasing(std::string_view which) {
    return fmt::format(
               "WITH held AS (SELECT j.id FROM jobs j WHERE j.status = 'processing' AND {} FOR "
               "UPDATE), change AS (UPDATE jobs j SET status = 'pending', attempt = attempt - 1, "
               "lease_until = NULL FROM held WHERE j.id = held.id AND j.cancel_requested_at IS "
               "NULL RETURNING j.*), ended AS (UPDATE jobs j SET lease_until = now() FROM held "
               "WHERE j.id = held.id AND j.cancel_requested_at IS NOT NULL)",
               which
           ) +
           noting_attempts("change", "'released'", "run_at") + " SELECT id FROM change";
}

Query const release_jobs{
    "release_jobs",
    releasing("j.id = ANY ($1::uuid[]) AND EXISTS (SELECT FROM unnest($1::uuid[], $2::bigint[]) AS "
              "d(did, "
              "dlease) WHERE j.id = d.did AND j.lease = d.dlease)"),
    Lane::change
};

Query const release_other_jobs{
    "release_other_jobs",
    releasing(
        "j.worker = $3 AND NOT EXISTS (SELECT FROM unnest($1::uuid[], $2::bigint[]) AS d(did, "
        "dlease) WHERE j.id = d.did AND j.lease = d.dlease)"
    ),
    Lane::change
};

Query const renew_leases{
    "renew_job_leases",
    "UPDATE jobs j SET lease_until = now() + make_interval(secs => $5::int), "
    "progress = coalesce(d.dprogress::smallint, j.progress), message = coalesce(d.dmessage, "
    "j.message) "
    "FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) AS d(did, dlease, dprogress, "
    "dmessage) WHERE j.id = d.did AND j.lease = d.dlease AND j.status = 'processing' "
    "RETURNING j.id, j.cancel_requested_at IS NOT NULL",
    Lane::change
};

// At most 500 at once, each with the back-off of its own attempts: 1 s doubled up to a minute.
// $1 event ids, $2 now
Query const requeue_lost{
    "requeue_lost_jobs",
    "WITH lost AS (SELECT id, lease, (least(60000, 1000 * 2 ^ least(attempt - 1, 10)) * (0.5 + "
    "random() / 2))::bigint AS delay FROM jobs WHERE status = 'processing' AND lease_until < now() "
    "AND cancel_requested_at IS NULL AND attempt < max_attempts LIMIT 500 FOR UPDATE SKIP LOCKED), "
    "change AS (UPDATE jobs j SET status = 'pending', lease_until = NULL, run_at = now() + "
    "make_interval(secs => lost.delay / 1000.0), error = "
    "'{\"code\":\"LOST\",\"message\":\"The worker that had the job has not been heard of.\"}' "
    "FROM lost WHERE j.id = lost.id RETURNING j.*, lost.delay)" +
        noting_attempts("change", "'lost'", "run_at") +
        ", shown AS (SELECT id, id AS job_id, type, show_id, episode_id, attempt AS retry_count, "
        "delay, error ->> 'message' AS error FROM change)" +
        events::appending_rows<JobRetry>("appended", "shown", 1, 2) + " SELECT id FROM change",
    Lane::change
};

Query const find_lost{
    "find_lost_jobs",
    "SELECT " + db::columns_of<Claimed>() +
        ", cancel_requested_at IS NOT NULL FROM jobs WHERE status = 'processing' AND lease_until < "
        "now() AND (cancel_requested_at IS NOT NULL OR attempt >= max_attempts) LIMIT $1::int",
    Lane::scan
};

std::string error_json(Failure const& failure) {
    return fmt::format(
        R"({{"code":{},"message":{}}})", json::to_text(failure.code), json::to_text(failure.message)
    );
}

void split(
    std::span<Held const> held, std::vector<std::string>& ids, std::vector<std::string>& leases
) {
    for (Held const& each : held) {
        ids.push_back(each.id);
        leases.push_back(std::to_string(each.lease));
    }
}

}  // namespace

Task<std::vector<std::string>> Queue::complete(std::vector<Completion> completions) {
    std::vector<std::string> ids;
    std::vector<std::string> leases;
    std::string results = "{";
    for (Completion& each : completions) {
        if (!each.result.empty()) {
            if (results.size() > 1) results += ',';
            results += fmt::format("\"{}\":{}", each.held.id, each.result);
        }
        ids.push_back(std::move(each.held.id));
        leases.push_back(std::to_string(each.held.lease));
    }
    results += '}';
    db::Params params{
        ids, leases, results, new_ids(static_cast<int>(ids.size())), to_rfc3339(clock_.now())
    };
    db::Rows const rows = co_await pool_.run(complete_jobs, std::move(params));
    std::vector<std::string> finished;
    for (db::Row const row : rows) finished.push_back(row.get<std::string>(0));
    co_return finished;
}

Task<AfterFailure> Queue::fail(Claimed job, Failure failure, Backoff backoff) {
    bool const retries = failure.retry && job.attempt < job.max_attempts;
    db::Params params{job.id, job.lease, error_json(failure), new_ids(1)};
    params.add(to_rfc3339(clock_.now())).add(failure.message).add(failure.outcome);
    if (retries) {
        auto const delay = failure.retry_after.value_or(delay_after(job.attempt, backoff));
        params.add(delay.count());
    } else {
        params.add(failure.retry);
    }
    db::Rows const rows =
        co_await pool_.run(retries ? retry_failed_job : bury_job, std::move(params));
    if (!rows.empty()) co_return retries ? AfterFailure::retries : AfterFailure::dead;
    if (!retries) co_return AfterFailure::stale;
    bool const stopped = co_await stop({job.id, job.lease});
    co_return stopped ? AfterFailure::cancelled : AfterFailure::stale;
}

Task<bool> Queue::stop(Held held) {
    db::Params params{held.id, held.lease, new_ids(1), to_rfc3339(clock_.now())};
    db::Rows const rows = co_await pool_.run(stop_job, std::move(params));
    co_return !rows.empty();
}

Task<> Queue::release(std::vector<Held> held) {
    std::vector<std::string> ids;
    std::vector<std::string> leases;
    split(held, ids, leases);
    co_await pool_.run(release_jobs, db::Params{ids, leases});
}

Task<> Queue::release_others(std::string worker, std::vector<Held> held) {
    std::vector<std::string> ids;
    std::vector<std::string> leases;
    split(held, ids, leases);
    co_await pool_.run(release_other_jobs, db::Params{ids, leases, worker});
}

Task<std::vector<Renewed>> Queue::renew(std::vector<Report> reports, std::chrono::seconds lease) {
    std::vector<std::string> ids;
    std::vector<std::string> leases;
    std::vector<std::optional<std::string>> progress;
    std::vector<std::optional<std::string>> messages;
    for (Report& each : reports) {
        ids.push_back(std::move(each.held.id));
        leases.push_back(std::to_string(each.held.lease));
        progress.push_back(
            each.progress ? std::optional{std::to_string(*each.progress)} : std::nullopt
        );
        messages.push_back(std::move(each.message));
    }
    db::Params params{ids, leases, progress, messages, lease.count()};
    db::Rows const rows = co_await pool_.run(renew_leases, std::move(params));
    std::vector<Renewed> renewed;
    for (db::Row const row : rows) renewed.push_back({row.get<std::string>(0), row.get<bool>(1)});
    co_return renewed;
}

Task<Queue::Reaped> Queue::reap() {
    Reaped reaped;
    db::Params params{new_ids(reap_max), to_rfc3339(clock_.now())};
    db::Rows const again = co_await pool_.run(requeue_lost, std::move(params));
    reaped.lost = again.size();
    // The others one by one. Whoever looks at the same time finds the same: the lease decides.
    db::Rows const rows = co_await pool_.run(find_lost, db::Params{reap_max});
    for (db::Row const row : rows) {
        Claimed job = db::read<Claimed>(row);
        bool const cancel = row.get<bool>(row.columns() - 1);
        if (cancel) {
            bool const stopped = co_await stop({job.id, job.lease});
            reaped.stopped += stopped ? 1 : 0;
            continue;
        }
        Failure failure{
            "LOST", "The worker that had the job has not been heard of.", "lost", true, {}
        };
        AfterFailure const after = co_await fail(std::move(job), std::move(failure), {});
        reaped.dead += after == AfterFailure::dead ? 1 : 0;
    }
    co_return reaped;
}

}  // namespace showrunner::jobs
