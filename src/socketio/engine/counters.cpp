#include "socketio/engine/counters.hpp"

namespace showrunner::engineio {

namespace {

using metrics::Kind;
using metrics::Spec;

constexpr Spec sessions_spec{
    "showrunner_socketio_sessions", Kind::gauge, "Open real-time connections."
};
constexpr Spec opened_spec{
    "showrunner_socketio_opened_total",
    Kind::counter,
    "Real-time connections opened, by the transport they began with.",
    "transport"
};
constexpr Spec upgrades_spec{
    "showrunner_socketio_upgrades_total",
    Kind::counter,
    "Real-time connections that moved from polling to WebSocket."
};
constexpr Spec closed_spec{
    "showrunner_socketio_closed_total",
    Kind::counter,
    "Real-time connections that ended, by reason.",
    "reason"
};
constexpr Spec received_spec{
    "showrunner_socketio_received_total", Kind::counter, "Messages received from clients."
};
constexpr Spec sent_spec{
    "showrunner_socketio_sent_total",
    Kind::counter,
    "Messages accepted for delivery, once for each client."
};
constexpr Spec dropped_spec{
    "showrunner_socketio_dropped_volatile_total",
    Kind::counter,
    "Volatile messages dropped because a client was not ready for them."
};
constexpr Spec limits_spec{
    "showrunner_socketio_limits_total",
    Kind::counter,
    "Times that a client ran into a limit, by limit.",
    "limit"
};

constexpr std::array<std::string_view, static_cast<std::size_t>(Limit::pending_acks) + 1> limits{
    "connections",
    "connections_per_address",
    "pending_polls",
    "queue_bytes",
    "messages_per_second",
    "payload_bytes",
    "rooms",
    "pending_acks"
};

}  // namespace

Counters::Counters(metrics::Registry& registry)
    : sessions{registry.gauge(sessions_spec)},
      opened_by_polling{registry.counter(opened_spec, "polling")},
      opened_by_websocket{registry.counter(opened_spec, "websocket")},
      upgrades{registry.counter(upgrades_spec)},
      received{registry.counter(received_spec)},
      sent{registry.counter(sent_spec)},
      dropped_volatile{registry.counter(dropped_spec)} {
    for (std::size_t i = 0; i < closed_.size(); ++i) {
        closed_[i] = &registry.counter(closed_spec, name_of(static_cast<CloseReason>(i)));
    }
    for (std::size_t i = 0; i < limits_.size(); ++i) {
        limits_[i] = &registry.counter(limits_spec, limits[i]);
    }
}

}  // namespace showrunner::engineio
