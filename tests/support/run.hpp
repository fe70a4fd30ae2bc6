// Runs a coroutine to its end from a test that is no coroutine.
#pragma once

#include "base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace showrunner::test {

inline constexpr std::chrono::seconds run_deadline{30};

/// Runs `io` until `condition()` holds; false when the deadline passes first.
template <typename Condition>
[[nodiscard]] bool run_until(
    asio::io_context& io,
    Condition condition,
    std::chrono::steady_clock::duration deadline = run_deadline
) {
    auto const end = std::chrono::steady_clock::now() + deadline;
    io.restart();
    while (!condition()) {
        if (io.run_one_until(end) > 0) continue;
        if (std::chrono::steady_clock::now() >= end) return condition();
        io.restart();  // It had run out of work: what comes next is up to the condition.
        if (io.poll() == 0) return condition();
    }
    return true;
}

namespace detail {

template <typename T>
struct Outcome {
    bool ended = false;
    std::exception_ptr error;
    std::optional<T> value;
};

template <>
struct Outcome<void> {
    bool ended = false;
    std::exception_ptr error;
};

template <typename T>
Task<> keep_result(Task<T> task, std::shared_ptr<Outcome<T>> outcome) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
    } else {
        T value = co_await std::move(task);
        outcome->value.emplace(std::move(value));
    }
}

}  // namespace detail

/// The task's result, or its exception; std::runtime_error when it does not end in time.
template <typename T>
T run(
    asio::io_context& io, Task<T> task, std::chrono::steady_clock::duration deadline = run_deadline
) {
    // Shared: a task that misses the deadline still refers to it.
    auto const outcome = std::make_shared<detail::Outcome<T>>();
    asio::co_spawn(
        io,
        detail::keep_result(std::move(task), outcome),
        [outcome](std::exception_ptr error) {
            outcome->error = error;
            outcome->ended = true;
        }
    );
    if (!run_until(io, [&] { return outcome->ended; }, deadline)) {
        throw std::runtime_error{"the task did not end in time"};
    }
    if (outcome->error) std::rethrow_exception(outcome->error);
    if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

}  // namespace showrunner::test
