// The callers' side of the pool: queues, turns, cancellation, draining.
#include "db/pool_state.hpp"

#include "base/log.hpp"

#include <boost/asio/post.hpp>

namespace showrunner::db {

PoolState::PoolState(
    asio::any_io_executor executor, PoolOptions options, metrics::Registry& registry
)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      server_options_{compose_server_options(options_)},
      registry_{registry},
      metrics_{registry},
      sweep_timer_{executor_},
      drained_{executor_} {}

std::string PoolState::compose_server_options(PoolOptions const& options) {
    char* problem = nullptr;
    PQconninfoOption* const parsed = PQconninfoParse(options.url.c_str(), &problem);
    if (parsed == nullptr) {
        PQfreemem(problem);  // It may quote a password.
        throw std::runtime_error{"the PostgreSQL URL is not a valid connection string"};
    }
    std::string given;
    for (PQconninfoOption const* option = parsed; option->keyword != nullptr; ++option) {
        if (std::string_view{option->keyword} == "options" && option->val != nullptr) {
            given = std::string{option->val} + ' ';
        }
    }
    PQconninfoFree(parsed);
    return fmt::format(
        "{}-c statement_timeout={} -c idle_in_transaction_session_timeout=10000 -c timezone=UTC "
        "-c datestyle=ISO {}",
        given,
        options.statement_timeout.count(),
        options.settings
    );
}

void PoolState::close() {
    closed_ = true;
    sweep_timer_.cancel();
    drained_.cancel();
    for (auto const& connection : connections_) {
        for (Step const& step : connection->unfinished()) {
            if (step.statement != nullptr && step.statement->state == Statement::State::sent) {
                end_statement(*step.statement, End::aborted);
            }
        }
        connection->close();
    }
    connections_.clear();
    for (StatementList& waiting : queues_) {
        while (!waiting.empty()) {
            Statement& statement = waiting.front();
            unqueue(statement);
            end_statement(statement, End::aborted);
        }
    }
    while (!ended_.empty()) {
        // Not here: this may be a destructor in the middle of a caller's frame.
        Statement& statement = ended_.front();
        ended_.pop_front();
        asio::post(executor_, std::move(statement.resume));
    }
    if (cancel_thread_) cancel_thread_->join();
}

asio::thread_pool& PoolState::cancel_thread() {
    if (!cancel_thread_) cancel_thread_.emplace(1);
    return *cancel_thread_;
}

// ---------------------------------------------------------------- queries

std::shared_ptr<PreparedQuery const> PoolState::prepared(Query const& query) {
    auto found = queries_.find(query.name);
    if (found == queries_.end()) {
        auto fresh = std::make_unique<Variants>();
        fresh->name = query.name;
        fresh->seconds = &registry_.histogram(statement_spec, query.name);
        std::string_view const key = fresh->name;
        found = queries_.emplace(key, std::move(fresh)).first;
    }
    Variants& variants = *found->second;
    if (variants.first && variants.first->text == query.text) return variants.first;
    auto const other = variants.others.find(query.text);
    if (other != variants.others.end()) return other->second;

    auto fresh = std::make_shared<PreparedQuery>();
    fresh->label = variants.name;
    fresh->text = query.text;
    fresh->seconds = variants.seconds;
    if (variants.others.size() < variants_max && queries_.size() < queries_max) {
        fresh->id = prepared_queries_++;
        // PostgreSQL cuts names at 63 bytes; the number keeps them apart.
        fresh->name = fmt::format("{:.40}#{}", variants.name, fresh->id);
        if (!variants.first) {
            variants.first = fresh;
        } else {
            variants.others.emplace(fresh->text, fresh);
        }
    }
    return fresh;
}

// ---------------------------------------------------------------- waiting

template <typename Start>
Task<> PoolState::wait(Statement& statement, Start start) {
    return asio::async_initiate<asio::use_awaitable_t<> const&, void()>(
        [&statement, start](auto handler) {
            // Boost 1.81's move assignment of this type recurses for ever.
            asio::any_completion_handler<void()>{std::move(handler)}.swap(statement.resume);
            // Its own slot: it has taken over the one of the handler that it holds.
            auto slot = statement.resume.get_cancellation_slot();
            if (slot.is_connected()) {
                slot.assign([&statement](asio::cancellation_type) {
                    statement.pool.cancel(statement);
                });
            }
            start();
        },
        asio::use_awaitable
    );
}

Task<> PoolState::queued(Statement& statement) {
    return wait(statement, [this, &statement] { enqueue(statement); });
}

Task<> PoolState::sent(Connection& connection, Statement& statement) {
    co_await connection.cancel_delivered();
    if (connection.retired() || connection.use == Connection::Use::closed) {
        statement.end = End::lost;
        co_return;
    }
    co_await wait(statement, [this, &connection, &statement] { send_now(connection, statement); });
}

End PoolState::refusal(Lane lane) {
    if (draining_ || closed_) {
        metrics_.draining.add();
        return End::draining;
    }
    if (queued_in(lane) >= options_.queue_max) {
        metrics_.queue_full.add();
        return End::queue_full;
    }
    return End::pending;
}

void PoolState::enqueue(Statement& statement) {
    statement.state = Statement::State::queued;
    statement.queued_at = std::chrono::steady_clock::now();
    queue(statement.lane).push_back(statement);
    ++queued_in(statement.lane);
    schedule_turn();
    schedule_sweep();
}

void PoolState::unqueue(Statement& statement) {
    statement.unlink();
    --queued_in(statement.lane);
}

/// Takes the next statement of a lane for sending.
Statement& PoolState::dequeue(Lane lane, SteadyTime now) {
    Statement& statement = queue(lane).front();
    unqueue(statement);
    statement.sent_at = now;
    metrics_.wait[static_cast<std::size_t>(lane)]->observe(
        std::chrono::duration<double>(now - statement.queued_at).count()
    );
    return statement;
}

/// To the front of its lane, alone: it has waited before.
void PoolState::requeue(Statement& statement) {
    ++statement.attempts;
    statement.solo = true;
    statement.failure.reset();
    statement.rows = Rows{};
    statement.connection.reset();
    statement.state = Statement::State::queued;
    statement.queued_at = std::chrono::steady_clock::now();
    queue(statement.lane).push_front(statement);
    ++queued_in(statement.lane);
    metrics_.reruns.add();
    schedule_turn();
}

void PoolState::end_statement(Statement& statement, End end) {
    if (statement.state == Statement::State::sent && statement.query) {
        auto const took = std::chrono::steady_clock::now() - statement.sent_at;
        statement.query->seconds->observe(std::chrono::duration<double>(took).count());
    }
    statement.state = Statement::State::ended;
    statement.end = end;
    if (statement.kind != Statement::Kind::lease) statement.connection.reset();
    ended_.push_back(statement);
    schedule_turn();
}

void PoolState::resume_ended() {
    // Only those that have ended by now: a caller that fails and tries again at once must not keep
    // the loop here.
    StatementList now;
    now.swap(ended_);
    while (!now.empty()) {
        Statement& statement = now.front();
        now.pop_front();
        auto resume = std::move(statement.resume);
        resume();
    }
}

void PoolState::cancel(Statement& statement) {
    if (statement.cancelled || statement.state == Statement::State::ended) return;
    statement.cancelled = true;
    statement.cancelled_at = std::chrono::steady_clock::now();
    metrics_.cancelled.add();
    if (statement.state == Statement::State::queued) {
        unqueue(statement);
        end_statement(statement, End::aborted);
    } else if (statement.state == Statement::State::sent) {
        statement.connection->cancel(statement);
    }
}

// ---------------------------------------------------------------- turns

void PoolState::schedule_turn() {
    if (turn_scheduled_ || closed_) return;
    turn_scheduled_ = true;
    asio::post(executor_, [self = shared_from_this()] {
        self->turn_scheduled_ = false;
        self->turn();
    });
}

void PoolState::turn() {
    if (closed_) return;
    resume_ended();
    dispatch();
    if (draining_ && !busy()) drained_.cancel();
}

bool PoolState::busy() const {
    auto const works = [](std::shared_ptr<Connection> const& connection) {
        using Use = Connection::Use;
        return connection->owner == Connection::Owner::pool && connection->use != Use::opening &&
               connection->use != Use::idle;
    };
    return !ended_.empty() ||
           std::any_of(queued_.begin(), queued_.end(), [](std::size_t n) { return n > 0; }) ||
           std::any_of(connections_.begin(), connections_.end(), works);
}

Task<> PoolState::drain() {
    draining_ = true;
    while (busy() && !closed_) {
        drained_.expires_at(SteadyTime::max());
        co_await drained_.async_wait(as_result);
    }
}

// ---------------------------------------------------------------- health

namespace {

Query const probe_query{.name = "health_check", .text = "SELECT 1", .lane = Lane::read};

}  // namespace

struct PoolState::Probe {
    explicit Probe(asio::any_io_executor const& executor) : answered{executor} {}

    asio::steady_timer answered;
    std::optional<std::string> problem;
};

/// A task of its own, so that check() need not wait for a statement that hangs.
Task<> PoolState::answer(std::shared_ptr<Probe> probe) {
    auto const self = shared_from_this();
    Statement statement{*this, Statement::Kind::query, Lane::read, prepared(probe_query), {}};
    statement.end = refusal(Lane::read);
    if (statement.end == End::pending) co_await queued(statement);
    probing_ = false;
    probe->problem = statement.why_not();
    probe->answered.cancel();
}

Task<std::string> PoolState::check(std::chrono::milliseconds timeout) {
    if (probing_) co_return "PostgreSQL has not answered the last check yet";
    probing_ = true;
    auto const probe = std::make_shared<Probe>(executor_);
    probe->answered.expires_after(timeout);
    spawn(executor_, "db_check", answer(probe));
    co_await probe->answered.async_wait(as_result);
    if (probe->problem) co_return *probe->problem;
    co_return fmt::format("no answer within {} ms: {}", timeout.count(), problem_);
}

}  // namespace showrunner::db
