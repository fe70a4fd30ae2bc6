// An answer whose body is read as it comes: the other side is held back while nobody reads.
#pragma once

#include "base/error.hpp"
#include "base/task.hpp"
#include "client/admission.hpp"
#include "client/loop.hpp"
#include "client/message.hpp"
#include "client/transfer.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <variant>

namespace showrunner::client {

/// Keeps its turn and its connection until it is destroyed; one that was not read to its end closes
/// the connection.
class Download {
public:
    using Opened = std::variant<std::shared_ptr<Download>, Error>;

    /// For Http::open(). The time-out is for the headers, and again for each read().
    [[nodiscard]] static Task<Opened> open(std::shared_ptr<Loop> loop, Request request);

    explicit Download(std::shared_ptr<Loop> loop);

    [[nodiscard]] unsigned status() const { return transfer_->head().status; }

    /// The first header of this (lower-case) name; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        return transfer_->head().header(name);
    }

    /// Replaces `chunk` with what has come; false at the end. Throws as Http::send() does.
    [[nodiscard]] Task<bool> read(std::string& chunk);

private:
    /// False when the time is up.
    [[nodiscard]] Task<bool> news();

    std::shared_ptr<Loop> loop_;
    Count count_;
    Loop::Place place_;
    std::chrono::milliseconds timeout_{};
    std::unique_ptr<Transfer> transfer_;
    asio::steady_timer* changed_ = nullptr;  ///< the transfer's
};

}  // namespace showrunner::client
