#include "jobs/feature.hpp"
#include "jobs/types.hpp"
#include "shows/shows.hpp"

namespace showrunner::jobs {

namespace {

db::Query const find_place_of_episode{
    "find_show_of_episode",
    "SELECT show_id FROM episodes WHERE id = $1 AND deleted_at IS NULL",
    db::Lane::read
};

/// The show that the job will belong to; none for what concerns the installation.
Task<std::optional<std::string>> show_of(api::Context& context, CreateJob const& input) {
    if (!input.episode_id) co_return input.show_id;
    db::Rows const rows =
        co_await context.read(find_place_of_episode, db::Params{input.episode_id});
    std::optional<std::string> show;
    if (!rows.empty()) show = rows.front().get<std::string>(0);
    bool const visible = show && auth::allows(context.principal, auth::Action::read, *show);
    if (!visible || (input.show_id && input.show_id != show)) {
        throw invalid_field("episode_id", "EPISODE_UNKNOWN", "There is no such episode.");
    }
    co_return show;
}

JobType type_of(Handler const& handler) {
    return {
        std::string{handler.type},
        std::string{handler.summary},
        std::string{handler.queue},
        handler.about == About::show ? "show" : "installation",
        std::string{json::name_of(auth::least_role(handler.action))},
        handler.max_attempts,
        handler.timeout.count(),
        handler.direct,
        json::Raw{handler.args.schema != nullptr ? handler.args.schema() : "{}"}
    };
}

}  // namespace

Task<http::Response> list_jobs(api::Context& context) {
    JobPage const page = co_await list(context, context.query<ListJobs>());
    co_return api::many(page.jobs, page.pagination);
}

Task<http::Response> list_dead(api::Context& context) {
    auto query = context.query<ListJobs>();
    query.status = {Status::failed};
    JobPage const page = co_await list(context, std::move(query));
    co_return api::many(page.jobs, page.pagination);
}

Task<http::Response> create_job(api::Context& context) {
    auto input = context.body<CreateJob>();
    Handler const* handler = context.services.job_types.find(input.type);
    NewJob job;
    if (handler != nullptr && !handler->direct) {
        throw invalid_field("type", "NOT_DIRECT", "is started by a route of its own");
    }
    if (handler != nullptr && handler->about == About::installation) {
        if (input.show_id || input.episode_id) {
            throw invalid_field("show_id", "NO_SHOW", "must be absent: this job belongs to none");
        }
    } else {
        job.show_id = co_await show_of(context, input);
        if (!job.show_id) job.show_id = shows::default_show;
        job.episode_id = std::move(input.episode_id);
    }
    auto const action = handler != nullptr ? handler->action : auth::Action::write;
    context.require(job.show_id ? action : auth::Action::administer, job.show_id);
    job.type = std::move(input.type);
    job.args = std::move(input.args);
    job.queue = std::move(input.queue);
    job.priority = input.priority;
    job.run_at = input.run_at;
    job.max_attempts = input.max_attempts;
    job.group_key = std::move(input.group_key);
    job.unique_key = std::move(input.unique_key);
    Enqueued const enqueued = co_await enqueue(context, std::move(job));
    co_return api::one(enqueued.job, enqueued.created ? 201 : 200);
}

Task<http::Response> get_stats(api::Context& context) {
    JobStats const counted = co_await stats(context);
    co_return api::one(counted);
}

Task<http::Response> list_types(api::Context& context) {
    std::vector<JobType> types;
    for (Handler const& handler : context.services.job_types.all()) {
        types.push_back(type_of(handler));
    }
    co_return api::all(types);
}

Task<http::Response> list_the_workers(api::Context& context) {
    auto const all = co_await workers(context);
    co_return api::all(all);
}

Task<http::Response> retry_dead_jobs(api::Context& context) {
    RetriedDead const retried = co_await retry_dead(context, context.body<RetryDead>());
    co_return api::one(retried);
}

Task<http::Response> list_the_queues(api::Context& context) {
    auto const all = co_await queues(context);
    co_return api::all(all);
}

Task<http::Response> update_one_queue(api::Context& context) {
    QueueSettings const settings =
        co_await update_queue(context, context.param("name"), context.body<UpdateQueue>());
    co_return api::one(settings);
}

Task<http::Response> list_the_schedules(api::Context& context) {
    auto const all = co_await schedules(context);
    co_return api::all(all);
}

Task<http::Response> create_one_schedule(api::Context& context) {
    Schedule const schedule = co_await create_schedule(context, context.body<CreateSchedule>());
    co_return api::record(schedule, 201);
}

Task<http::Response> update_one_schedule(api::Context& context) {
    Schedule const schedule = co_await update_schedule(
        context, context.id(), context.body<UpdateSchedule>(), context.if_match()
    );
    co_return api::record(schedule);
}

Task<http::Response> delete_one_schedule(api::Context& context) {
    co_await delete_schedule(context, context.id());
    co_return http::Response::empty(204);
}

Task<http::Response> get_job(api::Context& context) {
    Job const job = co_await get(context, context.id());
    co_return api::one(job);
}

Task<http::Response> retry_job(api::Context& context) {
    Job const job = co_await retry(context, context.id());
    co_return api::one(job);
}

Task<http::Response> cancel_job(api::Context& context) {
    Job const job = co_await cancel(context, context.id());
    co_return api::one(job);
}

Task<http::Response> get_log(api::Context& context) {
    auto const lines = co_await log_lines(context, context.id(), context.query<ReadLog>());
    co_return api::all(lines);
}

Task<http::Response> list_files(api::Context& context) {
    auto const all = co_await files_of(context, context.id());
    co_return api::all(all);
}

Task<http::Response> download_file(api::Context& context) {
    std::string const file_id = context.id("file_id");
    auto const files = co_await files_of(context, context.id());
    for (JobFile const& file : files) {
        if (file.id != file_id) continue;
        http::Response response;
        response.headers.set("Content-Type", file.media_type);
        response.headers.set("Content-Disposition", attachment(file.name));
        response.headers.set("Content-Security-Policy", "sandbox");
        response.headers.set("Cache-Control", "private, no-transform, max-age=3600");
        response.source = std::make_shared<FileReader>(context.services.db, file.id);
        response.source_bytes = static_cast<std::uint64_t>(file.bytes);
        co_return response;
    }
    throw Error{Code::not_found, "The job has no such file."};
}

Task<http::Response> get_attempts(api::Context& context) {
    auto const all = co_await attempts(context, context.id());
    co_return api::all(all);
}

Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id) {
    auto const job = co_await find(context, std::move(id));
    std::optional<std::string> text;
    if (job) text = json::to_text(*job);
    co_return text;
}

}  // namespace showrunner::jobs
