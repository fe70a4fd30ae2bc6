// What the connections of one server share. Everything here runs on the event loop's one thread.
#pragma once

#include "base/metrics.hpp"
#include "http/compress.hpp"
#include "http/forwarded.hpp"
#include "http/server.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::http {

class Connection;

/// What can be hit; labels showrunner_http_limit_hits_total.
enum class Limit : std::uint8_t {
    connections,
    requests_in_flight,
    header_bytes,
    target_bytes,
    body_bytes,
    body_memory,
    header_timeout,
    body_timeout,
    idle_timeout,
    write_timeout,
    deadline,
};

class Meters {
public:
    explicit Meters(metrics::Registry& registry);

    void hit(Limit limit) { hits_[static_cast<std::size_t>(limit)]->add(); }

    metrics::Gauge& connections;
    metrics::Counter& received_bytes;
    metrics::Counter& sent_bytes;

private:
    std::array<metrics::Counter*, 11> hits_{};
};

struct Context {
    Context(
        asio::any_io_executor executor,
        Application& application,
        Limits limits,
        metrics::Registry& registry
    );

    /// One round of the sweep that enforces all deadlines: a timer for each operation would cost
    /// 0.7 to 3 us a request (wrk -t1 -c64).
    void sweep();

    /// A fresh request id: unique by the random part, told apart by the count.
    [[nodiscard]] std::string next_request_id();

    void add(Connection& connection);
    void remove(Connection& connection);

    asio::any_io_executor executor;
    Application* application;  ///< null once the server is gone
    Limits limits;
    TrustedProxies proxies;
    Compressor compressor;
    Meters meters;

    std::chrono::steady_clock::time_point now;  ///< at the latest sweep
    std::string date;                           ///< the Date header, at the latest sweep
    unsigned in_flight = 0;
    std::uint64_t body_bytes = 0;  ///< of all bodies held in memory
    bool draining = false;

    std::vector<Connection*> connections;
    asio::steady_timer emptied;  ///< cancelled when the last connection is gone

private:
    std::string id_prefix_;
    std::uint64_t id_count_ = 0;
};

}  // namespace showrunner::http
