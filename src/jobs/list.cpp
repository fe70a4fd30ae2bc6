#include "jobs/list.hpp"

#include "db/described.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

/// Where jobs are, by what may have become of them.
struct Place {
    std::string_view table;
    std::string_view finished_at;
    std::string_view cancel_requested_at;
    std::string_view result;
};

constexpr Place live{"jobs", "NULL::timestamptz", "cancel_requested_at", "NULL::jsonb"};
constexpr Place finished{"jobs_finished", "finished_at", "NULL::timestamptz", "result"};
constexpr Place dead{"jobs_dead", "finished_at", "NULL::timestamptz", "result"};

std::string columns_of(Place const& place) {
    return fmt::format(
        "id, type, queue, status, priority, attempt, max_attempts, worker, show_id, episode_id, "
        "group_key, created_by, created_by_name, created_at, run_at, started_at, {} AS "
        "finished_at, {} AS cancel_requested_at, progress, message, args, error, {} AS result, "
        "retries",
        place.finished_at,
        place.cancel_requested_at,
        place.result
    );
}

// What belongs to no show is for admins and for who started it.
constexpr std::string_view visible =
    "((show_id IS NOT NULL AND ($1::uuid[] IS NULL OR show_id = ANY ($1))) OR "
    "(show_id IS NULL AND ($2::boolean OR created_by = $3::uuid)))";

constexpr std::string_view with_title =
    "SELECT j.*, (SELECT title FROM episodes e WHERE e.id = j.episode_id) AS episode_title FROM ";

std::string one_of(Place const& place) {
    return fmt::format(
        "SELECT {} FROM {} WHERE id = $4 AND {}", columns_of(place), place.table, visible
    );
}

Query const find_job{
    "find_job",
    fmt::format(
        "{}({} UNION ALL {} UNION ALL {}) AS j",
        with_title,
        one_of(live),
        one_of(finished),
        one_of(dead)
    ),
    Lane::read
};

/// Each place by itself, newest first, then what comes first of all of them.
std::string page_of(Place const& place) {
    return fmt::format(
        "(SELECT {} FROM {} WHERE {} AND ($4::uuid IS NULL OR id < $4) "
        "AND status = ANY ($5::job_status[]) AND ($6::text IS NULL OR type = $6) "
        "AND ($7::text IS NULL OR queue = $7) AND ($8::uuid IS NULL OR show_id = $8) "
        "AND ($9::uuid IS NULL OR episode_id = $9) AND ($10::uuid IS NULL OR created_by = $10) "
        "ORDER BY id DESC LIMIT $11::int)",
        columns_of(place),
        place.table,
        visible
    );
}

Query const find_attempts{
    "find_job_attempts",
    "SELECT " + db::columns_of<Attempt>() +
        " FROM job_attempts WHERE job_id = $1 ORDER BY lease DESC LIMIT 100",
    Lane::read
};

Query const follow_log{
    "follow_job_log",
    "SELECT " + db::columns_of<LogLine>() +
        " FROM job_log WHERE job_id = $1 AND seq > $2::bigint ORDER BY seq LIMIT $3::int",
    Lane::read
};

Query const end_of_log{
    "find_end_of_job_log",
    "SELECT * FROM (SELECT " + db::columns_of<LogLine>() +
        " FROM job_log WHERE job_id = $1 ORDER BY seq DESC LIMIT $2::int) AS lines ORDER BY seq",
    Lane::read
};

Query const count_jobs{
    "count_jobs",
    "SELECT (SELECT count(*) FROM (SELECT FROM jobs WHERE status = 'pending' LIMIT $1::int + 1) "
    "AS part), (SELECT count(*) FROM (SELECT FROM jobs WHERE status = 'pending' AND run_at > now() "
    "LIMIT $1::int) AS part), (SELECT count(*) FROM (SELECT FROM jobs WHERE status = 'processing' "
    "LIMIT 100000) AS part), (SELECT count(*) FROM (SELECT FROM jobs_dead LIMIT $1::int) AS part), "
    "(SELECT extract(epoch FROM now() - min(run_at))::bigint FROM (SELECT run_at FROM jobs WHERE "
    "status = 'pending' AND run_at <= now() LIMIT $1::int) AS part)",
    Lane::scan
};

Query const sum_tallies{
    "sum_job_tallies",
    "SELECT outcome, run_ms, sum(jobs)::bigint FROM job_tallies WHERE at > now() - interval '24 "
    "hours' GROUP BY 1, 2 ORDER BY 2",
    Lane::scan
};

Query const list_workers{
    "list_job_workers",
    "SELECT " + db::columns_of<Worker>() +
        " FROM job_workers WHERE heartbeat_at > now() - interval '1 hour' "
        "ORDER BY kind, name, id LIMIT 500",
    Lane::scan
};

db::Params visible_to(api::Context const& context) {
    db::Params params;
    params.add(auth::visible_shows(context.principal))
        .add(auth::allows(context.principal, auth::Action::administer, {}));
    bool const person = is_id(context.principal.user_id);
    params.add(person ? std::optional{context.principal.user_id} : std::nullopt);
    return params;
}

/// Only where a job of the wanted statuses can be: history is long.
Query list_query(std::vector<Status> const& wanted) {
    auto const wants = [&](std::initializer_list<Status> some) {
        return wanted.empty() || std::any_of(some.begin(), some.end(), [&](Status status) {
                   return std::find(wanted.begin(), wanted.end(), status) != wanted.end();
               });
    };
    std::string from;
    auto const add = [&](Place const& place) {
        if (!from.empty()) from += " UNION ALL ";
        from += page_of(place);
    };
    if (wants({Status::pending, Status::processing})) add(live);
    if (wants({Status::completed, Status::cancelled})) add(finished);
    if (wants({Status::failed})) add(dead);
    return {
        "list_jobs",
        fmt::format("{}({}) AS j ORDER BY id DESC LIMIT $11::int", with_title, from),
        Lane::scan
    };
}

std::optional<std::int64_t> percentile(
    std::vector<std::pair<std::int64_t, std::int64_t>> const& buckets, double part
) {
    std::int64_t total = 0;
    for (auto const& [bound, count] : buckets) total += count;
    auto const rank = static_cast<std::int64_t>(static_cast<double>(total) * part);
    std::int64_t below = 0;
    for (auto const& [bound, count] : buckets) {
        below += count;
        if (below > rank) return bound;
    }
    return {};
}

}  // namespace

Task<std::optional<Job>> find(api::Context& context, std::string id) {
    db::Params params = visible_to(context);
    params.add(id);
    db::Rows const rows = co_await context.read(find_job, std::move(params));
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<Job>(rows.front());
}

Task<Job> get(api::Context& context, std::string id) {
    auto job = co_await find(context, std::move(id));
    if (!job) throw Error{Code::not_found, "There is no such job."};
    co_return std::move(*job);
}

void require(api::Context const& context, auth::Action action, Job const& job) {
    context.require(job.show_id ? action : auth::Action::administer, job.show_id);
}

Task<JobPage> list(api::Context& context, ListJobs query) {
    int const limit = query.limit.value_or(50);
    std::vector<std::string> statuses;
    for (Status const status : query.status) statuses.emplace_back(json::name_of(status));
    if (statuses.empty()) {
        for (std::string_view const name : json::names_of<Status>()) statuses.emplace_back(name);
    }
    db::Params params = visible_to(context);
    std::optional<std::string> after;
    if (query.cursor) after = api::read_cursor(*query.cursor, "jobs", 1).front();
    if (after && !is_id(*after)) throw invalid_field("cursor", "CURSOR", "is not of this list");
    params.add(after).add(statuses).add(query.type).add(query.queue).add(query.show_id);
    params.add(query.episode_id).add(query.created_by).add(limit + 1);
    db::Rows const rows = co_await context.read(list_query(query.status), std::move(params));
    JobPage page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.jobs.size()) == limit) {
            page.pagination.next_cursor = api::make_cursor("jobs", {page.jobs.back().id});
            break;
        }
        page.jobs.push_back(db::read<Job>(row));
    }
    co_return page;
}

Task<std::vector<Attempt>> attempts(api::Context& context, std::string id) {
    co_await get(context, id);
    db::Rows const rows = co_await context.read(find_attempts, db::Params{id});
    std::vector<Attempt> all;
    for (db::Row const row : rows) all.push_back(db::read<Attempt>(row));
    co_return all;
}

Task<std::vector<LogLine>> log_lines(api::Context& context, std::string id, ReadLog query) {
    co_await get(context, id);
    int const limit = query.limit.value_or(500);
    db::Params params{id};
    if (query.after) params.add(*query.after);
    params.add(limit);
    db::Rows const rows =
        co_await context.read(query.after ? follow_log : end_of_log, std::move(params));
    std::vector<LogLine> lines;
    for (db::Row const row : rows) lines.push_back(db::read<LogLine>(row));
    co_return lines;
}

Task<JobStats> stats(api::Context& context) {
    JobStats stats;
    db::Rows const counted = co_await context.read(count_jobs, db::Params{pending_counted_max});
    db::Row const counts = counted.front();
    stats.pending = counts.get<std::int64_t>(0);
    stats.pending_more = stats.pending > pending_counted_max;
    stats.pending = std::min<std::int64_t>(stats.pending, pending_counted_max);
    stats.scheduled = counts.get<std::int64_t>(1);
    stats.processing = counts.get<std::int64_t>(2);
    stats.dead = counts.get<std::int64_t>(3);
    stats.oldest_due_s = counts.get<std::optional<std::int64_t>>(4);
    db::Rows const tallies = co_await context.read(sum_tallies, {});
    std::vector<std::pair<std::int64_t, std::int64_t>> completed;
    for (db::Row const row : tallies) {
        auto const outcome = json::enum_from<Status>(row.text(0));
        auto const jobs = row.get<std::int64_t>(2);
        if (outcome == Status::completed) {
            stats.completed_24h += jobs;
            completed.emplace_back(row.get<std::int64_t>(1), jobs);
        } else if (outcome == Status::failed) {
            stats.failed_24h += jobs;
        } else {
            stats.cancelled_24h += jobs;
        }
    }
    stats.run_ms_p50 = percentile(completed, 0.5);
    stats.run_ms_p95 = percentile(completed, 0.95);
    co_return stats;
}

Task<std::vector<Worker>> workers(api::Context& context) {
    db::Rows const rows = co_await context.read(list_workers, {});
    std::vector<Worker> all;
    for (db::Row const row : rows) all.push_back(db::read<Worker>(row));
    co_return all;
}

}  // namespace showrunner::jobs
