// The queue in PostgreSQL, as those see it who take jobs: claim, renew, finish, give back.
//
// A job starts at least once and finishes exactly once: a claim hands out a lease (a number that
// only grows), and every later statement names it. Who comes with an older one changes nothing.
// Each function's events are appended by the statement that makes the change.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "db/pool.hpp"
#include "jobs/backoff.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace showrunner::jobs {

/// A job in somebody's hands.
struct Claimed {
    std::string id;
    std::string type;
    std::string queue;
    std::int64_t lease = 0;
    int attempt = 1;
    int max_attempts = 1;
    int priority = 0;
    std::optional<std::string> show_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> created_by;
    std::string created_by_name;
    Time run_at;
    json::Raw args{"{}"};
};
BOOST_DESCRIBE_STRUCT(
    Claimed,
    (),
    (id,
     type,
     queue,
     lease,
     attempt,
     max_attempts,
     priority,
     show_id,
     episode_id,
     created_by,
     created_by_name,
     run_at,
     args)
)

/// What is held, by whose lease.
struct Held {
    std::string id;
    std::int64_t lease = 0;
};

struct Completion {
    Held held;
    std::string result = {};  ///< JSON object; empty: none
};

struct Failure {
    std::string code = "FAILED";
    std::string message;
    std::string outcome = "failed";  ///< failed, timed_out, lost
    bool retry = true;               ///< false: no further attempt will help
    std::optional<std::chrono::milliseconds> retry_after = {};  ///< else by the back-off
};

/// `cancelled`: somebody had asked for it meanwhile, so no further attempt comes.
enum class AfterFailure : std::uint8_t { stale, retries, dead, cancelled };

/// What a holder reports of a job with its heartbeat.
struct Report {
    Held held;
    std::optional<int> progress = {};
    std::optional<std::string> message = {};
};

/// What the heartbeat answers: jobs that are not in it are held no longer.
struct Renewed {
    std::string id;
    bool cancel = false;
};

/// Where the ready jobs begin, by priority: a claim starts its scan behind what was claimed before
/// instead of wading through dead rows, which nobody can clean up while some snapshot is held. A
/// hint may hide a job that became ready late, so it is dropped every second, and whenever a claim
/// brings less than it could.
class Hints {
public:
    /// A job of the priority was claimed that is due at `run_at_us` (µs since 1970).
    void learn(int priority, std::int64_t run_at_us, std::string const& id);
    void forget();
    /// Forgets when the last time is long ago.
    void refresh(std::chrono::steady_clock::time_point now);

    [[nodiscard]] bool any() const { return any_; }

    /// By priority, in µs since 1970.
    [[nodiscard]] std::vector<std::string> times() const;

    [[nodiscard]] std::vector<std::string> const& ids() const { return ids_; }

private:
    static constexpr std::chrono::seconds keep_for{1};
    static constexpr std::size_t priorities = 10;
    static constexpr std::int64_t year_one_us = -62'135'596'800'000'000;

    bool any_ = false;
    std::chrono::steady_clock::time_point forgot_at_{};
    std::vector<std::int64_t> times_ = std::vector<std::int64_t>(priorities, year_one_us);
    std::vector<std::string> ids_ =
        std::vector<std::string>(priorities, "00000000-0000-0000-0000-000000000000");
};

/// Limits of a queue over all processors; a queue that has none is claimed from without a lock.
struct QueueLimits {
    bool paused = false;
    std::optional<int> concurrency;
    std::optional<int> group_concurrency;
    std::optional<int> rate_per_minute;

    [[nodiscard]] bool any() const { return concurrency || group_concurrency || rate_per_minute; }
};

struct Claim {
    std::string queue;
    int max = 1;
    std::string worker;
    std::chrono::seconds lease{30};
    /// Only these jobs, for those who learn of jobs from elsewhere; empty: whatever is ready.
    std::vector<std::string> ids = {};
};

class Queue {
public:
    Queue(db::Pool& pool, Clock const& clock) : pool_{pool}, clock_{clock} {}

    /// The most urgent ready jobs, at most `claim.max`; `hints` may be null.
    Task<std::vector<Claimed>> claim(Claim claim, QueueLimits limits, Hints* hints);

    /// The ids of those that are finished by this; the leases of the others are stale.
    Task<std::vector<std::string>> complete(std::vector<Completion> completions);

    Task<AfterFailure> fail(Claimed job, Failure failure, Backoff backoff);

    /// The holder has stopped what was to be cancelled. False: stale.
    Task<bool> stop(Held held);

    /// Gives back what the holder cannot finish; the attempts do not count. What is to be cancelled
    /// does not go back: its lease ends, so that reap() stops it.
    Task<> release(std::vector<Held> held);

    /// The same for what the worker holds besides `held`.
    Task<> release_others(std::string worker, std::vector<Held> held);

    /// Lengthens the leases, and keeps what is reported.
    Task<std::vector<Renewed>> renew(std::vector<Report> reports, std::chrono::seconds lease);

    struct Reaped {
        int lost = 0;
        int dead = 0;
        int stopped = 0;

        [[nodiscard]] int all() const { return lost + dead + stopped; }
    };

    static constexpr int reap_max = 500;

    /// Takes jobs from holders that have not been heard of; at most `reap_max` at a time.
    Task<Reaped> reap();

    Task<QueueLimits> limits(std::string queue);

private:
    Task<std::vector<Claimed>> claim_within_limits(Claim claim);

    db::Pool& pool_;
    Clock const& clock_;
};

}  // namespace showrunner::jobs
