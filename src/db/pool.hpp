// The node's bounded set of PostgreSQL connections, in pipeline mode on the event loop.
//
// All members are for the event loop's thread. A statement that waits too long for a connection,
// or finds the queue full, throws Error{Code::unavailable}. Failures of statements are mapped from
// SQLSTATE in one place (db/failure.hpp); what a client may do something about is an Error, the
// rest is QueryFailed.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "db/failure.hpp"
#include "db/query.hpp"
#include "db/rows.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace showrunner::db {

struct PoolOptions {
    std::string url = {};       ///< libpq connection string or URL
    unsigned connections = 16;  ///< in all
    unsigned queue_max = 1024;  ///< statements waiting, per lane; more is Code::unavailable
    std::chrono::milliseconds queue_timeout{5000};
    std::chrono::milliseconds statement_timeout{30'000};  ///< set on each connection
    std::chrono::milliseconds connect_timeout{5000};
    unsigned insert_batch_max = 16;  ///< statements that share a Sync in Lane::insert
    std::string application_name = "showrunner";
    std::string settings = {};  ///< of each connection, as PostgreSQL's -c options
};

class Connection;
class PoolState;

/// A transaction on a connection of its own. Without commit() it is rolled back: the pool does so
/// before it lends the connection again.
class Transaction {
public:
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;
    ~Transaction();

    Task<Rows> run(Query const& query, Params params = {});
    /// Resumes when the commit is durable; throws when it failed or its outcome is unknown.
    Task<> commit();

private:
    friend class Pool;
    explicit Transaction(std::shared_ptr<Connection> connection);
    std::shared_ptr<Connection> connection_;
};

/// A connection kept out of the pool for as long as the object lives: session-level advisory
/// locks, leader election. Statements outside begin/commit commit by themselves. Throws
/// ConnectionLost once the connection is gone. The pool's statement_timeout holds here, too.
class Session {
public:
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    Task<Rows> run(Query const& query, Params params = {});
    /// Statements without parameters, several separated by `;`, in one transaction: migrations.
    /// A failure tells `name` and the line.
    Task<> script(std::string_view sql, std::string_view name = "script");
    Task<> begin();
    Task<> commit();
    /// After LISTEN: gets the payload of each NOTIFY as it arrives, until the session ends.
    void on_notification(std::function<void(std::string_view payload)> handler);

private:
    friend class Pool;
    explicit Session(std::shared_ptr<Connection> connection);
    std::shared_ptr<Connection> connection_;
};

class Pool {
public:
    /// Connects lazily; a connection that breaks is replaced with back-off.
    Pool(asio::any_io_executor executor, PoolOptions options, metrics::Registry& registry);
    ~Pool();
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    /// Runs one statement in its own transaction; resumes after PostgreSQL has committed it.
    /// Cancelling the awaiting task cancels the statement on the server. `query` need not outlive
    /// the call.
    Task<Rows> run(Query const& query, Params params = {});

    Task<Transaction> begin();

    /// Beyond the pool's connections (its own limit: 8 at once).
    Task<Session> session();

    /// Runs `SELECT 1` within `timeout`; what is wrong, or empty.
    Task<std::string> check(std::chrono::milliseconds timeout);

    /// Ends when no statement is under way or queued; new ones are refused at once.
    Task<> drain();

private:
    std::shared_ptr<PoolState> state_;
};

}  // namespace showrunner::db
