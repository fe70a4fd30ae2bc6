// What an engine counts.
#pragma once

#include "base/metrics.hpp"
#include "socketio/engine/close_reason.hpp"

#include <array>

namespace showrunner::engineio {

/// The limits that a client can run into.
enum class Limit : std::uint8_t {
    connections,
    connections_per_address,
    pending_polls,
    queue_bytes,
    messages_per_second,
    payload_bytes,
    rooms,
    pending_acks,
};

class Counters {
public:
    explicit Counters(metrics::Registry& registry);

    void closed(CloseReason reason) { closed_[static_cast<std::size_t>(reason)]->add(); }

    void hit(Limit limit) { limits_[static_cast<std::size_t>(limit)]->add(); }

    metrics::Gauge& sessions;
    metrics::Counter& opened_by_polling;
    metrics::Counter& opened_by_websocket;
    metrics::Counter& upgrades;
    metrics::Counter& received;
    metrics::Counter& sent;
    metrics::Counter& dropped_volatile;

private:
    std::array<metrics::Counter*, static_cast<std::size_t>(CloseReason::too_fast) + 1> closed_{};
    std::array<metrics::Counter*, static_cast<std::size_t>(Limit::pending_acks) + 1> limits_{};
};

}  // namespace showrunner::engineio
