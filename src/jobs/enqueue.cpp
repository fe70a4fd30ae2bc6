#include "db/described.hpp"
#include "jobs/events.hpp"
#include "jobs/jobs.hpp"
#include "jobs/list.hpp"
#include "jobs/types.hpp"

#include <set>

namespace showrunner::jobs {

namespace {

db::Query const insert_jobs{
    "insert_jobs",
    events::appending_many(
        "INSERT INTO jobs (id, type, queue, priority, max_attempts, show_id, episode_id, "
        "group_key, unique_key, created_by, created_by_name, created_at, run_at, args) "
        "SELECT id, type, queue, priority, max_attempts, show_id, episode_id, group_key, "
        "unique_key, created_by, created_by_name, created_at, run_at, args "
        "FROM json_to_recordset($1::json) AS r(id uuid, type text, queue text, priority smallint, "
        "max_attempts int, show_id uuid, episode_id uuid, group_key text, unique_key text, "
        "created_by uuid, created_by_name text, created_at timestamptz, run_at timestamptz, "
        "args jsonb) "
        "ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING RETURNING id",
        2
    ),
    db::Lane::insert
};

db::Query const find_by_unique_key{
    "find_job_by_unique_key", "SELECT id FROM jobs WHERE unique_key = $1", db::Lane::read
};

std::string record_of(Job const& job, std::optional<std::string> const& unique_key) {
    std::string record = json::to_text(job);
    if (unique_key) {
        record.pop_back();
        record += R"(,"unique_key":)";
        json::write(record, *unique_key);
        record += '}';
    }
    return record;
}

events::Entry created_entry(Job const& job, events::Actor const& actor) {
    JobCreated const event{job.id, job.type, job.episode_id, actor.user_id};
    return events::make_entry(event, actor, {job.id, job.episode_id, job.show_id}, job.created_at);
}

/// Where jobs of the type go when nothing else is said.
std::string queue_of(Handler const* handler, std::string_view type) {
    return std::string{handler != nullptr ? handler->queue : type};
}

void signal_ready(api::Context& context, std::vector<Job> const& jobs) {
    std::set<std::string_view> queues;
    for (Job const& job : jobs) queues.insert(job.queue);
    for (std::string_view const queue : queues) context.signal("jobs.ready", queue);
}

}  // namespace

void check_job(api::Services const& services, NewJob const& input) {
    Handler const* handler = services.job_types.find(input.type);
    if (handler == nullptr && !is_name(input.type)) {
        throw invalid_field("type", "FORMAT", "must be lower-case words such as render.still");
    }
    if (handler != nullptr && handler->args.check != nullptr) {
        handler->args.check(input.args.text);
    }
    std::string const queue = input.queue.value_or(queue_of(handler, input.type));
    if (!is_name(queue)) {
        throw invalid_field("queue", "FORMAT", "must be lower-case words such as renders");
    }
    if (handler == nullptr && services.job_types.has_queue(queue)) {
        throw invalid_field(
            "queue", "QUEUE", "is worked by the server, which has no handler for this type"
        );
    }
}

Job make_job(api::Services const& services, NewJob input, events::Actor const& actor) {
    Handler const* handler = services.job_types.find(input.type);
    Job job;
    job.queue = std::move(input.queue).value_or(queue_of(handler, input.type));
    Time const now = services.clock.now();
    job.id = input.id ? std::move(*input.id) : new_id();
    job.type = std::move(input.type);
    job.priority = input.priority.value_or(default_priority);
    job.max_attempts = input.max_attempts.value_or(handler != nullptr ? handler->max_attempts : 5);
    job.show_id = std::move(input.show_id);
    job.episode_id = std::move(input.episode_id);
    job.group_key = std::move(input.group_key);
    job.created_by = actor.user_id;
    job.created_by_name = actor.name;
    job.created_at = now;
    job.run_at = input.run_at.value_or(now);
    job.args = std::move(input.args);
    return job;
}

db::Query const& enqueue_query() {
    return insert_jobs;
}

db::Params enqueue_params(
    std::vector<Job> const& jobs,
    std::vector<std::optional<std::string>> const& unique_keys,
    events::Actor const& actor
) {
    std::string records = "[";
    std::vector<events::Entry> entries;
    entries.reserve(jobs.size());
    for (std::size_t n = 0; n < jobs.size(); ++n) {
        if (n > 0) records += ',';
        records += record_of(jobs[n], n < unique_keys.size() ? unique_keys[n] : std::nullopt);
        entries.push_back(created_entry(jobs[n], actor));
    }
    records += ']';
    db::Params params{records};
    events::add_many(params, actor, entries);
    return params;
}

Task<Enqueued> enqueue(api::Context& context, NewJob input) {
    std::optional<std::string> const unique_key = input.unique_key;
    check_job(context.services, input);
    std::vector<Job> jobs;
    jobs.push_back(make_job(context.services, std::move(input), context.actor));
    // Between the two statements the job that was in the way may finish: then there is room.
    for (int attempt = 0; attempt < 3; ++attempt) {
        db::Params params = enqueue_params(jobs, {unique_key}, context.actor);
        db::Rows const rows = co_await context.write(insert_jobs, std::move(params));
        if (!rows.empty()) {
            signal_ready(context, jobs);
            co_return Enqueued{std::move(jobs.front()), true};
        }
        db::Rows const there = co_await context.read(find_by_unique_key, db::Params{*unique_key});
        if (there.empty()) continue;
        auto existing = co_await find(context, there.front().get<std::string>(0));
        if (existing) co_return Enqueued{std::move(*existing), false};
    }
    throw Error{Code::conflict, "JOB_EXISTS", "A job with this unique_key is waiting or running."};
}

Task<std::vector<Job>> enqueue_many(api::Context& context, std::vector<NewJob> inputs) {
    std::vector<Job> jobs;
    jobs.reserve(inputs.size());
    for (NewJob& input : inputs) {
        check_job(context.services, input);
        jobs.push_back(make_job(context.services, std::move(input), context.actor));
    }
    db::Params params = enqueue_params(jobs, {}, context.actor);
    co_await context.write(insert_jobs, std::move(params));
    signal_ready(context, jobs);
    co_return jobs;
}

}  // namespace showrunner::jobs
