// A GET that waits for something to send. Lives in the coroutine that serves it.
#pragma once

#include "socketio/engine/core.hpp"
#include "socketio/engine/session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace showrunner::engineio {

struct HeldPoll {
    HeldPoll(
        std::shared_ptr<Session> owner,
        std::shared_ptr<Core> shared,
        asio::any_io_executor const& executor
    )
        : session{std::move(owner)}, core{std::move(shared)}, wake{executor, SteadyTime::max()} {
        session->poll_ = this;
        ++core->pending_polls;
    }

    ~HeldPoll() {
        if (session->poll_ == this) session->poll_ = nullptr;
        --core->pending_polls;
    }

    HeldPoll(HeldPoll const&) = delete;
    HeldPoll& operator=(HeldPoll const&) = delete;

    std::shared_ptr<Session> session;
    std::shared_ptr<Core> core;  ///< may outlive the engine with its coroutine
    asio::steady_timer wake;
    std::optional<std::string> payload;
};

}  // namespace showrunner::engineio
