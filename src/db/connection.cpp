#include "db/connection.hpp"

#include "base/log.hpp"
#include "db/pool_state.hpp"

#include <boost/asio/post.hpp>

#include <cstdlib>

namespace showrunner::db {

namespace {

std::string field_of(PGresult const* result, int code) {
    char const* const text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

Failure to_failure(PGresult const* result, std::string_view query) {
    return {
        .sqlstate = field_of(result, PG_DIAG_SQLSTATE),
        .constraint = field_of(result, PG_DIAG_CONSTRAINT_NAME),
        .message = field_of(result, PG_DIAG_MESSAGE_PRIMARY),
        .query = std::string{query},
    };
}

/// With the line of the script, when PostgreSQL says where.
Failure to_failure(PGresult const* result, Statement const& script) {
    Failure failure = to_failure(result, script.name);
    std::size_t const characters =
        std::strtoul(field_of(result, PG_DIAG_STATEMENT_POSITION).c_str(), nullptr, 10);
    if (characters > 0) {
        std::string_view const before = script.sql.substr(0, characters);
        auto const line = 1 + std::count(before.begin(), before.end(), '\n');
        failure.message += fmt::format(" (line {})", line);
    }
    return failure;
}

bool has_field(PGresult const* result, int code, std::string_view wanted) {
    return field_of(result, code) == wanted;
}

/// The session is over: PostgreSQL closes the connection after this.
bool is_fatal(PGresult const* result) {
    return has_field(result, PG_DIAG_SEVERITY_NONLOCALIZED, "FATAL") ||
           has_field(result, PG_DIAG_SEVERITY_NONLOCALIZED, "PANIC");
}

/// False for what libpq would give for ever: the start of a COPY, or its own words (without an
/// SQLSTATE) that the connection is gone.
bool is_answer(PGresult const* result) {
    switch (PQresultStatus(result)) {
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            return false;
        case PGRES_FATAL_ERROR:
            return result == nullptr || !field_of(result, PG_DIAG_SQLSTATE).empty();
        default:
            return true;
    }
}

}  // namespace

Connection::Connection(PoolState& pool, Owner owner)
    : owner{owner},
      pool_{pool},
      descriptor_{pool.executor()},
      delay_{pool.executor()},
      heard_at_{std::chrono::steady_clock::now()} {}

Connection::~Connection() {
    close();
}

Task<> Connection::serve() {
    auto const self = shared_from_this();
    while (!broken_ && use != Use::closed) {
        auto const [error] =
            co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (use == Use::closed) co_return;
        if (error || broken_) break;
        heard_at_ = std::chrono::steady_clock::now();
        if (drained()) {
            look_for_end();  // Nothing was asked.
            take_notifications();
            continue;
        }
        if (PQconsumeInput(connection_) == 0) break_off(PQerrorMessage(connection_));
        receive();
        pool_.after_receive(*this);
        take_notifications();
    }
    broken_ = true;
    // What came before the end may tell what became of the statements.
    receive();
}

void Connection::take_notifications() {
    while (use != Use::closed) {
        PGnotify* const notification = PQnotifies(connection_);
        if (notification == nullptr) return;
        std::string const payload = notification->extra;
        PQfreemem(notification);
        if (notified) notified(payload);
    }
}

void Connection::break_off(std::string why) {
    broken_ = true;
    problem_ = std::move(why);
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);  // Wakes serve() or open(), which ends.
}

void Connection::look_for_end() {
    if (broken_) return;
    if (PQconsumeInput(connection_) == 0) return break_off(PQerrorMessage(connection_));
    PQisBusy(connection_);  // Hands notices to take_notice().
    if (said_farewell_) break_off("PostgreSQL ended the session");
}

/// libpq's notices: also what comes while no answer is expected.
void Connection::take_notice(void* connection, PGresult const* notice) {
    log::debug("postgres_notice", {{"message", field_of(notice, PG_DIAG_MESSAGE_PRIMARY)}});
    if (is_fatal(notice)) static_cast<Connection*>(connection)->said_farewell_ = true;
}

void Connection::close() {
    use = Use::closed;
    delay_.cancel();
    if (descriptor_.is_open()) descriptor_.release();
    if (connection_ != nullptr) PQfinish(std::exchange(connection_, nullptr));
}

// ---------------------------------------------------------------- sending

void Connection::send(Statement& statement) {
    statement.state = Statement::State::sent;
    statement.connection = shared_from_this();
    PreparedQuery const& query = *statement.query;
    if (!prepare(statement)) return refuse_locally(statement);
    values_.clear();
    for (std::size_t i = 0; i < statement.params.size(); ++i) {
        values_.push_back(statement.params[i]);
    }
    auto const count = static_cast<int>(values_.size());
    int const sent =
        query.name.empty()
            ? PQsendQueryParams(
                  connection_,
                  query.text.c_str(),
                  count,
                  nullptr,
                  values_.data(),
                  nullptr,
                  nullptr,
                  0
              )
            : PQsendQueryPrepared(
                  connection_, query.name.c_str(), count, values_.data(), nullptr, nullptr, 0
              );
    if (sent == 0) return refuse_locally(statement);
    steps_.push_back({Step::Kind::execute, &statement});
}

/// Prepares the query when this connection has not seen it; in the pipeline, so without a round
/// trip. False when libpq will not send it.
bool Connection::prepare(Statement& statement) {
    PreparedQuery const& query = *statement.query;
    if (query.name.empty()) return true;
    if (prepared_.size() <= query.id) prepared_.resize(query.id + 1);
    if (prepared_[query.id]) return true;
    if (PQsendPrepare(connection_, query.name.c_str(), query.text.c_str(), 0, nullptr) == 0) {
        return false;
    }
    prepared_[query.id] = true;
    steps_.push_back({Step::Kind::prepare, &statement, query.id});
    return true;
}

void Connection::refuse_locally(Statement& statement) {
    forget(statement);
    if (PQstatus(connection_) == CONNECTION_BAD) {
        break_off(PQerrorMessage(connection_));
        return pool_.end_statement(statement, End::lost);
    }
    statement.failure = std::make_unique<Failure>(
        Failure{.message = PQerrorMessage(connection_), .query = statement.query->label}
    );
    pool_.end_statement(statement, End::failed);
}

void Connection::send_command(char const* sql) {
    if (PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) != 0) {
        steps_.push_back({Step::Kind::command, nullptr});
    } else {
        break_off(PQerrorMessage(connection_));
    }
}

void Connection::sync() {
    // Fails when the socket does: then the Sync did not go out, and nothing can have been
    // committed.
    if (PQpipelineSync(connection_) == 0) return break_off(PQerrorMessage(connection_));
    steps_.push_back({Step::Kind::sync, nullptr});
    ++groups_;
    flush();
}

void Connection::send_script(Statement& statement) {
    statement.state = Statement::State::sent;
    statement.connection = shared_from_this();
    if (PQexitPipelineMode(connection_) == 0 ||
        PQsendQuery(connection_, std::string{statement.sql}.c_str()) == 0) {
        return refuse_locally(statement);
    }
    steps_.push_back({Step::Kind::script, &statement});
    ++groups_;
    flush();
}

/// True when libpq has handed everything to the socket; else it goes on when the socket takes more.
bool Connection::flush() {
    int const left = PQflush(connection_);
    if (left <= 0) return true;  // A broken connection shows when it is read.
    if (!waits_to_write_) {
        waits_to_write_ = true;
        descriptor_.async_wait(
            asio::posix::stream_descriptor::wait_write,
            [self = shared_from_this()](boost::system::error_code error) {
                self->waits_to_write_ = false;
                if (error || self->use == Use::closed) return;
                if (self->flush()) {
                    self->receive();
                    self->pool_.after_receive(*self);
                }
            }
        );
    }
    return false;
}

// ---------------------------------------------------------------- receiving

void Connection::receive() {
    // PQgetResult would block until everything is sent.
    if (!broken_ && (waits_to_write_ || !flush())) return;
    // Also when the connection broke: what came before its end may be the reason.
    while (next_ < steps_.size() && PQisBusy(connection_) == 0) {
        Result result{PQgetResult(connection_)};
        if (!is_answer(result.get())) return break_off(PQerrorMessage(connection_));
        bool const at_end = !result && broken_ && steps_[next_].kind == Step::Kind::sync;
        if (at_end) return;
        accept(std::move(result));
    }
    if (!broken_ && PQstatus(connection_) == CONNECTION_BAD) {
        break_off(PQerrorMessage(connection_));
    }
    if (next_ == steps_.size()) {
        steps_.clear();
        group_ = next_ = 0;
    } else if (group_ > 256) {
        steps_.erase(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(group_));
        next_ -= group_;
        group_ = 0;
    }
}

void Connection::accept(Result result) {
    Step const& step = steps_[next_];
    if (!result) {
        if (step.kind == Step::Kind::script) return finish_script();
        if (step.kind != Step::Kind::sync) ++next_;
        return;
    }
    switch (PQresultStatus(result.get())) {
        case PGRES_PIPELINE_SYNC:
            return finish_group();
        case PGRES_FATAL_ERROR:
            return accept_failure(step, result.get());
        case PGRES_PIPELINE_ABORTED:
            return unprepare(step);
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            return accept_rows(step, std::move(result));
        default:
            return;
    }
}

void Connection::accept_rows(Step const& step, Result result) {
    if (step.kind != Step::Kind::execute || step.statement == nullptr) return;
    Statement& statement = *step.statement;
    if (statement.kind == Statement::Kind::commit &&
        std::string_view{PQcmdStatus(result.get())} != "COMMIT") {
        statement.failure = std::make_unique<Failure>(Failure{
            .sqlstate = "25P02",
            .message = "a statement of the transaction had failed; it was rolled back",
            .query = "commit",
        });
        return;
    }
    statement.rows = Rows{result.release()};
}

void Connection::accept_failure(Step const& step, PGresult const* result) {
    unprepare(step);
    if (is_fatal(result)) retired_ = true;
    // After a migration a plan may no longer fit the tables; a new connection makes new plans.
    if (has_field(result, PG_DIAG_SOURCE_FUNCTION, "RevalidateCachedQuery")) retired_ = true;
    if (step.statement == nullptr || step.kind == Step::Kind::sync) {
        group_failure_ = to_failure(result, "commit");
        return;
    }
    Statement& statement = *step.statement;
    statement.failure = std::make_unique<Failure>(
        statement.query ? to_failure(result, statement.query->label) : to_failure(result, statement)
    );
    if (statement.query && statement.failure->sqlstate == "26000") {
        prepared_[statement.query->id] = false;
    }
}

void Connection::unprepare(Step const& step) {
    if (step.kind == Step::Kind::prepare) prepared_[step.prepared_id] = false;
}

void Connection::finish_script() {
    if (PQenterPipelineMode(connection_) == 0) break_off(PQerrorMessage(connection_));
    finish_group();
}

void Connection::finish_group() {
    std::optional<Failure> const failure = std::exchange(group_failure_, std::nullopt);
    auto const group = std::span<Step const>{steps_}.subspan(group_, next_ + 1 - group_);
    ++next_;
    --groups_;
    group_ = next_;
    pool_.group_finished(*this, group, failure ? &*failure : nullptr);
}

SteadyTime Connection::oldest_sent_at() const {
    for (Step const& step : unfinished()) {
        if (step.statement != nullptr) return step.statement->sent_at;
    }
    return heard_at_;
}

void Connection::forget(Statement const& statement) {
    for (Step& step : steps_) {
        if (step.statement == &statement) step.statement = nullptr;
    }
}

// ---------------------------------------------------------------- cancelling

void Connection::cancel(Statement const& statement) {
    if (statement.kind == Statement::Kind::commit || groups_ != 1) return;
    for (Step const& step : unfinished()) {
        if (step.statement != nullptr && step.statement != &statement) return;
    }
    cancel_running();
}

void Connection::cancel_running() {
    if (use == Use::closed || cancels_ > 0) return;
    PGcancel* const request = PQgetCancel(connection_);
    if (request == nullptr) return;
    ++cancels_;
    was_cancelled_ = true;
    // PQcancel connects and waits for an answer: not on the event loop.
    asio::post(
        pool_.cancel_thread(),
        [self = shared_from_this(), request, executor = pool_.executor()]() mutable {
            std::array<char, 256> problem{};
            PQcancel(request, problem.data(), static_cast<int>(problem.size()));
            PQfreeCancel(request);
            // The reference moves along: the connection must not be destroyed on this thread.
            asio::post(executor, [self = std::move(self)] {
                --self->cancels_;
                self->delay_.cancel();
                if (self->use != Use::closed) self->pool_.settle(*self);
            });
        }
    );
}

Task<> Connection::cancel_delivered() {
    while (cancels_ > 0 && use != Use::closed) {
        delay_.expires_at(SteadyTime::max());
        co_await delay_.async_wait(as_result);
    }
}

}  // namespace showrunner::db
