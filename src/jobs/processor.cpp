#include "jobs/processor.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "events/ledger.hpp"
#include "jobs/active.hpp"
#include "jobs/events.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;
using SteadyClock = std::chrono::steady_clock;

constexpr metrics::Spec run_seconds{
    "showrunner_job_run_seconds",
    metrics::Kind::histogram,
    "How long attempts ran in this process, by type of job.",
    "type"
};
constexpr metrics::Spec wait_spec{
    "showrunner_job_wait_seconds",
    metrics::Kind::histogram,
    "From when a job was due to when this process took it."
};
constexpr metrics::Spec running_spec{
    "showrunner_jobs_running", metrics::Kind::gauge, "Handlers at work in this process."
};

Query const register_worker{
    "register_job_worker",
    events::appending_one(
        "INSERT INTO job_workers (id, name, kind, queues, concurrency, poll_interval_ms, "
        "started_at, heartbeat_at) VALUES ($1, $2, $3, $4, $5, $6, now(), now()) RETURNING 1",
        7
    ),
    Lane::change
};

/// Settings of queues are read again after this, should the signal that they changed be lost.
constexpr std::chrono::seconds limits_age_max{2};

Failure failure_of(Error const& error) {
    Failure failure{error.token, error.what(), "failed", true, {}};
    switch (error.code) {
        case Code::malformed:
        case Code::invalid:
        case Code::forbidden:
        case Code::not_found:
        case Code::too_large:
        case Code::unsupported_media:
            failure.retry = false;
            break;
        default:
            break;
    }
    if (error.retry_after_s > 0) failure.retry_after = std::chrono::seconds{error.retry_after_s};
    for (FieldError const& field : error.fields) {
        failure.message += fmt::format(" {} {}.", field.field, field.message);
    }
    return failure;
}

}  // namespace

Failed final_failure(std::string code, std::string message) {
    return Failed{Failure{std::move(code), std::move(message), "failed", false, {}}};
}

Processor::Processor(
    asio::any_io_executor executor,
    api::Services& services,
    Source& source,
    std::vector<Handler> handlers,
    ProcessorOptions options
)
    : services_{services},
      source_{source},
      queue_{services.jobs_db, services.clock},
      options_{std::move(options)},
      id_{new_id()},
      executor_{executor},
      take_timer_{executor},
      flush_timer_{executor, SteadyClock::time_point::max()},
      drain_timer_{executor},
      saved_timer_{executor, SteadyClock::time_point::max()},
      wait_seconds_{services.metrics.histogram(wait_spec)},
      running_gauge_{services.metrics.gauge(running_spec)} {
    for (std::string const& queue : options_.queues) intakes_.push_back({queue});
    for (Handler const& handler : handlers) handlers_.emplace(handler.type, handler);
    services.metrics.declare(run_seconds);
    source_.on_arrival([this] { wake(); });
}

Processor::~Processor() = default;

Task<> Processor::start() {
    auto const poll = static_cast<int>(options_.poll_interval.count());
    JobProcessorStarted const event{poll, options_.concurrency, options_.node};
    db::Params params{id_, options_.node, options_.kind, options_.queues};
    params.add(options_.concurrency).add(poll);
    events::Actor const actor;
    events::Subject const subject{id_, {}, {}};
    events::add_one(
        params, actor, events::make_entry(event, actor, subject, services_.clock.now())
    );
    co_await services_.db.run(register_worker, std::move(params));
    services_.tail.wake();
}

Handler const* Processor::handler_of(std::string_view type) const {
    auto const found = handlers_.find(type);
    return found == handlers_.end() ? nullptr : &found->second;
}

// ---------------------------------------------------------------- taking

void Processor::wake() {
    all_due();
    nudge();
}

void Processor::all_due() {
    for (Intake& intake : intakes_) intake.due = true;
}

/// take() has a look at what can be begun.
void Processor::nudge() {
    woken_ = true;
    take_timer_.cancel();
}

Task<> Processor::pause(std::chrono::milliseconds duration) {
    if (woken_) co_return;
    take_timer_.expires_after(duration);
    co_await take_timer_.async_wait(as_result);
}

Task<QueueLimits> Processor::limits_of(std::string queue) {
    auto const now = SteadyClock::now();
    if (now - limits_read_ > limits_age_max) {
        limits_.clear();
        limits_read_ = now;
    }
    auto const known = limits_.find(queue);
    if (known != limits_.end()) co_return known->second;
    QueueLimits const limits = co_await queue_.limits(queue);
    limits_[std::move(queue)] = limits;
    co_return limits;
}

Task<> Processor::take_from(Processor& self, Intake& intake, int room) {
    std::vector<Claimed> jobs;
    try {
        QueueLimits const limits = co_await self.limits_of(intake.queue);
        Claim claim{intake.queue, room, self.id_, self.options_.lease, {}};
        jobs = co_await self.source_.take(std::move(claim), limits);
    } catch (std::exception const& e) {
        log::warning("jobs_not_taken", {{"queue", intake.queue}, {"error", e.what()}});
        self.claim_unknown_ = true;
    }
    --intake.under_way;
    self.reserved_ -= room;
    intake.deep = static_cast<int>(jobs.size()) == room;
    if (!jobs.empty()) {
        intake.due = true;
        self.services_.tail.wake();
    }
    for (Claimed& job : jobs) self.begin(std::move(job));
    if (self.draining_) self.drain_timer_.cancel();
    self.nudge();
}

bool Processor::begin_take(Intake& intake) {
    int const room = std::min(batch_max, options_.concurrency - executing_ - reserved_);
    if (!intake.due || room <= 0 || intake.under_way >= source_.takes_at_once()) return false;
    intake.due = intake.deep;
    ++intake.under_way;
    reserved_ += room;
    spawn(executor_, "job_take", take_from(*this, intake, room));
    return true;
}

/// From every queue that may have something, in turn, as far as there is room.
void Processor::begin_takes() {
    // Completions that cannot be written (no database) must not pile up.
    if (draining_ || completions_.size() >= std::size_t{4} * batch_max) return;
    bool begun = true;
    while (begun) {
        begun = false;
        for (std::size_t n = 0; n < intakes_.size(); ++n) {
            begun = begin_take(intakes_[(first_intake_ + n) % intakes_.size()]) || begun;
        }
        ++first_intake_;
    }
}

/// A claim whose answer did not arrive may have been committed: what we are said to hold and know
/// nothing of goes back, instead of waiting for its lease to run out.
Task<> Processor::give_back_unknown() {
    if (!claim_unknown_) co_return;
    std::vector<Held> known;
    for (auto const& active : at_work()) known.push_back(active->held());
    co_await queue_.release_others(id_, std::move(known));
    claim_unknown_ = false;
}

Task<> Processor::take() {
    for (;;) {
        woken_ = false;
        if (!claim_unknown_) {
            begin_takes();
        } else if (reserved_ == 0) {
            co_await give_back_unknown();
            continue;
        }
        co_await pause(options_.poll_interval);
        if (!woken_) all_due();
    }
}

void Processor::begin(Claimed job) {
    auto active = std::make_shared<Active>();
    active->job = std::move(job);
    active->handler = handler_of(active->job.type);
    active->began = SteadyClock::now();
    active->deadline = active->began + (active->handler != nullptr ? active->handler->timeout
                                                                   : std::chrono::seconds{900});
    auto const waited = services_.clock.now() - active->job.run_at;
    wait_seconds_.observe(std::max(0.0, std::chrono::duration<double>(waited).count()));
    ++executing_;
    running_gauge_.set(executing_);
    // The same job may still be here under an older lease, when we were not heard of for a while.
    auto& place = active_[active->job.id];
    if (place) stop(*place, Stop::lost);
    place = active;
    spawn(executor_, active->cancel, "job", work(*this, active));
    if (draining_) stop(*active, Stop::shutdown);
}

// ---------------------------------------------------------------- running

Task<> Processor::work(Processor& self, std::shared_ptr<Active> active) {
    ActiveRun run{self, *active};
    std::optional<Failure> failure;
    try {
        if (active->handler == nullptr) {
            throw Error{
                Code::unavailable, "NO_HANDLER", "This processor has no handler for the type."
            };
        }
        co_await active->handler->run(run);
    } catch (Failed const& failed) {
        failure = failed.failure;
    } catch (Error const& error) {
        failure = failure_of(error);
    } catch (std::exception const& e) {
        if (active->why == Stop::none) {
            log::error("job_crashed", {{"job", active->job.id}, {"error", e.what()}});
        }
        failure = Failure{"INTERNAL", "The handler failed unexpectedly.", "failed", true, {}};
    }
    active->ended = true;
    active->result = std::move(run.result);
    // What follows must happen although the handler was cancelled.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    self.free_slot();
    std::chrono::duration<double> const ran = SteadyClock::now() - active->began;
    self.services_.metrics.histogram(run_seconds, active->job.type).observe(ran.count());
    co_await self.settle(active, std::move(failure));
}

void Processor::free_slot() {
    --executing_;
    running_gauge_.set(executing_);
    nudge();
}

}  // namespace showrunner::jobs
