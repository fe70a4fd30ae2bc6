// Events about jobs. Those about single jobs go to everyone who may see the show.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>

namespace showrunner::jobs {

struct JobCreated {
    static constexpr events::Spec spec{
        .name = "job_created",
        .action = "CREATE",
        .resource = "job",
        .summary = "started the job {type}",
        .when = "A job was put into its queue.",
    };
    std::string job_id;
    std::string type;
    std::optional<std::string> episode_id;
    std::optional<std::string> created_by;
};
BOOST_DESCRIBE_STRUCT(JobCreated, (), (job_id, type, episode_id, created_by))

struct JobStarted {
    static constexpr events::Spec spec{
        .name = "job_started",
        .action = "START",
        .resource = "job",
        .summary = "began the job {type}, attempt {attempt}",
        .when = "A processor or a remote worker took a job.",
    };
    std::string job_id;
    std::string type;
    std::optional<std::string> episode_id;
    int attempt = 1;
};
BOOST_DESCRIBE_STRUCT(JobStarted, (), (job_id, type, episode_id, attempt))

struct JobCompleted {
    static constexpr events::Spec spec{
        .name = "job_completed",
        .action = "COMPLETE",
        .resource = "job",
        .notifies = events::Notify::creator,
        .summary = "completed the job {type}",
        .when = "A job did what it was for.",
    };
    std::string job_id;
    std::string type;
    std::optional<std::string> episode_id;
    std::optional<json::Raw> results;
};
BOOST_DESCRIBE_STRUCT(JobCompleted, (), (job_id, type, episode_id, results))

struct JobRetry {
    static constexpr events::Spec spec{
        .name = "job_retry",
        .action = "RETRY",
        .resource = "job",
        .summary = "will try the job {type} again: {error}",
        .when = "An attempt failed, and another one will come.",
    };
    std::string job_id;
    std::string type;
    int retry_count = 1;
    std::int64_t delay = 0;  ///< ms
    std::string error;
};
BOOST_DESCRIBE_STRUCT(JobRetry, (), (job_id, type, retry_count, delay, error))

struct JobFailed {
    static constexpr events::Spec spec{
        .name = "job_failed",
        .action = "FAILED",
        .resource = "job",
        .notifies = events::Notify::creator_and_admins,
        .summary = "gave up the job {type}: {error}",
        .when = "A job failed for good and became a dead letter.",
    };
    std::string job_id;
    std::string type;
    std::string error;
    bool retries_exhausted = true;
};
BOOST_DESCRIBE_STRUCT(JobFailed, (), (job_id, type, error, retries_exhausted))

struct JobRetried {
    static constexpr events::Spec spec{
        .name = "job_retried",
        .action = "RETRY",
        .resource = "job",
        .summary = "asked for the job {type} to run again",
        .when = "Somebody asked for a job to run again, or at once.",
    };
    std::string job_id;
    std::string type;
    int retry_count = 1;
};
BOOST_DESCRIBE_STRUCT(JobRetried, (), (job_id, type, retry_count))

struct JobCancelled {
    static constexpr events::Spec spec{
        .name = "job_cancelled",
        .action = "CANCEL",
        .resource = "job",
        .notifies = events::Notify::creator,
        .summary = "cancelled the job {type}",
        .when = "A job was cancelled: while it waited, or when its handler had stopped.",
    };
    std::string job_id;
    std::string type;
};
BOOST_DESCRIBE_STRUCT(JobCancelled, (), (job_id, type))

struct JobProcessorStarted {
    static constexpr events::Spec spec{
        .name = "job_processor_started",
        .action = "START",
        .resource = "job_processor",
        .audience = events::Audience::admins,
        .summary = "started a job processor on {node}",
        .when = "A process began to take jobs.",
    };
    int poll_interval = 0;  ///< ms
    int max_concurrent = 0;
    std::string node;
};
BOOST_DESCRIBE_STRUCT(JobProcessorStarted, (), (poll_interval, max_concurrent, node))

struct JobQueueChanged {
    static constexpr events::Spec spec{
        .name = "job_queue_changed",
        .action = "UPDATE",
        .resource = "job_queue",
        .audience = events::Audience::admins,
        .summary = "changed the job queue {queue}",
        .when = "A queue was paused or resumed, or its limits changed.",
    };
    std::string queue;
    bool paused = false;
};
BOOST_DESCRIBE_STRUCT(JobQueueChanged, (), (queue, paused))

struct JobScheduleChanged {
    static constexpr events::Spec spec{
        .name = "job_schedule_changed",
        .action = "UPDATE",
        .resource = "job_schedule",
        .audience = events::Audience::admins,
        .summary = "changed the schedule \"{name}\" ({change})",
        .when = "A schedule was created, changed or deleted.",
    };
    std::string schedule_id;
    std::string name;
    std::string change;  ///< created, updated, deleted
};
BOOST_DESCRIBE_STRUCT(JobScheduleChanged, (), (schedule_id, name, change))

using Events = boost::mp11::mp_list<
    JobCreated,
    JobStarted,
    JobCompleted,
    JobRetry,
    JobFailed,
    JobRetried,
    JobCancelled,
    JobProcessorStarted,
    JobQueueChanged,
    JobScheduleChanged>;

}  // namespace showrunner::jobs
