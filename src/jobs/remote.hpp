// Workers in any language over HTTP: they lease jobs, tell that they are at it, and finish.
#pragma once

#include "api/context.hpp"
#include "jobs/files.hpp"
#include "jobs/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct LeaseJobs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{
            .field = "worker", .min = 1, .max = 100, .about = "A name to show; one of each process."
        },
        json::Rule{.field = "queues", .min = 1, .max = 20, .item_max = 63},
        json::Rule{.field = "max", .min = 1, .max = 100, .about = "Jobs at most; 1 when absent."},
        json::Rule{
            .field = "wait_s", .min = 0, .max = 20, .about = "How long to wait for the first job."
        },
        json::Rule{
            .field = "lease_s",
            .min = 5,
            .max = 3600,
            .about = "Whoever is not heard of for this long loses its jobs; 30 when absent."
        },
    };
    std::string worker;
    std::vector<std::string> queues;
    std::optional<int> max;
    std::optional<int> wait_s;
    std::optional<int> lease_s;
};
BOOST_DESCRIBE_STRUCT(LeaseJobs, (), (worker, queues, max, wait_s, lease_s))

struct LeasedJob {
    std::string id;
    std::string type;
    std::string queue;
    std::int64_t lease = 0;  ///< to be named in every later call
    int attempt = 1;
    int max_attempts = 1;
    std::optional<std::string> show_id;
    std::optional<std::string> episode_id;
    json::Raw args{"{}"};
};
BOOST_DESCRIBE_STRUCT(
    LeasedJob, (), (id, type, queue, lease, attempt, max_attempts, show_id, episode_id, args)
)

struct Heartbeat {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "lease", .min = 1, .max = INT64_MAX},
        json::Rule{.field = "progress", .min = 0, .max = 100, .about = "Percent."},
        json::Rule{.field = "message", .max = 500},
        json::Rule{.field = "log", .max = 100, .item_max = 4000, .about = "Lines for its log."},
        json::Rule{.field = "lease_s", .min = 5, .max = 3600},
    };
    std::int64_t lease = 0;
    std::optional<int> progress;
    std::optional<std::string> message;
    std::vector<std::string> log;
    std::optional<int> lease_s;
};
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (lease, progress, message, log, lease_s))

struct HeartbeatAnswer {
    bool cancel = false;  ///< stop, and say `cancelled` with …/fail
    Time lease_until;
};
BOOST_DESCRIBE_STRUCT(HeartbeatAnswer, (), (cancel, lease_until))

struct CompleteJob {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "lease", .min = 1, .max = INT64_MAX},
        json::Rule{.field = "result", .max = 65'536},
    };
    std::int64_t lease = 0;
    json::Raw result{"{}"};
};
BOOST_DESCRIBE_STRUCT(CompleteJob, (), (lease, result))

struct FailJob {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "lease", .min = 1, .max = INT64_MAX},
        json::Rule{.field = "code", .min = 1, .max = 100, .about = "Such as RENDER_FAILED."},
        json::Rule{.field = "message", .min = 1, .max = 2000},
        json::Rule{.field = "retry", .about = "false: no further attempt will help."},
        json::Rule{.field = "retry_after_s", .min = 0, .max = 604'800},
        json::Rule{.field = "cancelled", .about = "true: it has stopped because it was cancelled."},
        json::Rule{.field = "release", .about = "true: given back; the attempt does not count."},
    };
    std::int64_t lease = 0;
    std::optional<std::string> code;
    std::optional<std::string> message;
    std::optional<bool> retry;
    std::optional<int> retry_after_s;
    std::optional<bool> cancelled;
    std::optional<bool> release;
};
BOOST_DESCRIBE_STRUCT(FailJob, (), (lease, code, message, retry, retry_after_s, cancelled, release))

/// What became of the job.
struct Settled {
    std::string id;
    Status status = Status::pending;
};
BOOST_DESCRIBE_STRUCT(Settled, (), (id, status))

struct UploadFile {
    static constexpr std::array rules{
        json::Rule{.field = "lease", .min = 1, .max = INT64_MAX},
        json::Rule{.field = "name", .min = 1, .max = 255},
    };
    std::optional<std::int64_t> lease;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(UploadFile, (), (lease, name))

Task<http::Response> lease_jobs(api::Context& context);
Task<http::Response> beat_job(api::Context& context);
Task<http::Response> complete_job(api::Context& context);
Task<http::Response> fail_job(api::Context& context);
Task<http::Response> upload_file(api::Context& context);

}  // namespace showrunner::jobs
