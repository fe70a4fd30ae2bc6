// A statement from the moment its caller waits until the caller resumes. It lives in the caller's
// coroutine frame: queues and connections only point to it. The frame in turn is owned by `resume`,
// so that it cannot go away before the pool has ended the statement.
#pragma once

#include "base/metrics.hpp"
#include "db/failure.hpp"
#include "db/query.hpp"
#include "db/rows.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace showrunner::db {

class Connection;
class PoolState;

using SteadyTime = std::chrono::steady_clock::time_point;

/// One text of a Query as the pool knows it; its id indexes what each connection has prepared.
struct PreparedQuery {
    std::string label;  ///< Query::name
    std::string name;   ///< of the prepared statement; empty: sent unprepared
    std::string text;
    std::size_t id = 0;
    metrics::Histogram* seconds = nullptr;
};

/// How a statement ended.
enum class End : std::uint8_t {
    pending,
    done,
    failed,         ///< PostgreSQL refused it: `failure`
    lost,           ///< the connection broke, and it had no effect
    unknown,        ///< the connection broke, and it may have had its effect
    queue_full,     ///< never sent
    queue_timeout,  ///< never sent
    draining,       ///< never sent
    aborted,        ///< its caller was cancelled
};

class Statement : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    enum class Kind : std::uint8_t {
        query,
        commit,  ///< never cancelled on the server: its outcome would be unknown
        script,  ///< several statements without parameters, by the simple protocol
        lease,   ///< not a statement: waits for a connection to itself
    };

    enum class State : std::uint8_t { fresh, queued, sent, ended };

    Statement(PoolState& pool, Kind kind, Lane lane) : pool{pool}, kind{kind}, lane{lane} {}

    Statement(
        PoolState& pool,
        Kind kind,
        Lane lane,
        std::shared_ptr<PreparedQuery const> query,
        Params params
    )
        : pool{pool}, kind{kind}, lane{lane}, query{std::move(query)}, params{std::move(params)} {}

    Statement(Statement const&) = delete;
    Statement& operator=(Statement const&) = delete;
    ~Statement() = default;

    /// The rows, or the exception that says how it ended.
    Rows take();

    /// What went wrong, for an operator; empty when nothing did.
    [[nodiscard]] std::string why_not() const;

    PoolState& pool;
    Kind const kind;
    Lane const lane;
    State state = State::fresh;
    End end = End::pending;
    bool solo = false;       ///< of Lane::insert: not to share a Sync (again)
    bool cancelled = false;  ///< its caller wants it gone
    unsigned attempts = 0;   ///< how often it was sent before
    std::shared_ptr<PreparedQuery const> query;
    Params params;
    std::string_view sql = {};   ///< of a script
    std::string_view name = {};  ///< of a script
    Rows rows;
    std::unique_ptr<Failure> failure;
    std::shared_ptr<Connection> connection;  ///< that runs it, or that a lease got
    SteadyTime queued_at{};
    SteadyTime sent_at{};
    SteadyTime cancelled_at{};
    boost::asio::any_completion_handler<void()> resume;
};

using StatementList =
    boost::intrusive::list<Statement, boost::intrusive::constant_time_size<false>>;

}  // namespace showrunner::db
