// The pool behind Pool, Transaction and Session: queues by lane, connections by use, and who gets
// what. Everything happens on the event loop's thread, in turns: whatever was queued since the last
// turn is sent together.
#pragma once

#include "base/task.hpp"
#include "db/connection.hpp"
#include "db/pool.hpp"
#include "db/pool_metrics.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace showrunner::db {

class PoolState : public std::enable_shared_from_this<PoolState> {
public:
    static constexpr std::size_t lanes = 4;
    static constexpr std::size_t read_depth = 32;  ///< look-ups in flight on one connection
    static constexpr unsigned sessions_max = 8;
    static constexpr unsigned attempts_max = 3;       ///< of one statement, in all
    static constexpr std::size_t variants_max = 64;   ///< prepared texts of one Query name
    static constexpr std::size_t queries_max = 1000;  ///< names with prepared statements
    static constexpr std::chrono::milliseconds sweep_every{100};
    static constexpr std::chrono::seconds grace{5};  ///< for PostgreSQL to enforce a time-out

    PoolState(asio::any_io_executor executor, PoolOptions options, metrics::Registry& registry);

    /// Once, after construction: needs the shared pointer.
    void register_metrics();
    /// The end of the pool: every waiting caller resumes with operation_aborted.
    void close();

    // ---- callers

    std::shared_ptr<PreparedQuery const> prepared(Query const& query);
    /// Why a new statement of this lane cannot be queued, or End::pending.
    End refusal(Lane lane);

    /// Queues `statement` for a connection of the pool and suspends the caller until it has ended.
    Task<> queued(Statement& statement);
    /// Sends `statement` on a leased connection and suspends the caller until it has ended.
    Task<> sent(Connection& connection, Statement& statement);

    /// A Transaction is done with its connection.
    void release(Connection& connection);
    Task<std::shared_ptr<Connection>> open_session();
    void close_session(Connection& connection);

    void cancel(Statement& statement);

    Task<> drain();
    Task<std::string> check(std::chrono::milliseconds timeout);

    // ---- connections

    /// All answers of a group are in. Statements without a failure of their own were aborted if
    /// any other failed, or if `at_sync` says that committing did.
    void group_finished(
        Connection& connection, std::span<Step const> group, Failure const* at_sync
    );
    /// Answers were handled: resumes the callers they were for.
    void after_receive(Connection& connection);
    /// Gives a drained connection back, after rolling back what a Transaction left.
    void settle(Connection& connection);
    void end_statement(Statement& statement, End end);
    /// Closes it and forgets it.
    void remove(Connection& connection);

    [[nodiscard]] asio::any_io_executor const& executor() const { return executor_; }

    [[nodiscard]] PoolOptions const& options() const { return options_; }

    /// libpq's `options` parameter: ours after those of the URL.
    [[nodiscard]] std::string const& server_options() const { return server_options_; }

    [[nodiscard]] std::string last_problem() const { return problem_; }

    asio::thread_pool& cancel_thread();

private:
    /// How the pool's connections are used at this moment.
    struct Census {
        std::size_t reads = 0;
        std::size_t batches = 0;
        std::size_t scans = 0;
        std::size_t exclusive = 0;  ///< scans, changes, transactions and their clean-up
        std::size_t opening = 0;
        std::size_t all = 0;
    };

    template <typename Start>
    Task<> wait(Statement& statement, Start start);
    static std::string compose_server_options(PoolOptions const& options);

    void schedule_turn();
    void turn();
    void resume_ended();
    void schedule_sweep();
    void sweep();
    void sweep_queues(SteadyTime now);
    void sweep_connection(Connection& connection, SteadyTime now);

    void dispatch();
    void dispatch_reads();
    Connection* reader();
    Connection* idle_connection();
    [[nodiscard]] Census census() const;
    [[nodiscard]] bool may_start(Lane lane, Census const& census) const;
    std::optional<Lane> oldest_lane();
    void give(Connection& connection, Lane lane);
    void grow();
    void send_now(Connection& connection, Statement& statement);
    void send_batch(Connection& connection, SteadyTime now);

    Task<> keep(std::shared_ptr<Connection> connection);
    Task<> keep_session(std::shared_ptr<Connection> connection);
    struct Probe;
    Task<> answer(std::shared_ptr<Probe> probe);
    [[nodiscard]] std::chrono::milliseconds backoff() const;
    void lost(Connection& connection);
    void lost_statement(Connection const& connection, Statement& statement, bool refused);
    void lost_group(Connection const& connection, std::span<Step const> group);

    void enqueue(Statement& statement);
    void unqueue(Statement& statement);
    void requeue(Statement& statement);
    [[nodiscard]] bool again(Connection& connection, Statement const& statement) const;
    [[nodiscard]] bool busy() const;
    [[nodiscard]] bool needs_sweep() const;
    Statement& dequeue(Lane lane, SteadyTime now);

    StatementList& queue(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }

    std::size_t& queued_in(Lane lane) { return queued_[static_cast<std::size_t>(lane)]; }

    asio::any_io_executor executor_;
    PoolOptions options_;
    std::string server_options_;
    metrics::Registry& registry_;
    PoolMetrics metrics_;

    /// The texts that were run under one name; usually one.
    struct Variants {
        std::string name;
        metrics::Histogram* seconds = nullptr;
        std::shared_ptr<PreparedQuery const> first;
        std::map<std::string_view, std::shared_ptr<PreparedQuery const>> others;
    };

    std::unordered_map<std::string_view, std::unique_ptr<Variants>> queries_;
    std::size_t prepared_queries_ = 0;

    std::array<StatementList, lanes> queues_;
    std::array<std::size_t, lanes> queued_{};
    StatementList ended_;
    std::vector<std::shared_ptr<Connection>> connections_;

    asio::steady_timer sweep_timer_;
    asio::steady_timer drained_;
    std::optional<asio::thread_pool> cancel_thread_;
    unsigned connect_failures_ = 0;  ///< in a row
    SteadyTime connect_failed_at_{};
    std::string problem_ = "all are in use";
    bool turn_scheduled_ = false;
    bool sweeping_ = false;
    bool draining_ = false;
    bool closed_ = false;
    bool probing_ = false;
};

}  // namespace showrunner::db
