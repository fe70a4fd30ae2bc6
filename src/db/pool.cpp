#include "db/pool.hpp"

#include "db/pool_state.hpp"

namespace showrunner::db {

namespace {

/// Holds all it needs: neither the pool nor the Query must outlive it.
Task<Rows> run_in(
    std::shared_ptr<PoolState> pool,
    Lane lane,
    std::shared_ptr<PreparedQuery const> query,
    Params params
) {
    Statement statement{*pool, Statement::Kind::query, lane, std::move(query), std::move(params)};
    statement.end = pool->refusal(lane);
    if (statement.end == End::pending) co_await pool->queued(statement);
    co_return statement.take();
}

}  // namespace

Pool::Pool(asio::any_io_executor executor, PoolOptions options, metrics::Registry& registry)
    : state_{std::make_shared<PoolState>(std::move(executor), std::move(options), registry)} {
    state_->register_metrics();
}

Pool::~Pool() {
    state_->close();
}

Task<Rows> Pool::run(Query const& query, Params params) {
    return run_in(state_, query.lane, state_->prepared(query), std::move(params));
}

Task<Transaction> Pool::begin() {
    auto const state = state_;
    Statement lease{*state, Statement::Kind::lease, Lane::change};
    lease.end = state->refusal(Lane::change);
    if (lease.end == End::pending) co_await state->queued(lease);
    lease.take();
    co_return Transaction{std::move(lease.connection)};
}

Task<Session> Pool::session() {
    auto const state = state_;
    auto connection = co_await state->open_session();
    if (!connection) throw Error{Code::unavailable, "The server is shutting down."};
    co_return Session{std::move(connection)};
}

Task<std::string> Pool::check(std::chrono::milliseconds timeout) {
    auto const state = state_;
    co_return co_await state->check(timeout);
}

Task<> Pool::drain() {
    auto const state = state_;
    co_await state->drain();
}

}  // namespace showrunner::db
