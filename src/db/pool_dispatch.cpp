// Who gets which connection, and the coarse timer that watches over everything.
#include "db/pool_state.hpp"

#include <limits>

namespace showrunner::db {

PoolState::Census PoolState::census() const {
    Census census;
    for (auto const& connection : connections_) {
        if (connection->owner != Connection::Owner::pool) continue;
        ++census.all;
        switch (connection->use) {
            case Connection::Use::opening:
                ++census.opening;
                break;
            case Connection::Use::reads:
                ++census.reads;
                break;
            case Connection::Use::batch:
                ++census.batches;
                break;
            case Connection::Use::single:
                if (connection->lane == Lane::scan) ++census.scans;
                ++census.exclusive;
                break;
            case Connection::Use::leased:
            case Connection::Use::cleaning:
                ++census.exclusive;
                break;
            case Connection::Use::idle:
            case Connection::Use::session:
            case Connection::Use::closed:
                break;
        }
    }
    return census;
}

/// No lane may take every connection: a transaction whose caller also reads, or a burst of lists,
/// would make the others wait for it.
bool PoolState::may_start(Lane lane, Census const& census) const {
    std::size_t const all = std::max(1U, options_.connections);
    std::size_t const reads_max = all >= 8 ? 2 : 1;
    std::size_t const exclusive_max = all >= 8 ? all - 4 : std::max<std::size_t>(1, all - 1);
    switch (lane) {
        case Lane::read:
            return census.reads < reads_max;
        case Lane::insert:
            return census.batches < std::clamp<std::size_t>(all / 2, 1, 8);
        case Lane::scan:
            return census.exclusive < exclusive_max &&
                   census.scans < std::max<std::size_t>(1, exclusive_max / 2);
        case Lane::change:
            return census.exclusive < exclusive_max;
    }
    return false;
}

Connection* PoolState::idle_connection() {
    for (auto const& connection : connections_) {
        if (connection->use == Connection::Use::idle && connection->reusable()) {
            return connection.get();
        }
    }
    return nullptr;
}

void PoolState::dispatch() {
    dispatch_reads();
    while (Connection* const connection = idle_connection()) {
        auto const lane = oldest_lane();
        if (!lane) break;
        give(*connection, *lane);
    }
    grow();
}

/// The connection for the next look-up: the less loaded of the shared ones, another one if that is
/// busy and one is idle.
Connection* PoolState::reader() {
    Connection* best = nullptr;
    for (auto const& connection : connections_) {
        if (connection->use != Connection::Use::reads || connection->retired()) continue;
        if (best == nullptr || connection->groups() < best->groups()) best = connection.get();
    }
    if (best == nullptr || best->groups() > 0) {
        Connection* const idle = idle_connection();
        if (idle != nullptr && may_start(Lane::read, census())) {
            idle->start(Connection::Use::reads);
            return idle;
        }
    }
    return best != nullptr && best->groups() < read_depth ? best : nullptr;
}

void PoolState::dispatch_reads() {
    auto const now = std::chrono::steady_clock::now();
    while (!queue(Lane::read).empty()) {
        Connection* const connection = reader();
        if (connection == nullptr) return;
        connection->send(dequeue(Lane::read, now));
        connection->sync();
    }
}

/// Of the lanes that may take another connection, the one whose first statement waits longest.
std::optional<Lane> PoolState::oldest_lane() {
    std::optional<Lane> best;
    auto oldest = SteadyTime::max();
    Census const now = census();
    for (Lane const lane : {Lane::scan, Lane::insert, Lane::change}) {
        if (queue(lane).empty() || queue(lane).front().queued_at >= oldest) continue;
        if (!may_start(lane, now)) continue;
        best = lane;
        oldest = queue(lane).front().queued_at;
    }
    return best;
}

void PoolState::give(Connection& connection, Lane lane) {
    auto const now = std::chrono::steady_clock::now();
    if (lane == Lane::insert) return send_batch(connection, now);
    Statement& statement = dequeue(lane, now);
    if (statement.kind == Statement::Kind::lease) {
        connection.start(Connection::Use::leased);
        statement.connection = connection.shared_from_this();
        return end_statement(statement, End::done);
    }
    connection.lane = lane;
    connection.start(Connection::Use::single);
    connection.send(statement);
    connection.sync();
}

/// Whatever is queued shares one Sync, and so one flush to disk; a statement that failed in company
/// runs alone.
void PoolState::send_batch(Connection& connection, SteadyTime now) {
    connection.start(Connection::Use::batch);
    std::size_t size = 0;
    do {
        Statement& statement = dequeue(Lane::insert, now);
        connection.send(statement);
        ++size;
        if (statement.solo) break;
    } while (size < options_.insert_batch_max && !queue(Lane::insert).empty() &&
             !queue(Lane::insert).front().solo);
    metrics_.batch.observe(static_cast<double>(size));
    connection.sync();
}

/// Opens connections for what waits although its lane may take one more.
void PoolState::grow() {
    Census const now = census();
    std::size_t wanted = 0;
    for (Lane const lane : {Lane::read, Lane::scan, Lane::insert, Lane::change}) {
        if (queue(lane).empty() || !may_start(lane, now)) continue;
        std::size_t const waiting = queued_in(lane);
        bool const shared = lane == Lane::read || lane == Lane::insert;
        wanted += shared ? (waiting + options_.insert_batch_max - 1) / options_.insert_batch_max
                         : waiting;
    }
    // While PostgreSQL cannot be reached, one attempt at a time is enough to find out.
    std::size_t const opening_max = connect_failures_ > 0 ? 1 : 4;
    std::size_t const connections_max = std::max(1U, options_.connections);
    for (std::size_t opening = now.opening, all = now.all;
         opening < std::min(wanted, opening_max) && all < connections_max;
         ++opening, ++all) {
        auto connection = std::make_shared<Connection>(*this, Connection::Owner::pool);
        connections_.push_back(connection);
        spawn(executor_, "db_connection", keep(std::move(connection)));
        schedule_sweep();
    }
}

void PoolState::send_now(Connection& connection, Statement& statement) {
    statement.sent_at = std::chrono::steady_clock::now();
    schedule_sweep();
    if (statement.kind == Statement::Kind::script) return connection.send_script(statement);
    if (connection.use == Connection::Use::leased && !connection.in_transaction) {
        connection.in_transaction = true;
        connection.send_command("BEGIN");
    }
    connection.send(statement);
    connection.sync();
}

// ---------------------------------------------------------------- the sweep

bool PoolState::needs_sweep() const {
    auto const works = [](std::shared_ptr<Connection> const& connection) {
        return connection->use == Connection::Use::opening || !connection->drained();
    };
    return std::any_of(queued_.begin(), queued_.end(), [](std::size_t n) { return n > 0; }) ||
           std::any_of(connections_.begin(), connections_.end(), works);
}

void PoolState::schedule_sweep() {
    if (sweeping_ || closed_) return;
    sweeping_ = true;
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        self->sweeping_ = false;
        if (error || self->closed_) return;
        self->sweep();
        if (self->needs_sweep()) self->schedule_sweep();
    });
}

void PoolState::sweep() {
    auto const now = std::chrono::steady_clock::now();
    sweep_queues(now);
    for (auto const& connection : connections_) sweep_connection(*connection, now);
}

void PoolState::sweep_queues(SteadyTime now) {
    for (StatementList& waiting : queues_) {
        for (auto next = waiting.begin(); next != waiting.end();) {
            Statement& statement = *next++;
            if (now - statement.queued_at < options_.queue_timeout) continue;
            unqueue(statement);
            metrics_.queue_timeout.add();
            end_statement(statement, End::queue_timeout);
        }
    }
}

void PoolState::sweep_connection(Connection& connection, SteadyTime now) {
    if (connection.use == Connection::Use::opening) {
        if (now - connection.heard_at() > options_.connect_timeout) {
            connection.break_off("connecting took too long");
        }
        return;
    }
    if (connection.drained()) return;
    bool first_group = true;
    for (Step const& step : connection.unfinished()) {
        if (step.kind == Step::Kind::sync) first_group = false;
        if (step.statement == nullptr) continue;
        Statement const& statement = *step.statement;
        if (statement.cancelled && first_group && statement.kind != Statement::Kind::commit) {
            connection.cancel_running();
        }
        if (statement.cancelled && now - statement.cancelled_at > grace) {
            return connection.break_off("PostgreSQL did not cancel a statement");
        }
    }
    // PostgreSQL itself ends what takes too long; silence means that it cannot be reached.
    bool const timed =
        connection.owner == Connection::Owner::pool && options_.statement_timeout.count() > 0;
    SteadyTime const sent_at = connection.oldest_sent_at();
    if (timed &&
        now - std::max(connection.heard_at(), sent_at) > options_.statement_timeout + grace) {
        connection.break_off("PostgreSQL did not answer");
    }
}

}  // namespace showrunner::db
