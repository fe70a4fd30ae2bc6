#include "base/task.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

namespace showrunner {

namespace {

void report(std::string const& name, std::exception_ptr error) {
    if (!error) return;
    std::string const why = what_failed(error);
    if (!why.empty()) log::error("task_failed", {{"task", name}, {"error", why}});
}

}  // namespace

std::string what_failed(std::exception_ptr error) {
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        return e.code() == asio::error::operation_aborted ? std::string{} : e.what();
    } catch (std::exception const& e) {
        return e.what();
    }
}

void spawn(asio::any_io_executor executor, std::string name, Task<> task) {
    auto ended = [name = std::move(name)](std::exception_ptr error) { report(name, error); };
    asio::co_spawn(executor, std::move(task), std::move(ended));
}

void spawn(
    asio::any_io_executor executor,
    std::shared_ptr<asio::cancellation_signal> cancel,
    std::string name,
    Task<> task
) {
    auto const slot = cancel->slot();
    // The task refers to the signal until its very end, so its end owns the signal.
    auto ended = [name = std::move(name), cancel = std::move(cancel)](std::exception_ptr error) {
        report(name, error);
    };
    asio::co_spawn(executor, std::move(task), asio::bind_cancellation_slot(slot, std::move(ended)));
}

Task<std::exception_ptr> outcome_of(Task<> task) {
    std::exception_ptr failure;
    try {
        co_await std::move(task);
    } catch (...) {
        failure = std::current_exception();
    }
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    co_return failure;
}

Task<> sleep_for(std::chrono::steady_clock::duration duration) {
    asio::steady_timer timer{co_await asio::this_coro::executor, duration};
    co_await timer.async_wait(asio::use_awaitable);
}

Task<> supervise(std::string name, std::function<Task<>()> loop, SuperviseOptions options) {
    auto delay = options.backoff_min;
    for (;;) {
        std::string why;
        auto const started = std::chrono::steady_clock::now();
        try {
            co_await loop();
            co_return;
        } catch (...) {
            why = what_failed(std::current_exception());
        }
        if (why.empty()) co_return;
        // A loop that ran for a while was healthy: its next failure starts from the short delay.
        if (std::chrono::steady_clock::now() - started > options.backoff_max) {
            delay = options.backoff_min;
        }
        log::error("loop_failed", {{"loop", name}, {"error", why}, {"retry_ms", delay.count()}});
        auto const jitter = std::chrono::milliseconds{
            random_below(static_cast<std::uint64_t>(delay.count()) / 2 + 1)
        };
        co_await sleep_for(delay + jitter);
        delay = std::min(delay * 2, options.backoff_max);
    }
}

}  // namespace showrunner
