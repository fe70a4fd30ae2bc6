// How a connection comes to be: libpq's non-blocking connect, on the event loop.
#include "db/connection.hpp"
#include "db/pool_state.hpp"

namespace showrunner::db {

namespace {

PGconn* start_connecting(PoolState const& pool) {
    // A value before dbname is a default that the URL overrides; one after it wins.
    std::array const keys{
        "tcp_user_timeout",
        "fallback_application_name",
        "dbname",
        "client_encoding",
        "options",
        static_cast<char const*>(nullptr),
    };
    std::array const values{
        "15000",
        pool.options().application_name.c_str(),
        pool.options().url.c_str(),
        "UTF8",
        pool.server_options().c_str(),
        static_cast<char const*>(nullptr),
    };
    return PQconnectStartParams(keys.data(), values.data(), 1);
}

}  // namespace

Task<std::string> Connection::open(std::chrono::milliseconds delay) {
    auto const self = shared_from_this();
    heard_at_ = std::chrono::steady_clock::now() + delay;
    if (delay.count() > 0) {
        delay_.expires_after(delay);
        co_await delay_.async_wait(as_result);
    }
    if (use == Use::closed) co_return "closed";
    std::string why = co_await connect();
    if (why.empty() && !enter_pipeline_mode()) {
        why = said_farewell_ ? "PostgreSQL ended the session" : PQerrorMessage(connection_);
    }
    if (!why.empty()) close();
    co_return why;
}

Task<std::string> Connection::connect() {
    connection_ = start_connecting(pool_);
    if (connection_ == nullptr) co_return "out of memory";
    PQsetNoticeReceiver(connection_, take_notice, this);
    PostgresPollingStatusType next =
        PQstatus(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        // libpq may go on with another socket (several hosts), so each step looks anew.
        descriptor_.assign(PQsocket(connection_));
        auto const [error] = co_await descriptor_.async_wait(
            next == PGRES_POLLING_READING ? asio::posix::stream_descriptor::wait_read
                                          : asio::posix::stream_descriptor::wait_write,
            as_result
        );
        if (use == Use::closed) co_return "closed";
        descriptor_.release();
        if (broken_) co_return problem_;
        if (error) co_return error.message();
        next = PQconnectPoll(connection_);
    }
    if (next == PGRES_POLLING_FAILED) co_return PQerrorMessage(connection_);
    co_return std::string{};
}

bool Connection::enter_pipeline_mode() {
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) == 0) {
        return false;
    }
    PQisBusy(connection_);  // Hands take_notice() what came with the last message of the start.
    descriptor_.assign(PQsocket(connection_));
    return !said_farewell_;
}

}  // namespace showrunner::db
