// The connections' side of the pool: what answers and lost connections mean for the callers.
#include "base/id.hpp"
#include "base/log.hpp"
#include "db/pool_state.hpp"

namespace showrunner::db {

namespace {

/// Waits for an answer: the first step of a statement may only prepare it.
bool is_statement(Step const& step) {
    return step.kind == Step::Kind::execute || step.kind == Step::Kind::script;
}

}  // namespace

void PoolState::group_finished(
    Connection& connection, std::span<Step const> group, Failure const* at_sync
) {
    auto const members = std::count_if(group.begin(), group.end(), is_statement);
    bool failed = at_sync != nullptr;
    for (Step const& step : group) {
        if (step.statement != nullptr && step.statement->failure) failed = true;
    }
    // Backwards, because those that run again go to the front of the queue one by one.
    for (auto step = group.rbegin(); step != group.rend(); ++step) {
        if (!is_statement(*step) || step->statement == nullptr) continue;
        Statement& statement = *step->statement;
        // Committing failed (a deferred constraint): whose fault that is shows only when each runs
        // alone.
        if (at_sync != nullptr && members == 1 && !statement.failure) {
            statement.failure = std::make_unique<Failure>(*at_sync);
            if (statement.query) statement.failure->query = statement.query->label;
        }
        if (!failed) {
            end_statement(statement, End::done);
        } else if (statement.cancelled) {
            end_statement(statement, End::aborted);
        } else if (statement.failure && !again(connection, statement)) {
            end_statement(statement, End::failed);
        } else {
            requeue(statement);
        }
    }
}

/// Whether a statement that PostgreSQL refused may simply be run once more.
bool PoolState::again(Connection& connection, Statement const& statement) const {
    bool const own_transaction = connection.use != Connection::Use::leased &&
                                 connection.use != Connection::Use::session &&
                                 connection.use != Connection::Use::cleaning;
    if (!own_transaction || statement.attempts + 1 >= attempts_max) return false;
    Failure const& failure = *statement.failure;
    if (retryable(failure)) return true;
    // Prepared by a neighbour whose preparation was undone.
    if (failure.sqlstate == "26000") return true;
    // The plan no longer fits the tables; this connection is retired.
    if (failure.sqlstate == "0A000" && connection.retired()) return true;
    // The cancel request was meant for another statement on this connection.
    return failure.sqlstate == "57014" && connection.was_cancelled();
}

void PoolState::after_receive(Connection& connection) {
    settle(connection);
    resume_ended();
}

void PoolState::settle(Connection& connection) {
    using Use = Connection::Use;
    if (!connection.drained() || connection.cancelling()) return;
    switch (connection.use) {
        case Use::opening:
        case Use::leased:
        case Use::session:
        case Use::closed:
            return;
        case Use::cleaning:
            if (connection.in_transaction && !connection.retired()) {
                connection.in_transaction = false;
                connection.send_command("ROLLBACK");
                connection.sync();
                schedule_sweep();
                return;
            }
            break;
        case Use::idle:
        case Use::reads:
        case Use::batch:
        case Use::single:
            break;
    }
    schedule_turn();
    if (connection.retired()) return remove(connection);
    connection.use = Use::idle;
}

void PoolState::release(Connection& connection) {
    if (connection.use != Connection::Use::leased) return;
    connection.use = Connection::Use::cleaning;
    if (!connection.drained()) connection.cancel_running();
    settle(connection);
}

void PoolState::remove(Connection& connection) {
    auto const self = connection.shared_from_this();
    connection.close();
    std::erase(connections_, self);
}

// ---------------------------------------------------------------- connections come and go

/// What is left of the pause after the last failure: 50 ms, doubling up to 5 s, jittered.
std::chrono::milliseconds PoolState::backoff() const {
    if (connect_failures_ == 0) return std::chrono::milliseconds{0};
    auto const ceiling = std::min<std::uint64_t>(5000, 50ULL << std::min(connect_failures_, 10U));
    std::chrono::milliseconds const pause{ceiling / 2 + random_below(ceiling / 2)};
    auto const left = connect_failed_at_ + pause - std::chrono::steady_clock::now();
    return std::max(
        std::chrono::milliseconds{0}, std::chrono::duration_cast<std::chrono::milliseconds>(left)
    );
}

Task<> PoolState::keep(std::shared_ptr<Connection> connection) {
    auto const self = shared_from_this();
    std::string const why = co_await connection->open(backoff());
    if (closed_) co_return;
    schedule_turn();
    if (!why.empty()) {
        ++connect_failures_;
        connect_failed_at_ = std::chrono::steady_clock::now();
        problem_ = why;
        metrics_.connect_failed.add();
        log::warning("db_connect_failed", {{"error", why}, {"in_a_row", connect_failures_}});
        std::erase(connections_, connection);
        co_return;
    }
    connect_failures_ = 0;
    problem_ = "all are in use";
    metrics_.connected.add();
    connection->start(Connection::Use::idle);
    co_await connection->serve();
    if (connection->use != Connection::Use::closed) lost(*connection);
}

namespace {

/// Forgets a session's connection unless it comes to be one: connecting may fail or be cancelled.
class Opening {
public:
    Opening(PoolState& pool, Connection& connection) : pool_{pool}, connection_{connection} {}

    Opening(Opening const&) = delete;
    Opening& operator=(Opening const&) = delete;

    ~Opening() {
        if (connection_.use != Connection::Use::session) pool_.remove(connection_);
    }

private:
    PoolState& pool_;
    Connection& connection_;
};

}  // namespace

Task<std::shared_ptr<Connection>> PoolState::open_session() {
    auto const self = shared_from_this();
    auto const is_session = [](std::shared_ptr<Connection> const& connection) {
        return connection->owner == Connection::Owner::session;
    };
    if (draining_ || closed_) co_return nullptr;
    if (std::count_if(connections_.begin(), connections_.end(), is_session) >= sessions_max) {
        throw std::logic_error{"more than 8 database sessions at once"};
    }
    auto const connection = std::make_shared<Connection>(*this, Connection::Owner::session);
    connections_.push_back(connection);
    Opening const opening{*this, *connection};
    schedule_sweep();
    std::string const why = co_await connection->open(std::chrono::milliseconds{0});
    if (closed_) co_return nullptr;
    if (!why.empty()) {
        problem_ = why;
        metrics_.connect_failed.add();
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            throw boost::system::system_error{asio::error::operation_aborted};
        }
        throw ConnectionLost{"cannot connect to PostgreSQL: " + why, false};
    }
    metrics_.connected.add();
    connection->start(Connection::Use::session);
    spawn(executor_, "db_session", keep_session(connection));
    co_return connection;
}

Task<> PoolState::keep_session(std::shared_ptr<Connection> connection) {
    auto const self = shared_from_this();
    co_await connection->serve();
    if (connection->use != Connection::Use::closed) lost(*connection);
}

void PoolState::close_session(Connection& connection) {
    if (connection.use != Connection::Use::closed) remove(connection);
}

void PoolState::lost(Connection& connection) {
    auto const self = connection.shared_from_this();
    metrics_.lost.add();
    log::warning("db_connection_lost", {{"error", connection.problem()}});
    std::vector<std::span<Step const>> groups;
    auto rest = connection.unfinished();
    while (!rest.empty()) {
        auto const is_end = [](Step const& step) {
            return step.kind == Step::Kind::sync || step.kind == Step::Kind::script;
        };
        auto const end = std::find_if(rest.begin(), rest.end(), is_end);
        auto const size = static_cast<std::size_t>(end - rest.begin()) + (end != rest.end());
        groups.push_back(rest.first(size));
        rest = rest.subspan(size);
    }
    for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
        lost_group(connection, *group);
    }
    remove(connection);
    // Connections rarely die alone: what runs again should not meet the next dead one.
    for (auto const& other : connections_) {
        if (other->use == Connection::Use::idle) other->look_for_end();
    }
    schedule_turn();
    resume_ended();
}

void PoolState::lost_group(Connection const& connection, std::span<Step const> group) {
    // Without its Sync, or with an answer that refuses any member: none of it was committed. A
    // farewell in place of the Sync's answer may have come after the commit, though.
    bool refused = group.back().kind != Step::Kind::sync && group.back().kind != Step::Kind::script;
    if (connection.said_farewell()) refused = true;
    bool const is_oldest = group.data() == connection.unfinished().data();
    if (is_oldest && connection.group_failure() && !is_farewell(*connection.group_failure())) {
        refused = true;
    }
    for (Step const& step : group) {
        if (step.statement != nullptr && step.statement->failure) refused = true;
    }
    for (auto step = group.rbegin(); step != group.rend(); ++step) {
        if (!is_statement(*step) || step->statement == nullptr) continue;
        lost_statement(connection, *step->statement, refused);
    }
}

void PoolState::lost_statement(Connection const& connection, Statement& statement, bool refused) {
    using Use = Connection::Use;
    if (statement.cancelled) return end_statement(statement, End::aborted);
    if (statement.failure && !is_farewell(*statement.failure)) {
        return end_statement(statement, End::failed);
    }
    if (connection.use == Use::leased || connection.use == Use::session) {
        bool const committing = statement.kind == Statement::Kind::commit ||
                                (connection.use == Use::session && !connection.in_transaction);
        return end_statement(statement, committing && !refused ? End::unknown : End::lost);
    }
    bool const reads = statement.lane == Lane::read || statement.lane == Lane::scan;
    if (!reads && !refused) return end_statement(statement, End::unknown);
    if (statement.attempts + 1 < attempts_max) return requeue(statement);
    end_statement(statement, statement.failure ? End::failed : End::lost);
}

}  // namespace showrunner::db
