// A turn is one round of the event loop. The first message of a turn goes to a client's socket at
// once; what follows within the same turn is put together and written in one go at its end. So a
// single event is never delayed, and a burst costs one system call a client.
#pragma once

#include "base/task.hpp"
#include "socketio/engine/close_reason.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace showrunner::engineio {

class Session;

class Turns {
public:
    explicit Turns(asio::any_io_executor executor);

    [[nodiscard]] std::uint32_t current() const { return current_; }

    /// Sees to it that this turn comes to an end.
    void note() {
        if (!ending_) schedule_end();
    }

    void flush_at_end(std::shared_ptr<Session> session);

    /// Closing while somebody goes through the members of a room would pull it away under them.
    void close_at_end(std::shared_ptr<Session> session, CloseReason reason);

private:
    void schedule_end();
    void end();

    asio::any_io_executor executor_;
    std::uint32_t current_ = 1;
    bool ending_ = false;
    std::vector<std::shared_ptr<Session>> to_flush_;
    std::vector<std::pair<std::shared_ptr<Session>, CloseReason>> to_close_;
    std::shared_ptr<Turns*> self_;  ///< tells a handler that runs late that this is gone
};

}  // namespace showrunner::engineio
