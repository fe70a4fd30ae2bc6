// How a request gets its turn, and how it is counted at its end.
#pragma once

#include "base/error.hpp"
#include "base/task.hpp"
#include "client/loop.hpp"
#include "client/message.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace showrunner::client {

/// Counts a request when it ends; as cancelled when nothing else is said.
class Count {
public:
    explicit Count(std::shared_ptr<Loop> loop) : loop_{std::move(loop)} {}

    ~Count() { loop_->count(outcome_, began); }

    Count(Count const&) = delete;
    Count& operator=(Count const&) = delete;

    /// The error again.
    Error failed(Error error);
    /// The response again.
    Response answered(Response response);
    void answered(unsigned status);

    std::chrono::steady_clock::time_point const began = std::chrono::steady_clock::now();

private:
    std::shared_ptr<Loop> loop_;
    std::string outcome_ = "cancelled";
};

/// Enters `place`, within the request's time; or why not.
[[nodiscard]] Task<std::optional<Error>> admit(
    Loop::Place& place, Request const& request, std::chrono::steady_clock::time_point began
);

}  // namespace showrunner::client
