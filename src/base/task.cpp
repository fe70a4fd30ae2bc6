#include "base/task.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

namespace showrunner {

namespace {

/// What an exception says; empty for cancellation, which is nobody's failure.
std::string failure_of(std::exception_ptr error) {
    try {
        std::rethrow_exception(error);
    } catch (boost::system::system_error const& e) {
        return e.code() == asio::error::operation_aborted ? std::string{} : e.what();
    } catch (std::exception const& e) {
        return e.what();
    }
}

}  // namespace

void spawn(asio::any_io_executor executor, std::string name, Task<> task) {
    asio::co_spawn(executor, std::move(task), [name = std::move(name)](std::exception_ptr error) {
        if (!error) return;
        std::string const why = failure_of(error);
        if (!why.empty()) log::error("task_failed", {{"task", name}, {"error", why}});
    });
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
            why = failure_of(std::current_exception());
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
