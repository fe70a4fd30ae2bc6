// What people do to jobs that exist, to queues and to schedules.
#pragma once

#include "jobs/list.hpp"

namespace showrunner::jobs {

/// One that waits is cancelled at once; one that runs is told to stop, and is cancelled when it
/// has. Throws Error JOB_IS_OVER.
Task<Job> cancel(api::Context& context, std::string id);

/// One that failed or was cancelled goes back into its queue with all its attempts; one that waits
/// for its time, or for its next attempt, is due at once. Throws Error JOB_CANNOT_RUN_AGAIN.
Task<Job> retry(api::Context& context, std::string id);

/// Which dead letters; all that the user may retry when nothing is named.
struct RetryDead {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "ids", .max = 1000, .item_max = 36},
        json::Rule{.field = "type", .max = 63},
        json::Rule{.field = "queue", .max = 63},
        json::Rule{.field = "episode_id", .format = "uuid"},
        json::Rule{.field = "code", .max = 100, .about = "Of the error, such as TIMED_OUT."},
        json::Rule{.field = "before", .about = "Those that died before."},
        json::Rule{
            .field = "limit",
            .min = 1,
            .max = 1000,
            .about = "At most so many, the oldest first; 1000 when absent."
        },
    };
    std::vector<std::string> ids;
    std::optional<std::string> type;
    std::optional<std::string> queue;
    std::optional<std::string> episode_id;
    std::optional<std::string> code;
    std::optional<Time> before;
    std::optional<int> limit;
};
BOOST_DESCRIBE_STRUCT(RetryDead, (), (ids, type, queue, episode_id, code, before, limit))

struct RetriedDead {
    std::int64_t retried = 0;
};
BOOST_DESCRIBE_STRUCT(RetriedDead, (), (retried))

Task<RetriedDead> retry_dead(api::Context& context, RetryDead which);

struct QueueSettings {
    std::string name;
    bool paused = false;
    std::optional<int> concurrency;        ///< jobs that run at once, over all processors
    std::optional<int> group_concurrency;  ///< the same of one group
    std::optional<int> rate_per_minute;    ///< starts
};
BOOST_DESCRIBE_STRUCT(
    QueueSettings, (), (name, paused, concurrency, group_concurrency, rate_per_minute)
)

struct UpdateQueue {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "concurrency", .min = 1, .max = 100'000},
        json::Rule{.field = "group_concurrency", .min = 1, .max = 100'000},
        json::Rule{.field = "rate_per_minute", .min = 1, .max = 10'000'000},
    };
    std::optional<bool> paused;
    json::Change<int> concurrency;
    json::Change<int> group_concurrency;
    json::Change<int> rate_per_minute;
};
BOOST_DESCRIBE_STRUCT(UpdateQueue, (), (paused, concurrency, group_concurrency, rate_per_minute))

/// Those with settings, and those that the server works.
Task<std::vector<QueueSettings>> queues(api::Context& context);
Task<QueueSettings> update_queue(api::Context& context, std::string name, UpdateQueue input);

}  // namespace showrunner::jobs
