#include "jobs/remote.hpp"

#include "base/text.hpp"
#include "db/described.hpp"
#include "jobs/progress.hpp"
#include "jobs/queue.hpp"
#include "jobs/types.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;
using SteadyClock = std::chrono::steady_clock;

constexpr int default_lease_s = 30;
/// Queues are looked at this often, should no signal come.
constexpr std::chrono::milliseconds look_interval{1'000};

Query const note_worker{
    "note_remote_worker",
    "INSERT INTO job_workers (id, name, kind, queues, concurrency, running, poll_interval_ms, "
    "started_at, heartbeat_at) VALUES ($1, $2, 'remote', $3, $4, 0, $5, now(), now()) ON CONFLICT "
    "(id) DO UPDATE SET queues = excluded.queues, concurrency = excluded.concurrency, "
    "poll_interval_ms = excluded.poll_interval_ms, heartbeat_at = now(), running = (SELECT "
    "count(*) FROM jobs WHERE worker = excluded.id AND status = 'processing' AND queue = ANY "
    "(excluded.queues))",
    Lane::change
};

Query const find_held{
    "find_held_job",
    "SELECT " + db::columns_of<Claimed>() +
        " FROM jobs WHERE id = $1 AND lease = $2 AND status = 'processing'",
    Lane::read
};

Query const add_lines{
    "insert_remote_job_log",
    "INSERT INTO job_log (job_id, attempt, created_at, level, text) SELECT $1, $2, $3, 'info', "
    "line FROM unnest($4::text[]) AS line",
    Lane::change
};

Error stale() {
    return Error{
        Code::conflict,
        "STALE_LEASE",
        "The job is not yours (any more): it is over, or another worker has it."
    };
}

Task<Claimed> held_job(api::Context& context, std::string id, std::int64_t lease) {
    db::Rows const rows = co_await context.services.db.run(find_held, db::Params{id, lease});
    if (rows.empty()) throw stale();
    co_return db::read<Claimed>(rows.front());
}

LeasedJob leased(Claimed job) {
    return {
        std::move(job.id),
        std::move(job.type),
        std::move(job.queue),
        job.lease,
        job.attempt,
        job.max_attempts,
        std::move(job.show_id),
        std::move(job.episode_id),
        std::move(job.args)
    };
}

Task<std::vector<LeasedJob>> claim_from(
    api::Context& context, LeaseJobs const& input, std::string worker
) {
    Queue queue{context.services.jobs_db, context.services.clock};
    std::vector<LeasedJob> jobs;
    int const max = input.max.value_or(1);
    for (std::string const& name : input.queues) {
        int const room = max - static_cast<int>(jobs.size());
        if (room == 0) break;
        QueueLimits const limits = co_await queue.limits(name);
        std::chrono::seconds const lease{input.lease_s.value_or(default_lease_s)};
        auto claimed = co_await queue.claim({name, room, worker, lease, {}}, limits, nullptr);
        for (Claimed& job : claimed) jobs.push_back(leased(std::move(job)));
    }
    co_return jobs;
}

http::Response settled(std::string id, Status status) {
    return api::one(Settled{std::move(id), status});
}

}  // namespace

Task<http::Response> lease_jobs(api::Context& context) {
    auto const input = context.body<LeaseJobs>();
    for (std::string const& name : input.queues) {
        if (!is_name(name)) throw invalid_field("queues", "FORMAT", "must be names of queues");
    }
    if (input.queues.empty()) throw invalid_field("queues", "REQUIRED", "must name a queue");
    std::string const worker =
        fmt::format("{}/{}", context.principal.token_id, valid_utf8(input.worker, 100));
    int const wait_ms = 1000 * input.wait_s.value_or(0);
    db::Params params{worker, input.worker, input.queues, input.max.value_or(1)};
    params.add(std::max(1000, wait_ms));
    co_await context.services.db.run(note_worker, std::move(params));
    auto const end = SteadyClock::now() + std::chrono::milliseconds{wait_ms};
    std::vector<LeasedJob> jobs;
    for (;;) {
        jobs = co_await claim_from(context, input, worker);
        auto const left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
        if (!jobs.empty() || left.count() <= 0 || context.services.about.stopping) break;
        co_await context.services.signals.wait("jobs.ready", std::min(left, look_interval));
    }
    if (!jobs.empty()) context.services.tail.wake();
    co_return api::all(jobs);
}

Task<http::Response> beat_job(api::Context& context) {
    std::string const id = context.id();
    auto beat = context.body<Heartbeat>();
    Claimed const job = co_await held_job(context, id, beat.lease);
    std::chrono::seconds const lease{beat.lease_s.value_or(default_lease_s)};
    Queue queue{context.services.jobs_db, context.services.clock};
    std::vector<Report> reports;
    reports.push_back({{id, beat.lease}, beat.progress, beat.message});
    auto const renewed = co_await queue.renew(std::move(reports), lease);
    if (renewed.empty()) throw stale();
    Time const now = context.services.clock.now();
    if (!beat.log.empty()) {
        for (std::string& line : beat.log) line = valid_utf8(line, 4096);
        co_await context.services.db.run(add_lines, db::Params{id, job.attempt, now, beat.log});
    }
    bool const news = beat.progress || beat.message || !beat.log.empty();
    if (news) {
        context.signal(
            "jobs.progress", progress_payload(job, beat.progress, beat.message, !beat.log.empty())
        );
    }
    co_return api::one(HeartbeatAnswer{renewed.front().cancel, now + lease});
}

Task<http::Response> complete_job(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<CompleteJob>();
    Queue queue{context.services.jobs_db, context.services.clock};
    std::vector<Completion> completions;
    completions.push_back({{id, input.lease}, std::move(input.result.text)});
    auto const finished = co_await queue.complete(std::move(completions));
    if (finished.empty()) throw stale();
    context.services.tail.wake();
    co_return settled(id, Status::completed);
}

Task<http::Response> fail_job(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<FailJob>();
    Queue queue{context.services.jobs_db, context.services.clock};
    Claimed job = co_await held_job(context, id, input.lease);
    Status status = Status::pending;
    if (input.cancelled.value_or(false)) {
        bool const stopped = co_await queue.stop({id, input.lease});
        if (!stopped) throw stale();
        status = Status::cancelled;
    } else if (input.release.value_or(false)) {
        std::vector<Held> const held{{id, input.lease}};
        co_await queue.release(held);
        context.signal("jobs.ready", job.queue);
    } else {
        Failure failure;
        failure.code = std::move(input.code).value_or("FAILED");
        failure.message = std::move(input.message).value_or("The worker said that it failed.");
        failure.retry = input.retry.value_or(true);
        if (input.retry_after_s) {
            failure.retry_after = std::chrono::seconds{*input.retry_after_s};
        }
        AfterFailure const after =
            co_await queue.fail(std::move(job), std::move(failure), Backoff{});
        if (after == AfterFailure::stale) throw stale();
        if (after == AfterFailure::dead) status = Status::failed;
        if (after == AfterFailure::cancelled) status = Status::cancelled;
    }
    context.services.tail.wake();
    co_return settled(id, status);
}

Task<http::Response> upload_file(api::Context& context) {
    std::string const id = context.id();
    auto const query = context.query<UploadFile>();
    if (!query.lease) throw invalid_field("lease", "REQUIRED", "is required");
    if (!query.name) throw invalid_field("name", "REQUIRED", "is required");
    co_await held_job(context, id, *query.lease);
    FileWriter file{
        context.services.db,
        FileRole::output,
        *query.name,
        std::string{context.request.headers.get("Content-Type")}
    };
    std::string chunk;
    for (;;) {
        bool const more = co_await context.request.stream->read(chunk);
        if (!more) break;
        co_await file.write(chunk);
    }
    // Who has lost the job meanwhile adds nothing to it.
    co_await held_job(context, id, *query.lease);
    JobFile const kept = co_await file.close(id);
    co_return api::one(kept, 201);
}

}  // namespace showrunner::jobs
