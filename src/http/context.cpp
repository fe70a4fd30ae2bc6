#include "http/context.hpp"

#include "base/clock.hpp"
#include "base/id.hpp"
#include "http/connection.hpp"
#include "http/encode.hpp"

#include <array>
#include <charconv>

namespace showrunner::http {

namespace {

using metrics::Kind;
using metrics::Spec;

constexpr Spec connections_spec{
    "showrunner_http_connections", Kind::gauge, "Open HTTP connections."
};
constexpr Spec received_spec{
    "showrunner_http_received_bytes_total", Kind::counter, "Bytes read from HTTP clients."
};
constexpr Spec sent_spec{
    "showrunner_http_sent_bytes_total", Kind::counter, "Bytes written to HTTP clients."
};
constexpr Spec hits_spec{
    "showrunner_http_limit_hits_total",
    Kind::counter,
    "Connections and requests that ran into a limit of the HTTP server.",
    "limit"
};
constexpr std::array<std::string_view, 11> limit_names{
    "connections",
    "requests_in_flight",
    "header_bytes",
    "target_bytes",
    "body_bytes",
    "body_memory",
    "header_timeout",
    "body_timeout",
    "idle_timeout",
    "write_timeout",
    "deadline"
};

}  // namespace

Meters::Meters(metrics::Registry& registry)
    : connections{registry.gauge(connections_spec)},
      received_bytes{registry.counter(received_spec)},
      sent_bytes{registry.counter(sent_spec)} {
    for (std::size_t i = 0; i < hits_.size(); ++i) {
        hits_[i] = &registry.counter(hits_spec, limit_names[i]);
    }
}

Context::Context(
    asio::any_io_executor executor_,
    Application& application_,
    Limits limits_,
    metrics::Registry& registry
)
    : executor{executor_},
      application{&application_},
      limits{limits_},
      meters{registry},
      now{std::chrono::steady_clock::now()},
      date{http_date(SystemClock{}.now())},
      emptied{executor_, asio::steady_timer::time_point::max()},
      id_prefix_{random_token(12) + '-'} {}

void Context::sweep() {
    now = std::chrono::steady_clock::now();
    date = http_date(SystemClock{}.now());
    // Backwards, because a connection that ends meanwhile is replaced by the last one.
    for (std::size_t i = connections.size(); i-- > 0;) {
        if (i < connections.size()) connections[i]->sweep();
    }
}

std::string Context::next_request_id() {
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), ++id_count_, 16);
    std::string id;
    id.reserve(id_prefix_.size() + digits.size());
    id += id_prefix_;
    id.append(digits.data(), end.ptr);
    return id;
}

void Context::add(Connection& connection) {
    connection.index_ = connections.size();
    connections.push_back(&connection);
    meters.connections.add(1);
}

void Context::remove(Connection& connection) {
    Connection* const last = connections.back();
    connections[connection.index_] = last;
    last->index_ = connection.index_;
    connections.pop_back();
    meters.connections.add(-1);
    if (connections.empty()) emptied.cancel();
}

}  // namespace showrunner::http
