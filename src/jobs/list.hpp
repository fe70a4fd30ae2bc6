// Reading jobs: single ones, lists, logs, counters.
#pragma once

#include "api/context.hpp"
#include "jobs/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct ListJobs {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
        json::Rule{.field = "status", .max = 20, .about = "One or more, separated by commas."},
        json::Rule{.field = "type", .max = 63},
        json::Rule{.field = "queue", .max = 63},
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "episode_id", .format = "uuid"},
        json::Rule{.field = "created_by", .format = "uuid"},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::vector<Status> status;
    std::optional<std::string> type;
    std::optional<std::string> queue;
    std::optional<std::string> show_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> created_by;
};
BOOST_DESCRIBE_STRUCT(
    ListJobs, (), (limit, cursor, status, type, queue, show_id, episode_id, created_by)
)

struct JobPage {
    std::vector<Job> jobs;
    api::Pagination pagination;
};

/// Newest first.
Task<JobPage> list(api::Context& context, ListJobs query);

/// Nothing when there is none, or none that the user may see.
Task<std::optional<Job>> find(api::Context& context, std::string id);

/// Throws Error{Code::not_found}.
Task<Job> get(api::Context& context, std::string id);

/// May the user do this to the job? Throws Error{Code::forbidden}.
void require(api::Context const& context, auth::Action action, Job const& job);

/// An attempt that did not end in success.
struct Attempt {
    int attempt = 0;
    std::optional<std::string> worker;
    std::optional<Time> started_at;
    Time ended_at;
    std::string outcome;  ///< failed, timed_out, lost, cancelled, released
    std::optional<json::Raw> error;
    std::optional<Time> retry_at;
};
BOOST_DESCRIBE_STRUCT(
    Attempt, (), (attempt, worker, started_at, ended_at, outcome, error, retry_at)
)

/// Newest first, the last 100.
Task<std::vector<Attempt>> attempts(api::Context& context, std::string id);

struct LogLine {
    std::int64_t seq = 0;
    int attempt = 0;
    Time created_at;
    std::string level;  ///< info, warning, error
    std::string text;
};
BOOST_DESCRIBE_STRUCT(LogLine, (), (seq, attempt, created_at, level, text))

struct ReadLog {
    static constexpr std::array rules{
        json::Rule{
            .field = "after",
            .min = 0,
            .max = INT64_MAX,
            .about = "The seq of the last line that is known; the last lines when absent."
        },
        json::Rule{.field = "limit", .min = 1, .max = 1000},
    };
    std::optional<std::int64_t> after;
    std::optional<int> limit;
};
BOOST_DESCRIBE_STRUCT(ReadLog, (), (after, limit))

/// In the order they were written.
Task<std::vector<LogLine>> log_lines(api::Context& context, std::string id, ReadLog query);

/// Counted as it happens, not by counting jobs; what waits is counted up to `pending_counted_max`.
struct JobStats {
    std::int64_t pending = 0;
    bool pending_more = false;   ///< there are more than were counted
    std::int64_t scheduled = 0;  ///< of those pending, not due yet
    std::int64_t processing = 0;
    std::int64_t dead = 0;
    std::int64_t completed_24h = 0;
    std::int64_t failed_24h = 0;
    std::int64_t cancelled_24h = 0;
    std::optional<std::int64_t> run_ms_p50;  ///< of the last 24 hours; upper bound of its bucket
    std::optional<std::int64_t> run_ms_p95;
    std::optional<std::int64_t> oldest_due_s;  ///< how long the oldest due job has waited
};
BOOST_DESCRIBE_STRUCT(
    JobStats,
    (),
    (pending,
     pending_more,
     scheduled,
     processing,
     dead,
     completed_24h,
     failed_24h,
     cancelled_24h,
     run_ms_p50,
     run_ms_p95,
     oldest_due_s)
)

inline constexpr int pending_counted_max = 10'000;

Task<JobStats> stats(api::Context& context);

/// A process that takes jobs.
struct Worker {
    std::string id;
    std::string name;
    std::string kind;  ///< server, processor, remote
    std::vector<std::string> queues;
    int concurrency = 0;
    int running = 0;
    int poll_interval_ms = 0;
    Time started_at;
    Time heartbeat_at;
};
BOOST_DESCRIBE_STRUCT(
    Worker,
    (),
    (id, name, kind, queues, concurrency, running, poll_interval_ms, started_at, heartbeat_at)
)

/// Those heard of within the last hour.
Task<std::vector<Worker>> workers(api::Context& context);

}  // namespace showrunner::jobs
