// Consumers: what derives lasting effects from the ledger. A consumer's effects and its cursor are
// committed together, so every event takes effect once; one node at a time runs it.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/pool.hpp"
#include "events/backlog.hpp"
#include "events/stream.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::events {

/// What to do with a batch of events, inside the transaction that moves the cursor. An exception
/// rolls both back; the batch is then tried event by event, and an event that keeps failing is set
/// aside (consumer_failures) so that the rest goes on.
struct ConsumerSpec {
    std::string_view name;
    Task<> (*apply)(db::Session& transaction, std::span<EventPtr const> events);
};

class Consumer {
public:
    Consumer(
        asio::any_io_executor executor,
        db::Pool& pool,
        ConsumerSpec spec,
        metrics::Registry& registry
    );

    /// What the node's tail hands out, or only that there is something to read.
    void offer(std::vector<EventPtr> const& events);
    void wake();

    /// Waits until this node is elected, then reads until cancelled. Under supervise(): an
    /// exception gives up the election and is retried with back-off.
    Task<> run();

    static constexpr int attempts_max = 5;

private:
    static constexpr int batch_max = 200;
    static constexpr std::chrono::milliseconds poll_interval{250};
    /// Under load: every batch is a commit of its own, which writers of records wait for too.
    static constexpr std::chrono::milliseconds min_interval{25};
    static constexpr std::chrono::milliseconds election_interval{1000};

    Task<> elect(db::Session& session);
    Task<Offset> load_cursor(db::Session& session);
    /// Applies and commits; what went wrong, or empty.
    Task<std::string> try_batch(db::Session& session, std::span<EventPtr const> events);
    Task<> set_aside(db::Session& session, StoredEvent const& event, std::string const& error);
    /// One event after the other, with back-off between the attempts.
    Task<> apply_singly(db::Session& session, std::span<EventPtr const> events);
    Task<> pause(std::chrono::milliseconds duration);

    db::Pool& pool_;
    ConsumerSpec spec_;
    asio::steady_timer timer_;
    Backlog backlog_;
    bool woken_ = false;
    metrics::Gauge& lag_;
    metrics::Gauge& leader_;
    metrics::Counter& applied_;
    metrics::Counter& failed_;
};

}  // namespace showrunner::events
