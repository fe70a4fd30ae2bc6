// Blocking work off the event loop.
#pragma once

#include "base/task.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace showrunner {

/// Runs `work()` on `threads` and resumes on the caller's executor with its result or exception.
/// Cancellation does not reach the work: a cancelled caller hears of it at its next await. (Asio's
/// own way, co_spawn onto a pool, cancels from one thread what another is completing.)
template <typename Work>
Task<std::invoke_result_t<Work&>> offload(asio::thread_pool& threads, Work work) {
    using Result = std::invoke_result_t<Work&>;
    auto const executor =
        asio::prefer(co_await asio::this_coro::executor, asio::execution::outstanding_work.tracked);
    auto start = [&threads, &executor](auto handler, Work task) {
        auto run = [handler = std::move(handler), executor, task = std::move(task)]() mutable {
            std::exception_ptr failed;
            std::optional<Result> result;
            try {
                result.emplace(task());
            } catch (...) {
                failed = std::current_exception();
            }
            auto finish = [handler = std::move(handler), failed, result = std::move(result)](
                          ) mutable { std::move(handler)(failed, std::move(result)); };
            asio::post(executor, std::move(finish));
        };
        asio::post(threads, std::move(run));
    };
    using Signature = void(std::exception_ptr, std::optional<Result>);
    std::optional<Result> result =
        co_await asio::async_initiate<asio::use_awaitable_t<> const, Signature>(
            std::move(start), asio::use_awaitable, std::move(work)
        );
    co_return std::move(*result);
}

}  // namespace showrunner
