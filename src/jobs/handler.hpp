// Handlers: what a job of a type does. A handler is one function and one entry in the list
// `handlers` of a feature; queue, retries, time-outs, progress and cancellation come from here.
#pragma once

#include "api/services.hpp"
#include "auth/policy.hpp"
#include "base/json.hpp"
#include "jobs/queue.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace showrunner::jobs {

class Run;

/// What a handler's arguments are: checked when the job is created, and shown in the documentation.
struct Args {
    std::string_view name = {};
    std::string (*schema)() = nullptr;
    void (*check)(std::string_view args) = nullptr;  ///< throws Error{Code::invalid}
};

template <json::Described T>
[[nodiscard]] constexpr Args args(std::string_view name) {
    return {
        name,
        [] { return json::schema<T>(); },
        [](std::string_view text) { static_cast<void>(json::parse<T>(text)); },
    };
}

enum class About : std::uint8_t { show, installation };

struct Handler {
    std::string_view type;
    std::string_view summary;  ///< verb first, as a button says it
    Task<> (*run)(Run& run);
    Args args;
    auth::Action action = auth::Action::write;  ///< what it takes to start one
    About about = About::show;                  ///< installation: belongs to no show
    std::string_view queue = "default";
    int max_attempts = 5;
    std::chrono::seconds timeout{900};  ///< of one attempt
    Backoff backoff = {};
    bool direct = true;  ///< false: POST /jobs does not start one; it takes more than arguments
};

/// Thrown by a handler that knows more than that it failed: when to try again, or that it is of no
/// use. (An Error says it by its code: invalid, forbidden and not_found are not tried again.)
class Failed : public std::runtime_error {
public:
    explicit Failed(Failure failure)
        : std::runtime_error{failure.message}, failure{std::move(failure)} {}

    Failure failure;
};

/// No further attempt will help.
[[nodiscard]] Failed final_failure(std::string code, std::string message);

enum class LogLevel : std::uint8_t { info, warning, error };
BOOST_DESCRIBE_ENUM(LogLevel, info, warning, error)

/// One attempt, as its handler sees it. Cancelling the job, its time-out and the end of the
/// process cancel what the handler awaits.
class Run {
public:
    Run(api::Services& services, Claimed const& job) : services{services}, job{job} {}

    Run(Run const&) = delete;
    Run& operator=(Run const&) = delete;
    virtual ~Run() = default;

    api::Services& services;
    Claimed const& job;

    template <json::Described T>
    [[nodiscard]] T args() const {
        return json::parse<T>(job.args.text);
    }

    /// Seen at once by who watches, on record soon after; as often as the handler likes.
    virtual void progress(int percent, std::string message = {}) = 0;

    /// A line of the job's log: up to 4 KiB, and 10,000 lines an attempt.
    virtual void log(LogLevel level, std::string text) = 0;

    /// A JSON object: what the job came to.
    std::string result;
};

}  // namespace showrunner::jobs
