// Task is the one coroutine type, spawn() the one way to start a coroutine that nobody awaits.
// One thread runs the node's io_context: state of the event loop needs no locks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace showrunner {

namespace asio = boost::asio;

template <typename T = void>
using Task = asio::awaitable<T>;

/// Completion token for expected I/O outcomes: the error comes back as a value.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Starts `task`; an exception that leaves it is logged under `name` and ends only this task.
void spawn(asio::any_io_executor executor, std::string name, Task<> task);

/// The same; `cancel` cancels what the task awaits.
void spawn(
    asio::any_io_executor executor,
    std::shared_ptr<asio::cancellation_signal> cancel,
    std::string name,
    Task<> task
);

/// Runs `task`; what it threw, or null. For who has something to await before the failure goes on
/// (`co_await` is ill-formed in a `catch`). After a cancellation, what is awaited next runs to its
/// end: whoever means to end throws the failure on.
Task<std::exception_ptr> outcome_of(Task<> task);

/// What an exception says, for the log; empty for cancellation, which is nobody's failure.
[[nodiscard]] std::string what_failed(std::exception_ptr error);

struct SuperviseOptions {
    std::chrono::milliseconds backoff_min{50};
    std::chrono::milliseconds backoff_max{5000};
};

/// Runs `loop()` again with jittered back-off whenever it throws; returns when it returns, or on
/// cancellation.
Task<> supervise(std::string name, std::function<Task<>()> loop, SuperviseOptions options = {});

/// Resumes after `duration` on the current executor; throws operation_aborted when cancelled.
Task<> sleep_for(std::chrono::steady_clock::duration duration);

}  // namespace showrunner
