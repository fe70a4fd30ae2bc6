// What a session has not sent yet: messages shared with other sessions, in order.
#pragma once

#include "socketio/engine/message.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace showrunner::engineio {

class Outbox {
public:
    [[nodiscard]] bool empty() const { return messages_.empty(); }

    /// Bytes as a WebSocket would send them.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// `sent`: bytes of the message that are already on their way (only into an empty outbox).
    void push(MessagePtr const& message, std::size_t sent = 0);

    /// Fills `vectors` from the front; returns how many were filled.
    [[nodiscard]] std::size_t gather(std::span<iovec> vectors) const;

    /// Forgets the first `bytes` bytes.
    void consume(std::size_t bytes);

    /// Everything as one polling payload; empties the outbox.
    [[nodiscard]] std::string take_payload();

    void clear();

private:
    std::vector<MessagePtr> messages_;
    std::size_t first_ = 0;  ///< messages before this one are sent
    std::size_t sent_ = 0;   ///< bytes of the first message that are sent
    std::size_t bytes_ = 0;
};

}  // namespace showrunner::engineio
