// Hints between the processes of one installation, over LISTEN and NOTIFY: that there is work, that
// something should stop, what is worth showing now. Lossy on purpose: whoever must not miss
// something also looks for itself, and everything works, slower, where NOTIFY does not (PgBouncer).
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/pool.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::events {

class Signals {
public:
    using Handler = std::function<void(std::string_view payload)>;

    Signals(asio::any_io_executor executor, db::Pool& pool, metrics::Registry& registry);

    /// Before run(). Handlers must neither block nor throw.
    void on(std::string topic, Handler handler);

    /// To the handlers of this process at once, to those of other processes by a statement of its
    /// own soon after: never inside a caller's transaction, whose commit would take NOTIFY's global
    /// lock. Equal signals that wait are one; they go on waiting while PostgreSQL is away. Dropped
    /// beyond the limits below.
    void send(std::string_view topic, std::string_view payload = {});

    /// Resumes at the next signal of the topic, or when the time is up.
    Task<> wait(std::string topic, std::chrono::milliseconds at_most);

    /// Sends what waits, until cancelled. Under supervise().
    Task<> run();
    /// Hears the other processes, until cancelled. Under supervise().
    Task<> listen();

    static constexpr std::size_t waiting_max = 4096;
    static constexpr std::size_t bytes_max = 7900;  ///< of a signal: PostgreSQL takes 8000

private:
    void hand_out(std::string_view topic, std::string_view payload) const;
    void receive(std::string_view message) const;

    db::Pool& pool_;
    std::string sender_;
    asio::steady_timer timer_;
    std::map<std::string, std::vector<Handler>, std::less<>> handlers_;
    mutable std::multimap<std::string, asio::steady_timer*, std::less<>> waiters_;
    std::set<std::string> waiting_;
    std::set<std::string> sending_;  ///< by a statement under way
    metrics::Counter& sent_;
    metrics::Counter& received_;
    metrics::Counter& dropped_;
};

}  // namespace showrunner::events
