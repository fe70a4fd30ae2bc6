// What becomes of attempts: their ends written down, their leases kept, their progress shown.
#include "base/log.hpp"
#include "base/text.hpp"
#include "jobs/active.hpp"
#include "jobs/progress.hpp"

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr metrics::Spec ended_total{
    "showrunner_jobs_ended_total",
    metrics::Kind::counter,
    "Attempts that ended in this process: completed, failed, timed_out, cancelled, released or "
    "stale.",
    "outcome"
};

Query const beat_worker{
    "beat_job_worker",
    "UPDATE job_workers SET heartbeat_at = now(), running = $2 WHERE id = $1",
    Lane::change
};
Query const leave_worker{"leave_job_worker", "DELETE FROM job_workers WHERE id = $1", Lane::change};
Query const insert_lines{
    "insert_job_log",
    "INSERT INTO job_log (job_id, attempt, created_at, level, text) SELECT * FROM "
    "unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[])",
    Lane::change
};

/// Progress is shown and kept this often; time-outs are looked at as often.
constexpr milliseconds report_interval{500};
constexpr milliseconds heartbeat_interval_max{5'000};
constexpr milliseconds retry_pause{250};
/// After the handlers were told to stop at the end of the process.
constexpr milliseconds stop_limit{5'000};
constexpr milliseconds hurried_stop_limit{1'000};

/// PostgreSQL was asked, and does not take a value.
bool is_refusal(std::exception const& e) {
    auto const* error = dynamic_cast<Error const*>(&e);
    return error != nullptr && error->code == Code::invalid;
}

}  // namespace

// ---------------------------------------------------------------- ends

Task<> Processor::settle(std::shared_ptr<Active> active, std::optional<Failure> failure) {
    if (active->changed && active->why != Stop::lost) co_await report_last(active);
    if (!failure && active->why != Stop::lost) {
        completions_.push_back({active->held(), std::move(active->result)});
        flush_timer_.cancel();
        co_return;  // finish() forgets it.
    }
    co_await save_lines();
    // While PostgreSQL is away we go on trying, for as long as the lease is ours.
    while (active->why != Stop::lost) {
        bool const written = co_await write_down(*active, *failure);
        if (written) break;
        co_await sleep_for(retry_pause);
    }
    if (active->why == Stop::lost) services_.metrics.counter(ended_total, "stale").add();
    forget(active->held());
}

/// What the handler said last is on record, and shown, before the job is over. Best effort: its end
/// matters more.
Task<> Processor::report_last(std::shared_ptr<Active> active) {
    bool const logged = std::exchange(active->logged, false);
    std::vector<std::shared_ptr<Active>> jobs{active};
    try {
        co_await save_lines();
        show(*active, logged);
        co_await renew(std::move(jobs));
    } catch (std::exception const& e) {
        log::warning("job_report_not_written", {{"job", active->job.id}, {"error", e.what()}});
    }
}

Task<bool> Processor::write_down(Active& active, Failure failure) {
    std::string_view outcome = "failed";
    bool ours = true;
    try {
        if (active.why == Stop::shutdown) {
            outcome = "released";
            std::vector<Held> const held{active.held()};
            co_await queue_.release(held);
        } else if (active.why == Stop::cancelled) {
            outcome = "cancelled";
            ours = co_await queue_.stop(active.held());
        } else {
            if (active.why == Stop::timed_out) {
                outcome = "timed_out";
                failure = {"TIMED_OUT", "The attempt took too long.", "timed_out", true, {}};
            }
            Backoff const backoff = active.handler != nullptr ? active.handler->backoff : Backoff{};
            AfterFailure const after =
                co_await queue_.fail(active.job, std::move(failure), backoff);
            ours = after != AfterFailure::stale;
            if (after == AfterFailure::cancelled) outcome = "cancelled";
        }
    } catch (std::exception const& e) {
        log::warning("job_end_not_written", {{"job", active.job.id}, {"error", e.what()}});
        co_return false;
    }
    if (!ours) {
        active.why = Stop::lost;
        co_return true;
    }
    services_.metrics.counter(ended_total, outcome).add();
    services_.tail.wake();
    co_return true;
}

Task<> Processor::flush() {
    for (;;) {
        // The timer never expires; to set it here would wake the others that wait here.
        while (completions_.empty()) co_await flush_timer_.async_wait(as_result);
        // What ends while this batch is written makes the next one: the busier, the larger.
        std::size_t const size = std::min<std::size_t>(completions_.size(), batch_max);
        std::vector<Completion> batch{
            std::make_move_iterator(completions_.begin()),
            std::make_move_iterator(completions_.begin() + static_cast<std::ptrdiff_t>(size))
        };
        completions_.erase(
            completions_.begin(), completions_.begin() + static_cast<std::ptrdiff_t>(size)
        );
        // Who sees the job's end finds its whole log.
        co_await save_lines();
        bool const written = co_await finish(std::move(batch));
        if (!written) co_await sleep_for(retry_pause);
    }
}

/// False, and the batch is back in line, when PostgreSQL could not be asked. (It may have heard us
/// all the same: then the leases are stale the next time, and nothing happens twice.)
Task<bool> Processor::finish(std::vector<Completion> batch) {
    std::vector<std::string> finished;
    bool refused = false;
    try {
        finished = co_await queue_.complete(batch);
    } catch (std::exception const& e) {
        log::warning("jobs_not_completed", {{"jobs", batch.size()}, {"error", e.what()}});
        refused = is_refusal(e);
        if (!refused) {
            completions_.insert(completions_.end(), batch.begin(), batch.end());
            co_return false;
        }
    }
    if (refused) co_return co_await finish_singly(std::move(batch));
    services_.metrics.counter(ended_total, "completed").add(finished.size());
    services_.metrics.counter(ended_total, "stale").add(batch.size() - finished.size());
    services_.tail.wake();
    for (Completion const& each : batch) forget(each.held);
    nudge();  // There may have been too many to take more.
    co_return true;
}

/// One result that PostgreSQL does not take must not hold up the others.
Task<bool> Processor::finish_singly(std::vector<Completion> batch) {
    bool all = true;
    for (Completion& each : batch) {
        bool written = false;
        if (batch.size() == 1) {
            written = co_await refuse_result(std::move(each));
        } else {
            std::vector<Completion> single;
            single.push_back(std::move(each));
            written = co_await finish(std::move(single));
        }
        all = all && written;
    }
    co_return all;
}

Task<bool> Processor::refuse_result(Completion completion) {
    auto const found = active_.find(completion.held.id);
    if (found == active_.end() || found->second->job.lease != completion.held.lease) co_return true;
    auto const active = found->second;
    Failure failure{"RESULT", "The result is no JSON that can be stored.", "failed", false, {}};
    bool const written = co_await write_down(*active, std::move(failure));
    if (written) {
        forget(completion.held);
    } else {
        completions_.push_back(std::move(completion));
    }
    co_return written;
}

/// What a queue's limits did not allow they may allow now.
void Processor::leave_room(std::string const& queue) {
    auto const limits = limits_.find(queue);
    if (limits != limits_.end() && !limits->second.any()) return;
    for (Intake& intake : intakes_) {
        if (intake.queue == queue) intake.due = true;
    }
    nudge();
}

void Processor::forget(Held const& held) {
    source_.ended(held);
    auto const found = active_.find(held.id);
    if (found != active_.end() && found->second->job.lease == held.lease) {
        leave_room(found->second->job.queue);
        active_.erase(found);
    }
    if (draining_ && active_.empty()) drain_timer_.cancel();
}

// ---------------------------------------------------------------- stopping

void Processor::stop(Active& active, Stop why) {
    bool const stopping = active.why != Stop::none && why != Stop::lost;
    if (active.ended || stopping) return;
    active.why = why;
    active.stopped_at = SteadyClock::now();
    active.cancel->emit(asio::cancellation_type::terminal);
}

void Processor::cancel(std::string_view job_id) {
    auto const found = active_.find(std::string{job_id});
    if (found == active_.end()) return;
    auto const active = found->second;
    stop(*active, Stop::cancelled);
}

std::vector<std::shared_ptr<Processor::Active>> Processor::at_work() const {
    std::vector<std::shared_ptr<Active>> all;
    all.reserve(active_.size());
    for (auto const& [id, active] : active_) all.push_back(active);
    return all;
}

Task<> Processor::stop_overdue() {
    auto const now = SteadyClock::now();
    for (auto const& active : at_work()) {
        if (active->ended) continue;
        if (active->why == Stop::none && now > active->deadline) {
            stop(*active, Stop::timed_out);
        }
        bool const asked = active->why == Stop::cancelled || active->why == Stop::timed_out;
        if (!asked || now < active->stopped_at + options_.cancel_grace) continue;
        // It does not listen: its lease is taken away, so that what it may still come to is void.
        bool const written = co_await write_down(*active, {});
        if (written) active->why = Stop::lost;
    }
}

void Processor::hurry() {
    hurried_ = true;
    drain_timer_.cancel();
}

Task<> Processor::ended_within(milliseconds limit, bool taken_only) {
    auto const end = SteadyClock::now() + limit;
    bool const hurried = hurried_;
    while (SteadyClock::now() < end && hurried_ == hurried) {
        bool const over = reserved_ == 0 && (taken_only || active_.empty());
        if (over) break;
        drain_timer_.expires_at(end);
        co_await drain_timer_.async_wait(as_result);
    }
}

Task<> Processor::drain(milliseconds limit) {
    take_no_more();
    if (!hurried_) co_await ended_within(limit);
    // What is being taken now might be what is given back next.
    co_await ended_within(hurried_ ? hurried_stop_limit : stop_limit, true);
    for (auto const& active : at_work()) stop(*active, Stop::shutdown);
    co_await ended_within(hurried_ ? hurried_stop_limit : stop_limit);
    co_await sign_off();
}

/// The end of the process does not fail because PostgreSQL is away: then leases run out instead.
Task<> Processor::sign_off() {
    std::vector<Held> deaf;
    for (auto const& active : at_work()) {
        if (active->ended) continue;
        // It does not listen: the job is given back all the same, and what it comes to is void.
        active->why = Stop::lost;
        deaf.push_back(active->held());
    }
    try {
        if (!deaf.empty()) co_await queue_.release(deaf);
        services_.metrics.counter(ended_total, "released").add(deaf.size());
        co_await give_back_unknown();
        co_await source_.close();
        co_await save_lines();
        co_await services_.db.run(leave_worker, db::Params{id_});
    } catch (std::exception const& e) {
        log::warning("processor_not_signed_off", {{"jobs", deaf.size()}, {"error", e.what()}});
    }
}

// ---------------------------------------------------------------- leases and reports

Task<> Processor::heartbeat() {
    auto const third = std::chrono::duration_cast<milliseconds>(options_.lease) / 3;
    for (;;) {
        co_await sleep_for(std::min(third, heartbeat_interval_max));
        co_await renew(at_work());
        co_await services_.db.run(beat_worker, db::Params{id_, executing_});
    }
}

Task<> Processor::report() {
    for (;;) {
        co_await sleep_for(report_interval);
        co_await stop_overdue();
        std::vector<std::shared_ptr<Active>> changed = at_work();
        std::erase_if(changed, [](auto const& active) { return !active->changed; });
        // Lines are there before they are told of; those written meanwhile are the next round's.
        std::vector<bool> logged;
        for (auto const& active : changed) logged.push_back(std::exchange(active->logged, false));
        co_await save_lines();
        for (std::size_t n = 0; n < changed.size(); ++n) show(*changed[n], logged[n]);
        co_await renew(std::move(changed));
    }
}

Task<> Processor::renew(std::vector<std::shared_ptr<Active>> jobs) {
    std::erase_if(jobs, [](auto const& active) { return active->why == Stop::lost; });
    if (jobs.empty()) co_return;
    std::vector<Report> reports;
    for (auto const& active : jobs) {
        reports.push_back({active->held(), active->progress, active->message});
    }
    auto const renewed = co_await queue_.renew(std::move(reports), options_.lease);
    std::unordered_map<std::string_view, bool> answers;
    for (Renewed const& each : renewed) answers.emplace(each.id, each.cancel);
    for (auto const& active : jobs) {
        auto const answer = answers.find(active->job.id);
        if (answer == answers.end()) {
            stop(*active, Stop::lost);
            continue;
        }
        source_.renewed(active->held());
        if (answer->second) stop(*active, Stop::cancelled);
    }
}

void Processor::show(Active& active, bool logged) {
    active.changed = active.logged;
    services_.signals.send(
        "jobs.progress", progress_payload(active.job, active.progress, active.message, logged)
    );
}

/// One at a time, so that lines stay in order. When this returns, what was there is written, unless
/// PostgreSQL is away.
Task<> Processor::save_lines() {
    if (saving_) {
        // Whoever is at it goes on until it has written ours, or cannot.
        co_await saved_timer_.async_wait(as_result);
        co_return;
    }
    saving_ = true;
    bool more = true;
    while (more) more = co_await save_some_lines();
    saving_ = false;
    saved_timer_.cancel();
}

/// False when none is left, or none can be written.
Task<bool> Processor::save_some_lines() {
    if (lines_.empty()) co_return false;
    auto const size = static_cast<std::ptrdiff_t>(std::min(lines_.size(), lines_batch_max));
    std::vector<Line> const lines{lines_.begin(), lines_.begin() + size};
    lines_.erase(lines_.begin(), lines_.begin() + size);
    std::vector<std::string> jobs;
    std::vector<std::string> attempts;
    std::vector<std::string> times;
    std::vector<std::string> levels;
    std::vector<std::string> texts;
    for (Line const& line : lines) {
        jobs.push_back(line.job_id);
        attempts.push_back(std::to_string(line.attempt));
        times.push_back(to_rfc3339(line.at));
        levels.emplace_back(json::name_of(line.level));
        texts.push_back(line.text);
    }
    try {
        co_await services_.db.run(insert_lines, db::Params{jobs, attempts, times, levels, texts});
    } catch (std::exception const& e) {
        log::warning("job_log_not_written", {{"lines", lines.size()}, {"error", e.what()}});
        if (!is_refusal(e)) lines_.insert(lines_.begin(), lines.begin(), lines.end());
        co_return false;
    }
    co_return !lines_.empty();
}

void Processor::ActiveRun::progress(int percent, std::string message) {
    active_.progress = std::clamp(percent, 0, 100);
    if (!message.empty()) active_.message = valid_utf8(message, message_bytes_max);
    active_.changed = true;
}

void Processor::ActiveRun::log(LogLevel level, std::string text) {
    bool const full = active_.lines >= lines_max || processor_.lines_.size() >= lines_waiting_max;
    if (full) return;
    if (++active_.lines == lines_max) text = "(the log is full: further lines are not kept)";
    processor_.lines_.push_back(
        {active_.job.id,
         active_.job.attempt,
         services.clock.now(),
         level,
         valid_utf8(text, line_bytes_max)}
    );
    active_.changed = true;
    active_.logged = true;
}

}  // namespace showrunner::jobs
