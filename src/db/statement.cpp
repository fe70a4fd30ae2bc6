#include "db/statement.hpp"

#include "db/pool_state.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace showrunner::db {

namespace {

Error unavailable(char const* detail) {
    Error error{Code::unavailable, detail};
    error.retry_after_s = 1;
    return error;
}

}  // namespace

Rows Statement::take() {
    switch (end) {
        case End::done:
            return std::move(rows);
        case End::failed:
            std::rethrow_exception(to_exception(*failure));
        case End::lost:
            throw ConnectionLost{why_not(), false};
        case End::unknown:
            throw ConnectionLost{why_not(), true};
        case End::queue_full:
        case End::queue_timeout:
            throw unavailable("The database is busy.");
        case End::draining:
            throw unavailable("The server is shutting down.");
        case End::pending:
        case End::aborted:
            break;
    }
    throw boost::system::system_error{asio::error::operation_aborted};
}

std::string Statement::why_not() const {
    switch (end) {
        case End::pending:
            return "it has not ended";
        case End::done:
            return {};
        case End::failed:
            return fmt::format("PostgreSQL refused it: {} {}", failure->sqlstate, failure->message);
        case End::lost:
            return "the connection to PostgreSQL broke";
        case End::unknown:
            return "the connection to PostgreSQL broke before it said whether it had committed";
        case End::queue_full:
            return "too many statements wait for a connection to PostgreSQL";
        case End::queue_timeout:
            return "no connection to PostgreSQL became free: " + pool.last_problem();
        case End::draining:
            return "the pool is draining";
        case End::aborted:
            return "cancelled";
    }
    return {};
}

}  // namespace showrunner::db
