// What other features use of jobs: starting them, and being their handlers.
#pragma once

#include "api/context.hpp"
#include "jobs/files.hpp"
#include "jobs/handler.hpp"
#include "jobs/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct NewJob {
    std::optional<std::string> id = {};  ///< chosen beforehand, by who has made files for it
    std::string type = {};
    json::Raw args{"{}"};
    std::optional<std::string> show_id = {};
    std::optional<std::string> episode_id = {};
    std::optional<std::string> queue = {};       ///< else that of the type's handler
    std::optional<int> priority = {};            ///< 0 first … 9 last; 5 when absent
    std::optional<Time> run_at = {};             ///< at once when absent
    std::optional<int> max_attempts = {};        ///< else that of the type's handler
    std::optional<std::string> group_key = {};   ///< for limits a group
    std::optional<std::string> unique_key = {};  ///< one waiting or running job at a time
};

struct Enqueued {
    Job job;
    bool created = true;  ///< false: a job with the unique key was there already; it is `job`
};

/// Type, queue and arguments, not permission. Throws Error{Code::invalid}.
void check_job(api::Services const& services, NewJob const& input);

/// The job as it will be stored; unchecked.
[[nodiscard]] Job make_job(api::Services const& services, NewJob input, events::Actor const& actor);

/// The statement that puts jobs into their queues with their events, for a caller's transaction;
/// followed by the signal jobs.ready after its commit.
[[nodiscard]] db::Query const& enqueue_query();
[[nodiscard]] db::Params enqueue_params(
    std::vector<Job> const& jobs,
    std::vector<std::optional<std::string>> const& unique_keys,
    events::Actor const& actor
);

/// Puts the job into its queue, with its event, in the request's transaction when it has one.
Task<Enqueued> enqueue(api::Context& context, NewJob input);

/// Many at once, one statement; jobs without unique keys.
Task<std::vector<Job>> enqueue_many(api::Context& context, std::vector<NewJob> inputs);

}  // namespace showrunner::jobs
