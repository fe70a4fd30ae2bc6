#include "jobs/schedules.hpp"

#include "base/log.hpp"
#include "db/described.hpp"
#include "jobs/cron.hpp"
#include "jobs/events.hpp"
#include "jobs/jobs.hpp"
#include "jobs/types.hpp"
#include "shows/shows.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

Query const list_schedules{
    "list_job_schedules",
    "SELECT " + db::columns_of<Schedule>() + " FROM job_schedules ORDER BY lower(name) LIMIT 500",
    Lane::scan
};

Query const find_schedule{
    "find_job_schedule",
    "SELECT " + db::columns_of<Schedule>() + " FROM job_schedules WHERE id = $1",
    Lane::read
};

Query const insert_schedule{
    "insert_job_schedule",
    events::appending_one(
        "INSERT INTO job_schedules (id, name, cron, type, args, priority, paused, next_at, "
        "show_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "RETURNING 1",
        12
    ),
    Lane::change
};

Query const save_schedule{
    "save_job_schedule",
    events::appending_one(
        "UPDATE job_schedules SET name = $3, cron = $4, args = $5, priority = $6, paused = $7, "
        "next_at = $8, version = version + 1 WHERE id = $1 AND version = $2 RETURNING 1",
        9
    ),
    Lane::change
};

Query const remove_schedule{
    "delete_job_schedule",
    events::appending_one("DELETE FROM job_schedules WHERE id = $1 RETURNING 1", 2),
    Lane::change
};

Query const lock_due{
    "lock_due_job_schedule",
    "SELECT " + db::columns_of<Schedule>() +
        " FROM job_schedules WHERE NOT paused AND next_at <= now() ORDER BY next_at LIMIT 1 FOR "
        "UPDATE SKIP LOCKED",
    Lane::change
};

Query const move_on{
    "move_job_schedule",
    "UPDATE job_schedules SET next_at = $2, last_at = $3, last_job = $4 WHERE id = $1",
    Lane::change
};

/// Never again, for a schedule without a next time.
Time end_of_time() {
    return *parse_time("9999-12-31T00:00:00Z");
}

Time next_of(std::string const& cron, Time now) {
    std::optional<Time> next;
    try {
        next = Cron{cron}.next(now);
    } catch (std::invalid_argument const& error) {
        throw invalid_field("cron", "CRON", error.what());
    }
    if (!next) throw invalid_field("cron", "CRON", "never comes");
    return *next;
}

NewJob job_of(Schedule const& schedule) {
    NewJob job;
    job.type = schedule.type;
    job.args = schedule.args;
    job.priority = schedule.priority;
    job.show_id = schedule.show_id;
    return job;
}

events::Entry changed_entry(api::Context& context, Schedule const& schedule, std::string change) {
    JobScheduleChanged const event{schedule.id, schedule.name, std::move(change)};
    events::Subject const subject{schedule.id, {}, {}};
    return events::make_entry(event, context.actor, subject, context.services.clock.now());
}

Task<Schedule> get(api::Context& context, std::string id) {
    db::Rows const rows = co_await context.read(find_schedule, db::Params{id});
    if (rows.empty()) throw Error{Code::not_found, "There is no such schedule."};
    co_return db::read<Schedule>(rows.front());
}

}  // namespace

Task<std::vector<Schedule>> schedules(api::Context& context) {
    db::Rows const rows = co_await context.read(list_schedules, {});
    std::vector<Schedule> all;
    for (db::Row const row : rows) all.push_back(db::read<Schedule>(row));
    co_return all;
}

Task<Schedule> create_schedule(api::Context& context, CreateSchedule input) {
    Time const now = context.services.clock.now();
    Schedule schedule;
    schedule.id = new_id();
    schedule.name = std::move(input.name);
    schedule.next_at = next_of(input.cron, now);
    schedule.cron = std::move(input.cron);
    schedule.type = std::move(input.type);
    schedule.args = std::move(input.args);
    schedule.priority = input.priority.value_or(default_priority);
    schedule.paused = input.paused.value_or(false);
    schedule.created_by = context.actor.user_id;
    schedule.created_at = now;
    Handler const* handler = context.services.job_types.find(schedule.type);
    bool const of_show = handler == nullptr || handler->about == About::show;
    if (of_show) schedule.show_id = input.show_id.value_or(std::string{shows::default_show});
    check_job(context.services, job_of(schedule));
    db::Params params{schedule.id, schedule.name, schedule.cron, schedule.type};
    params.add(schedule.args.text)
        .add(schedule.priority)
        .add(schedule.paused)
        .add(schedule.next_at)
        .add(schedule.show_id)
        .add(schedule.created_by)
        .add(schedule.created_at);
    events::add_one(params, context.actor, changed_entry(context, schedule, "created"));
    co_await context.write(insert_schedule, std::move(params));
    co_return schedule;
}

Task<Schedule> update_schedule(
    api::Context& context, std::string id, UpdateSchedule input, std::optional<int> version
) {
    Schedule schedule = co_await get(context, id);
    int const before = schedule.version;
    if (version && *version != before) {
        Error error{Code::version_mismatch, "The schedule has changed since you read it."};
        error.current = json::to_text(schedule);
        error.etag = fmt::format("\"{}\"", before);
        throw error;
    }
    if (input.name) schedule.name = std::move(*input.name);
    if (input.args) schedule.args = std::move(*input.args);
    if (input.priority) schedule.priority = *input.priority;
    bool const resumes = schedule.paused && input.paused == false;
    if (input.paused) schedule.paused = *input.paused;
    if (input.cron || resumes) {
        if (input.cron) schedule.cron = std::move(*input.cron);
        schedule.next_at = next_of(schedule.cron, context.services.clock.now());
    }
    check_job(context.services, job_of(schedule));
    db::Params params{id, before, schedule.name, schedule.cron, schedule.args.text};
    params.add(schedule.priority).add(schedule.paused).add(schedule.next_at);
    events::add_one(params, context.actor, changed_entry(context, schedule, "updated"));
    db::Rows const rows = co_await context.write(save_schedule, std::move(params));
    if (rows.empty()) {
        throw Error{Code::version_mismatch, "The schedule has changed meanwhile. Try again."};
    }
    schedule.version = before + 1;
    co_return schedule;
}

Task<> delete_schedule(api::Context& context, std::string id) {
    Schedule const schedule = co_await get(context, id);
    db::Params params{id};
    events::add_one(params, context.actor, changed_entry(context, schedule, "deleted"));
    co_await context.write(remove_schedule, std::move(params));
}

Task<bool> run_due_schedule(api::Services& services) {
    db::Transaction transaction = co_await services.db.begin();
    db::Rows const rows = co_await transaction.run(lock_due);
    if (rows.empty()) co_return false;
    auto const schedule = db::read<Schedule>(rows.front());
    Time const now = services.clock.now();
    // Our clock may be behind PostgreSQL's, which said that it is due.
    Time const from = std::max(now, schedule.next_at);
    Time const next = Cron{schedule.cron}.next(from).value_or(end_of_time());
    events::Actor actor;
    actor.name = "Schedule " + schedule.name;
    // Unchecked: what another version took fails when it runs, for people to see, instead of
    // standing in the way of the other schedules.
    std::vector<Job> jobs;
    jobs.push_back(make_job(services, job_of(schedule), actor));
    jobs.front().created_by = schedule.created_by;
    jobs.front().run_at = std::min(jobs.front().run_at, from);
    co_await transaction.run(enqueue_query(), enqueue_params(jobs, {}, actor));
    db::Params moved{schedule.id, next, schedule.next_at, jobs.front().id};
    co_await transaction.run(move_on, std::move(moved));
    co_await transaction.commit();
    services.tail.wake();
    services.signals.send("jobs.ready", jobs.front().queue);
    co_return true;
}

}  // namespace showrunner::jobs
