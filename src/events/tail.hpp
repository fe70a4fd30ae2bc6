// The node's one reader at the end of the ledger. It hands every event, in stream order and once,
// to the sinks of this node (broadcast, caches) and wakes the consumers.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/pool.hpp"
#include "events/stream.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace showrunner::events {

/// Takes what was appended, in stream order, on the event loop's thread. Must not block or throw.
using Sink = std::function<void(std::vector<EventPtr> const& events)>;

class Tail {
public:
    Tail(asio::any_io_executor executor, db::Pool& pool, metrics::Registry& registry);

    /// Before run().
    void add_sink(Sink sink);

    /// Something was committed by this process: read now rather than at the next poll.
    void wake();

    /// Finds the end of the ledger: what comes after is handed out. Before run().
    Task<> start();

    /// Reads until cancelled; throws when PostgreSQL goes away and continues, under supervise(), at
    /// the event it had come to.
    Task<> run();

    /// The last event handed to the sinks.
    [[nodiscard]] Offset position() const { return position_; }

private:
    static constexpr int batch_max = 500;
    /// Other nodes and tools commit without waking us.
    static constexpr std::chrono::milliseconds poll_interval{100};
    /// Under load events come faster than is worth a query each.
    static constexpr std::chrono::milliseconds min_interval{3};

    Task<> wait();

    db::Pool& pool_;
    asio::steady_timer timer_;
    std::vector<Sink> sinks_;
    Offset position_;
    bool woken_ = false;
    int retries_ = 0;
    metrics::Counter& delivered_;
    metrics::Histogram& lag_;
};

}  // namespace showrunner::events
