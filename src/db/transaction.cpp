// Transaction and Session: connections that belong to one caller for a while.
#include "db/pool_state.hpp"

namespace showrunner::db {

namespace {

Query const begin_query{.name = "begin", .text = "BEGIN", .lane = Lane::change};
Query const commit_query{.name = "commit", .text = "COMMIT", .lane = Lane::change};

/// The pool of a connection that is still open; it outlives the statement.
std::shared_ptr<PoolState> pool_of(std::shared_ptr<Connection> const& connection) {
    if (!connection) throw std::logic_error{"a statement after the end of its transaction"};
    if (connection->use == Connection::Use::closed) {
        throw ConnectionLost{"the connection to PostgreSQL broke", false};
    }
    return connection->pool().shared_from_this();
}

Task<Rows> run_prepared(
    std::shared_ptr<PoolState> pool,
    std::shared_ptr<Connection> connection,
    Statement::Kind kind,
    std::shared_ptr<PreparedQuery const> query,
    Params params
) {
    Statement statement{*pool, kind, Lane::change, std::move(query), std::move(params)};
    co_await pool->sent(*connection, statement);
    if (kind == Statement::Kind::commit && statement.end == End::done) {
        connection->in_transaction = false;
    }
    co_return statement.take();
}

/// Not a coroutine: the query need not outlive the call.
Task<Rows> run_on(
    std::shared_ptr<Connection> const& connection,
    Query const& query,
    Params params,
    Statement::Kind kind = Statement::Kind::query
) {
    auto pool = pool_of(connection);
    auto prepared = pool->prepared(query);
    return run_prepared(std::move(pool), connection, kind, std::move(prepared), std::move(params));
}

}  // namespace

Transaction::Transaction(std::shared_ptr<Connection> connection)
    : connection_{std::move(connection)} {}

Transaction::Transaction(Transaction&&) noexcept = default;

Transaction& Transaction::operator=(Transaction&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
}

Transaction::~Transaction() {
    if (connection_ && connection_->use != Connection::Use::closed) {
        connection_->pool().release(*connection_);
    }
}

Task<Rows> Transaction::run(Query const& query, Params params) {
    return run_on(connection_, query, std::move(params));
}

Task<> Transaction::commit() {
    // Whatever comes of it, the transaction is over: its connection goes back when this returns.
    Transaction ending{std::exchange(connection_, nullptr)};
    if (!ending.connection_) throw std::logic_error{"a transaction that was committed before"};
    if (ending.connection_->in_transaction || ending.connection_->use == Connection::Use::closed) {
        co_await run_on(ending.connection_, commit_query, {}, Statement::Kind::commit);
    }
}

Session::Session(std::shared_ptr<Connection> connection) : connection_{std::move(connection)} {}

Session::Session(Session&&) noexcept = default;

Session& Session::operator=(Session&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
}

Session::~Session() {
    if (connection_ && connection_->use != Connection::Use::closed) {
        connection_->pool().close_session(*connection_);
    }
}

Task<Rows> Session::run(Query const& query, Params params) {
    return run_on(connection_, query, std::move(params));
}

Task<> Session::script(std::string_view sql, std::string_view name) {
    auto const connection = connection_;
    auto const pool = pool_of(connection);
    Statement statement{*pool, Statement::Kind::script, Lane::change};
    statement.sql = sql;
    statement.name = name;
    co_await pool->sent(*connection, statement);
    statement.take();
}

Task<> Session::begin() {
    co_await run_on(connection_, begin_query, {});
    connection_->in_transaction = true;
}

Task<> Session::commit() {
    co_await run_on(connection_, commit_query, {}, Statement::Kind::commit);
}

void Session::on_notification(std::function<void(std::string_view payload)> handler) {
    connection_->notified = std::move(handler);
}

}  // namespace showrunner::db
