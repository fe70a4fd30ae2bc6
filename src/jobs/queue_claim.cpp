// Taking jobs.
#include "db/described.hpp"
#include "events/ledger.hpp"
#include "jobs/events.hpp"
#include "jobs/queue.hpp"
#include "jobs/statements.hpp"

#include <algorithm>

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

/// Marks the jobs whose ids `picked` selects as the worker's. Parameters: $1 worker, $2 lease in
/// seconds, $3 event ids, $4 now. Times are the statement's: its transaction may have waited for
/// its turn for longer than a lease. `picked` locks what it selects, so the rows are still as it
/// found them; nothing else is asked of them here, lest a plan made for an empty queue read all
/// that waits and look for each row in the list. Whichever way the job waits again, its message is
/// to be sent again (JOB_QUEUE=sqs): that is forgotten here, once for all of them.
std::string claiming(std::string const& picked) {
    return "WITH change AS (UPDATE jobs SET status = 'processing', attempt = attempt + 1, "
           "lease = lease + 1, lease_until = statement_timestamp() + make_interval(secs => "
           "$2::int), worker = $1, started_at = statement_timestamp(), cancel_requested_at = NULL, "
           "progress = NULL, message = NULL, sent_at = NULL "
           "WHERE id = ANY (ARRAY(" +
           picked + ")) RETURNING " + db::columns_of<Claimed>() + ", id AS job_id)" +
           events::appending_rows<JobStarted>("appended", "change", 3, 4) + " SELECT " +
           db::columns_of<Claimed>() +
           ", (extract(epoch FROM run_at) * 1000000)::bigint FROM change";
}

// One probe of the index a priority, as lazily as the limit allows: what is scheduled for later
// at one priority does not stand before the next one. ARRAY(…) is evaluated once, before the
// update is planned against it.
Query const claim_ready{
    "claim_jobs",
    claiming(
        "SELECT ready.id FROM unnest($7::bigint[], $8::uuid[]) WITH ORDINALITY "
        "AS hint(us, id, n) CROSS JOIN LATERAL (SELECT j.id FROM jobs j WHERE j.queue = $5 "
        "AND j.status = 'pending' AND j.priority = (hint.n - 1)::smallint AND j.run_at <= now() "
        "AND (j.run_at, j.id) >= ('epoch'::timestamptz + hint.us * interval '1 us', hint.id) "
        "ORDER BY j.run_at, j.id LIMIT $6::int FOR UPDATE SKIP LOCKED) AS ready LIMIT $6::int"
    ),
    Lane::change
};

Query const claim_these{
    "claim_jobs_by_id",
    claiming(
        "SELECT j.id FROM jobs j WHERE j.id = ANY ($5::uuid[]) AND j.status = 'pending' "
        "AND j.run_at <= now() ORDER BY j.priority, j.run_at LIMIT $6::int FOR UPDATE SKIP LOCKED"
    ),
    Lane::change
};

// Claims from a queue with limits take turns: they hold its row. What runs is counted by the next
// statement, whose snapshot is younger than the lock.
Query const lock_queue{
    "lock_job_queue",
    "UPDATE job_queues SET refilled_at = now(), tokens = CASE WHEN rate_per_minute IS NULL THEN 0 "
    "ELSE least(greatest(rate_per_minute / 60.0, 1), "
    "tokens + extract(epoch FROM now() - refilled_at) * rate_per_minute / 60.0) END "
    "WHERE name = $1 AND NOT paused RETURNING coalesce(concurrency, 1000000), "
    "coalesce(group_concurrency, 1000000), "
    "CASE WHEN rate_per_minute IS NULL THEN 1000000 ELSE floor(tokens) END::int",
    Lane::change
};

/// Groups that are full are passed over; of the others no more than there is room for. `$7` is the
/// queue's concurrency, `$8` a group's.
std::string in_groups(std::string_view which) {
    return fmt::format(
        "WITH busy AS (SELECT group_key, count(*) AS running FROM jobs WHERE queue = $5 AND "
        "status = 'processing' AND group_key IS NOT NULL GROUP BY group_key), "
        "ready AS (SELECT j.id, j.group_key, j.priority, j.run_at FROM jobs j WHERE j.queue = $5 "
        "AND j.status = 'pending' AND j.run_at <= now(){} AND NOT EXISTS (SELECT FROM busy b "
        "WHERE b.group_key = j.group_key AND b.running >= $8::int) "
        "ORDER BY j.priority, j.run_at, j.id LIMIT 1000 FOR UPDATE SKIP LOCKED), "
        "ranked AS (SELECT r.id, r.priority, r.run_at, coalesce(b.running, 0) + CASE WHEN "
        "r.group_key IS NULL THEN 0 ELSE row_number() OVER (PARTITION BY r.group_key ORDER BY "
        "r.priority, r.run_at, r.id) END AS place FROM ready r LEFT JOIN busy b "
        "ON b.group_key = r.group_key) SELECT id FROM ranked WHERE place <= $8::int "
        "ORDER BY priority, run_at, id LIMIT least($6::int, greatest($7::int - (SELECT count(*) "
        "FROM jobs WHERE queue = $5 AND status = 'processing'), 0))",
        which
    );
}

Query const claim_in_groups{"claim_jobs_in_groups", claiming(in_groups("")), Lane::change};

Query const claim_these_in_groups{
    "claim_jobs_by_id_in_groups", claiming(in_groups(" AND j.id = ANY ($9::uuid[])")), Lane::change
};

Query const spend_tokens{
    "spend_job_tokens",
    "UPDATE job_queues SET tokens = tokens - $2::int WHERE name = $1 AND rate_per_minute IS NOT "
    "NULL",
    Lane::change
};

Query const find_limits{
    "find_job_queue_limits",
    "SELECT paused, concurrency, group_concurrency, rate_per_minute FROM job_queues WHERE name = "
    "$1",
    Lane::read
};

/// The most urgent first. `hints`, when there are any, learn where these were.
std::vector<Claimed> claimed_of(db::Rows const& rows, Hints* hints = nullptr) {
    constexpr int run_at_us = boost::mp11::mp_size<json::Members<Claimed>>::value;
    std::vector<Claimed> jobs;
    jobs.reserve(static_cast<std::size_t>(rows.size()));
    for (db::Row const row : rows) {
        Claimed const& job = jobs.emplace_back(db::read<Claimed>(row));
        if (hints == nullptr) continue;
        hints->learn(job.priority, row.get<std::int64_t>(run_at_us), job.id);
    }
    std::sort(jobs.begin(), jobs.end(), [](Claimed const& a, Claimed const& b) {
        return std::tie(a.priority, a.run_at, a.id) < std::tie(b.priority, b.run_at, b.id);
    });
    return jobs;
}

/// The parameters that every claim begins with.
db::Params claim_params(Claim const& claim, int max, Clock const& clock) {
    return db::Params{claim.worker, claim.lease.count(), new_ids(max), to_rfc3339(clock.now())};
}

}  // namespace

std::vector<std::string> Hints::times() const {
    std::vector<std::string> texts;
    for (std::int64_t const time : times_) texts.push_back(std::to_string(time));
    return texts;
}

void Hints::learn(int priority, std::int64_t run_at_us, std::string const& id) {
    auto const place = static_cast<std::size_t>(priority);
    any_ = true;
    if (std::tie(times_[place], ids_[place]) >= std::tie(run_at_us, id)) return;
    times_[place] = run_at_us;
    ids_[place] = id;
}

void Hints::forget() {
    if (any_) *this = Hints{};
}

void Hints::refresh(std::chrono::steady_clock::time_point now) {
    if (now - forgot_at_ < keep_for) return;
    forget();
    forgot_at_ = now;
}

Task<std::vector<Claimed>> Queue::claim(Claim claim, QueueLimits limits, Hints* hints) {
    if (limits.paused || claim.max <= 0) co_return std::vector<Claimed>{};
    if (limits.any()) co_return co_await claim_within_limits(std::move(claim));
    db::Params params = claim_params(claim, claim.max, clock_);
    if (!claim.ids.empty()) {
        params.add(claim.ids).add(claim.max);
        db::Rows const rows = co_await pool_.run(claim_these, std::move(params));
        co_return claimed_of(rows);
    }
    static Hints const none;
    Hints const& from = hints != nullptr ? *hints : none;
    params.add(claim.queue).add(claim.max).add(from.times()).add(from.ids());
    db::Rows const rows = co_await pool_.run(claim_ready, std::move(params));
    if (hints == nullptr) co_return claimed_of(rows);
    hints->refresh(std::chrono::steady_clock::now());
    bool const partial = rows.size() < claim.max;
    if (partial) hints->forget();
    co_return claimed_of(rows, partial ? nullptr : hints);
}

Task<std::vector<Claimed>> Queue::claim_within_limits(Claim claim) {
    db::Transaction transaction = co_await pool_.begin();
    db::Rows const locked = co_await transaction.run(lock_queue, db::Params{claim.queue});
    if (locked.empty()) co_return std::vector<Claimed>{};
    db::Row const row = locked.front();
    int const max = std::min(claim.max, row.get<int>(2));
    std::vector<Claimed> jobs;
    if (max > 0) {
        db::Params params = claim_params(claim, max, clock_);
        params.add(claim.queue).add(max).add(row.get<int>(0)).add(row.get<int>(1));
        db::Rows rows;
        if (claim.ids.empty()) {
            rows = co_await transaction.run(claim_in_groups, std::move(params));
        } else {
            params.add(claim.ids);
            rows = co_await transaction.run(claim_these_in_groups, std::move(params));
        }
        jobs = claimed_of(rows);
        db::Params spent{claim.queue, jobs.size()};
        co_await transaction.run(spend_tokens, std::move(spent));
    }
    co_await transaction.commit();
    co_return jobs;
}

Task<QueueLimits> Queue::limits(std::string queue) {
    db::Rows const rows = co_await pool_.run(find_limits, db::Params{queue});
    QueueLimits limits;
    if (!rows.empty()) {
        db::Row const row = rows.front();
        limits.paused = row.get<bool>(0);
        limits.concurrency = row.get<std::optional<int>>(1);
        limits.group_concurrency = row.get<std::optional<int>>(2);
        limits.rate_per_minute = row.get<std::optional<int>>(3);
    }
    co_return limits;
}

}  // namespace showrunner::jobs
