// What a failed statement means: SQLSTATE is mapped here and nowhere else.
#pragma once

#include "base/error.hpp"

#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace showrunner::db {

/// What PostgreSQL said of a failed statement. Never shown to clients.
struct Failure {
    std::string sqlstate = {};
    std::string constraint = {};  ///< name, for class 23
    std::string message = {};     ///< primary message
    std::string query = {};       ///< name of the Query
};

/// A statement failed for a reason that is ours or the database's.
class QueryFailed : public std::runtime_error {
public:
    explicit QueryFailed(Failure const& failure);
    Failure failure;
};

/// The connection broke. `outcome_unknown` when a write may or may not have been committed.
class ConnectionLost : public std::runtime_error {
public:
    ConnectionLost(std::string const& why, bool outcome_unknown)
        : std::runtime_error{why}, outcome_unknown{outcome_unknown} {}

    bool outcome_unknown;
};

/// What violating a constraint of the schema means to a client; each feature lists its own.
struct ConstraintMeaning {
    std::string_view constraint;  ///< name in the schema
    Code code;                    ///< usually Code::conflict or Code::invalid
    std::string_view token;       ///< EPISODE_NUMBER_TAKEN
    std::string_view detail;
    std::string_view field = {};  ///< the input field, when there is one
};

/// Adds to the table that `to_exception` consults. At start, before the first statement.
void declare_constraints(std::span<ConstraintMeaning const> meanings);

/// Error for what a client can act on (23505 and 23514 by constraint, 57014 → timeout, 53300 and
/// 57P0x → unavailable, 40001/40P01 → QueryFailed with retryable()), else QueryFailed.
[[nodiscard]] std::exception_ptr to_exception(Failure const& failure);

/// A serialization failure or deadlock: running the same transaction again may succeed.
[[nodiscard]] bool retryable(Failure const& failure);

/// PostgreSQL ended the session: a restart, or an operator.
[[nodiscard]] bool is_farewell(Failure const& failure);

}  // namespace showrunner::db
