// The jobs feature: everything declarative.
#pragma once

#include "api/route.hpp"
#include "api/snapshot.hpp"
#include "db/failure.hpp"
#include "jobs/events.hpp"
#include "jobs/jobs.hpp"
#include "jobs/manage.hpp"
#include "jobs/remote.hpp"
#include "jobs/schedules.hpp"

namespace showrunner::jobs {

Task<http::Response> list_jobs(api::Context& context);
Task<http::Response> create_job(api::Context& context);
Task<http::Response> get_stats(api::Context& context);
Task<http::Response> list_types(api::Context& context);
Task<http::Response> list_the_workers(api::Context& context);
Task<http::Response> list_dead(api::Context& context);
Task<http::Response> retry_dead_jobs(api::Context& context);
Task<http::Response> list_the_queues(api::Context& context);
Task<http::Response> update_one_queue(api::Context& context);
Task<http::Response> list_the_schedules(api::Context& context);
Task<http::Response> create_one_schedule(api::Context& context);
Task<http::Response> update_one_schedule(api::Context& context);
Task<http::Response> delete_one_schedule(api::Context& context);
Task<http::Response> get_job(api::Context& context);
Task<http::Response> retry_job(api::Context& context);
Task<http::Response> cancel_job(api::Context& context);
Task<http::Response> get_log(api::Context& context);
Task<http::Response> list_files(api::Context& context);
Task<http::Response> download_file(api::Context& context);
Task<http::Response> get_attempts(api::Context& context);

/// What the type `check` takes: a job that does nothing, to see whether jobs are done.
struct CheckArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "duration_ms", .min = 0, .max = 3'600'000},
        json::Rule{.field = "fail_attempts", .min = 0, .max = 100, .about = "So many fail first."},
    };
    std::optional<int> duration_ms;
    std::optional<int> fail_attempts;
    std::optional<bool> fail_for_good;
};
BOOST_DESCRIBE_STRUCT(CheckArgs, (), (duration_ms, fail_attempts, fail_for_good))

Task<> run_check(Run& run);

enum class HttpMethod : std::uint8_t { GET, POST, PUT, PATCH, DELETE };
BOOST_DESCRIBE_ENUM(HttpMethod, GET, POST, PUT, PATCH, DELETE)

struct HttpCallArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "url", .min = 1, .max = 2000, .about = "http or https."},
        json::Rule{.field = "headers", .max = 8192, .about = "Names and texts."},
        json::Rule{.field = "body", .max = 60'000},
        json::Rule{.field = "timeout_s", .min = 1, .max = 300},
    };
    std::string url;
    std::optional<HttpMethod> method;
    json::Raw headers{"{}"};
    std::optional<std::string> body;
    std::optional<int> timeout_s;
};
BOOST_DESCRIBE_STRUCT(HttpCallArgs, (), (url, method, headers, body, timeout_s))

Task<> run_http_call(Run& run);

struct CommandArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "command", .min = 1, .max = 63, .about = "One of job_commands."},
        json::Rule{
            .field = "input", .max = 60'000, .about = "What the program gets, with the job."
        },
    };
    std::string command;
    json::Raw input{"{}"};
};
BOOST_DESCRIBE_STRUCT(CommandArgs, (), (command, input))

Task<> run_command(Run& run);

Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id);

struct CreateJob {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "type", .min = 1, .max = 63},
        json::Rule{.field = "args", .max = 65'536, .about = "What the type's handler takes."},
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "episode_id", .format = "uuid", .about = "Decides the show, too."},
        json::Rule{
            .field = "queue",
            .min = 1,
            .max = 63,
            .about = "That of the type when absent: a type without a handler has its own."
        },
        json::Rule{.field = "priority", .min = 0, .max = 9, .about = "0 first … 9 last."},
        json::Rule{.field = "run_at", .about = "Not before."},
        json::Rule{.field = "max_attempts", .min = 1, .max = 100},
        json::Rule{.field = "group_key", .min = 1, .max = 200},
        json::Rule{
            .field = "unique_key",
            .min = 1,
            .max = 200,
            .about = "While a job with this key waits or runs, it is the answer and no other is "
                     "made."
        },
    };
    std::string type;
    json::Raw args{"{}"};
    std::optional<std::string> show_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> queue;
    std::optional<int> priority;
    std::optional<Time> run_at;
    std::optional<int> max_attempts;
    std::optional<std::string> group_key;
    std::optional<std::string> unique_key;
};
BOOST_DESCRIBE_STRUCT(
    CreateJob,
    (),
    (type, args, show_id, episode_id, queue, priority, run_at, max_attempts, group_key, unique_key)
)

/// A type of job that this installation has a handler for.
struct JobType {
    std::string type;
    std::string summary;
    std::string queue;
    std::string about;  ///< show: of a show, and perhaps an episode; installation
    std::string role;   ///< the least that may start one
    int max_attempts = 0;
    std::int64_t timeout_s = 0;
    bool direct = true;     ///< false: not started by createJob, but by a route of its own
    json::Raw args_schema;  ///< JSON Schema
};
BOOST_DESCRIBE_STRUCT(
    JobType, (), (type, summary, queue, about, role, max_attempts, timeout_s, direct, args_schema)
)

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "jobs";
    using Events = jobs::Events;
    static constexpr std::array constraint_list{db::ConstraintMeaning{
        "job_schedules_name_key",
        Code::conflict,
        "SCHEDULE_NAME_TAKEN",
        "Another schedule has this name.",
        "name"
    }};
    static constexpr std::span<db::ConstraintMeaning const> constraints = constraint_list;
    static constexpr std::array snapshots{api::SnapshotSource{"job", read_snapshot}};

    static constexpr std::array handlers{
        Handler{
            .type = "check",
            .summary = "Check that jobs are done",
            .run = run_check,
            .args = args<CheckArgs>("CheckArgs"),
            .timeout = std::chrono::hours{1},
        },
        Handler{
            .type = "command",
            .summary = "Run a program",
            .run = run_command,
            .args = args<CommandArgs>("CommandArgs"),
            .queue = "commands",
            .max_attempts = 3,
            .timeout = std::chrono::hours{6},
        },
        // Its headers may hold secrets: for admins, who alone see jobs that belong to no show.
        Handler{
            .type = "http_call",
            .summary = "Call another server",
            .run = run_http_call,
            .args = args<HttpCallArgs>("HttpCallArgs"),
            .action = auth::Action::administer,
            .about = About::installation,
            .queue = "http",
            .max_attempts = 10,
            .timeout = std::chrono::minutes{6},
        },
    };

    static constexpr api::Type job = api::type<Job>("Job");
    static constexpr api::Type schedule = api::type<Schedule>("JobSchedule");
    static constexpr api::Type queue = api::type<QueueSettings>("JobQueue");

    static constexpr std::array routes{
        api::Route{get, "/api/v1/jobs", "listJobs", "List jobs, newest first", viewer, list_jobs,
                   many, job, Body::none, {}, api::parameters_of<ListJobs>},
        api::Route{post, "/api/v1/jobs", "createJob",
                   "Start a job (200 with the one that is there, for a unique_key in use)", editor,
                   create_job, one, job, Body::json, api::type<CreateJob>("CreateJob"), nullptr,
                   201},
        api::Route{get, "/api/v1/jobs/stats", "getJobStats", "Counters of the job system", viewer,
                   get_stats, one, api::type<JobStats>("JobStats")},
        api::Route{get, "/api/v1/jobs/types", "listJobTypes", "The types that have a handler",
                   viewer, list_types, many, api::type<JobType>("JobType")},
        api::Route{get, "/api/v1/jobs/workers", "listJobWorkers",
                   "The processes that take jobs", viewer, list_the_workers, many,
                   api::type<Worker>("JobWorker")},
        api::Route{get, "/api/v1/jobs/dead", "listDeadJobs",
                   "The dead letters: jobs that failed for good", viewer, list_dead, many, job,
                   Body::none, {}, api::parameters_of<ListJobs>},
        api::Route{post, "/api/v1/jobs/dead/retry", "retryDeadJobs",
                   "Retry dead letters, by id or by filter", editor, retry_dead_jobs, one,
                   api::type<RetriedDead>("RetriedDeadJobs"), Body::json,
                   api::type<RetryDead>("RetryDeadJobs")},
        api::Route{get, "/api/v1/jobs/queues", "listJobQueues", "The queues and their limits",
                   viewer, list_the_queues, many, queue},
        api::Route{patch, "/api/v1/jobs/queues/{name}", "updateJobQueue",
                   "Pause or resume a queue, or change its limits", admin, update_one_queue, one,
                   queue, Body::json, api::type<UpdateQueue>("UpdateJobQueue")},
        api::Route{get, "/api/v1/jobs/schedules", "listJobSchedules", "Jobs that repeat", viewer,
                   list_the_schedules, many, schedule},
        api::Route{post, "/api/v1/jobs/schedules", "createJobSchedule", "Repeat a job", admin,
                   create_one_schedule, one, schedule, Body::json,
                   api::type<CreateSchedule>("CreateJobSchedule"), nullptr, 201},
        api::Route{patch, "/api/v1/jobs/schedules/{id}", "updateJobSchedule",
                   "Change, pause or resume a schedule", admin, update_one_schedule, one, schedule,
                   Body::json, api::type<UpdateSchedule>("UpdateJobSchedule")},
        api::Route{del, "/api/v1/jobs/schedules/{id}", "deleteJobSchedule", "Delete a schedule",
                   admin, delete_one_schedule, none, {}, Body::none, {}, nullptr, 204},
        api::Route{get, "/api/v1/jobs/{id}", "getJob", "Get a job", viewer, get_job, one, job},
        api::Route{post, "/api/v1/jobs/{id}/retry", "retryJob",
                   "Run a failed or cancelled job again, or a waiting one at once", editor,
                   retry_job, one, job},
        api::Route{post, "/api/v1/jobs/{id}/cancel", "cancelJob",
                   "Cancel a job: at once while it waits, when it has stopped while it runs",
                   editor, cancel_job, one, job},
        api::Route{get, "/api/v1/jobs/{id}/log", "getJobLog", "What its handler wrote", viewer,
                   get_log, many, api::type<LogLine>("JobLogLine"), Body::none, {},
                   api::parameters_of<ReadLog>},
        api::Route{get, "/api/v1/jobs/{id}/files", "listJobFiles",
                   "The files that it takes and has made", viewer, list_files, many,
                   api::type<JobFile>("JobFile")},
        api::Route{get, "/api/v1/jobs/{id}/files/{file_id}", "downloadJobFile",
                   "Download a file of a job", viewer, download_file, bare},
        api::Route{get, "/api/v1/jobs/{id}/attempts", "listJobAttempts",
                   "Its attempts that did not end in success, newest first", viewer, get_attempts,
                   many, api::type<Attempt>("JobAttempt")},
        api::Route{post, "/api/v1/worker/lease", "leaseJobs",
                   "Take jobs, waiting for the first; for remote workers", worker, lease_jobs,
                   many, api::type<LeasedJob>("LeasedJob"), Body::json,
                   api::type<LeaseJobs>("LeaseJobs")},
        api::Route{post, "/api/v1/worker/jobs/{id}/heartbeat", "beatJob",
                   "Keep a job, report progress, hear of its cancellation", worker, beat_job, one,
                   api::type<HeartbeatAnswer>("JobHeartbeat"), Body::json,
                   api::type<Heartbeat>("BeatJob")},
        api::Route{post, "/api/v1/worker/jobs/{id}/complete", "completeJob", "Complete a job",
                   worker, complete_job, one, api::type<Settled>("SettledJob"), Body::json,
                   api::type<CompleteJob>("CompleteJob")},
        api::Route{post, "/api/v1/worker/jobs/{id}/fail", "failJob",
                   "Tell that a job failed, has stopped, or is given back", worker, fail_job, one,
                   api::type<Settled>("SettledJob"), Body::json, api::type<FailJob>("FailJob")},
        api::Route{post, "/api/v1/worker/jobs/{id}/files", "uploadJobFile",
                   "Keep a file that a job has made", worker, upload_file, one,
                   api::type<JobFile>("JobFile"), Body::stream, {},
                   api::parameters_of<UploadFile>, 201, "*/*", 2ULL << 30U, 0},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::jobs
