// A job as the API shows it, and what may become of it.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::jobs {

/// Names as the database's enum.
enum class Status : std::uint8_t { pending, processing, completed, failed, cancelled };
BOOST_DESCRIBE_ENUM(Status, pending, processing, completed, failed, cancelled)

/// What can happen to a job.
enum class Trigger : std::uint8_t {
    claim,     ///< a processor or worker takes it
    complete,  ///< its holder finished it
    fail,      ///< its holder failed; attempts are left
    give_up,   ///< its holder failed; none is left, or none will help
    release,   ///< its holder gives it back, uncounted
    lose,      ///< the lease ran out; attempts are left
    bury,      ///< the lease ran out; none is left
    cancel,    ///< somebody wants it to stop
    stop,      ///< its holder stopped because of that
    retry,     ///< somebody wants it to run (again), now
    abandon,   ///< its messages were delivered again and again, and nobody could take it
};
BOOST_DESCRIBE_ENUM(
    Trigger, claim, complete, fail, give_up, release, lose, bury, cancel, stop, retry, abandon
)

struct Transition {
    Status from;
    Trigger trigger;
    Status to;
};

/// The state machine; what is not here does not happen.
inline constexpr std::array transitions{
    Transition{Status::pending, Trigger::claim, Status::processing},
    Transition{Status::pending, Trigger::cancel, Status::cancelled},
    Transition{Status::pending, Trigger::retry, Status::pending},
    Transition{Status::pending, Trigger::abandon, Status::failed},
    Transition{Status::processing, Trigger::complete, Status::completed},
    Transition{Status::processing, Trigger::fail, Status::pending},
    Transition{Status::processing, Trigger::give_up, Status::failed},
    Transition{Status::processing, Trigger::release, Status::pending},
    Transition{Status::processing, Trigger::lose, Status::pending},
    Transition{Status::processing, Trigger::bury, Status::failed},
    Transition{Status::processing, Trigger::cancel, Status::processing},
    Transition{Status::processing, Trigger::stop, Status::cancelled},
    Transition{Status::failed, Trigger::retry, Status::pending},
    Transition{Status::cancelled, Trigger::retry, Status::pending},
};

[[nodiscard]] constexpr std::optional<Status> next(Status from, Trigger trigger) {
    for (Transition const& each : transitions) {
        if (each.from == from && each.trigger == trigger) return each.to;
    }
    return {};
}

inline constexpr int default_priority = 5;

/// A file that a job made or works on.
struct JobFile {
    std::string id;
    std::string role;  ///< input, output
    std::string name;
    std::string media_type;
    std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(JobFile, (), (id, role, name, media_type, bytes))

struct Job {
    std::string id;
    std::string type;
    std::string queue;
    Status status = Status::pending;
    int priority = default_priority;  ///< 0 first … 9 last
    int attempt = 0;
    int max_attempts = 5;
    std::optional<std::string> worker;  ///< who has it, or had it last
    std::optional<std::string> show_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> group_key;
    std::optional<std::string> created_by;
    std::string created_by_name;
    Time created_at;
    Time run_at;  ///< not before
    std::optional<Time> started_at;
    std::optional<Time> finished_at;
    std::optional<Time> cancel_requested_at;
    std::optional<int> progress;  ///< percent
    std::optional<std::string> message;
    json::Raw args{"{}"};
    std::optional<json::Raw> error;   ///< of the last attempt: {code, message}
    std::optional<json::Raw> result;  ///< of a completed one
    int retries = 0;                  ///< asked for by people
    std::optional<std::string> episode_title;
};
BOOST_DESCRIBE_STRUCT(
    Job,
    (),
    (id,
     type,
     queue,
     status,
     priority,
     attempt,
     max_attempts,
     worker,
     show_id,
     episode_id,
     group_key,
     created_by,
     created_by_name,
     created_at,
     run_at,
     started_at,
     finished_at,
     cancel_requested_at,
     progress,
     message,
     args,
     error,
     result,
     retries,
     episode_title)
)

/// Lower-case words as in `render.still`; also the form of a queue's name.
[[nodiscard]] constexpr bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 63 || text.front() < 'a' || text.front() > 'z') return false;
    for (char const c : text) {
        bool const fits =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        if (!fits) return false;
    }
    return true;
}

}  // namespace showrunner::jobs
