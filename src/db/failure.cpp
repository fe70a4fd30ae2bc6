#include "db/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace showrunner::db {

namespace {

/// Filled at start by the features, read by every failure after that.
std::vector<ConstraintMeaning>& meanings_by_constraint() {
    static std::vector<ConstraintMeaning> meanings;
    return meanings;
}

struct StateMeaning {
    std::string_view sqlstate;  ///< all five characters, or the class
    Code code;
    std::string_view detail;
};

/// What a client can act on without knowing the constraint; the first match counts.
constexpr std::array states{
    StateMeaning{"23505", Code::conflict, "A record with these values already exists."},
    StateMeaning{"22021", Code::invalid, "Text must be valid UTF-8 without zero characters."},
    StateMeaning{"22", Code::invalid, "A value is not of the form or size that its place takes."},
    StateMeaning{"57014", Code::timeout, "The database took too long to answer."},
    StateMeaning{"57P01", Code::unavailable, "The database is restarting."},
    StateMeaning{"57P02", Code::unavailable, "The database is restarting."},
    StateMeaning{"57P03", Code::unavailable, "The database is starting."},
    StateMeaning{"25006", Code::unavailable, "The database does not accept writes now."},
    StateMeaning{"53", Code::unavailable, "The database is out of resources."},
    StateMeaning{"08", Code::unavailable, "The database is not reachable."},
};

Error to_error(ConstraintMeaning const& meaning) {
    Error error{meaning.code, meaning.token, std::string{meaning.detail}};
    if (!meaning.field.empty()) {
        error.fields.push_back(
            {std::string{meaning.field}, std::string{meaning.token}, std::string{meaning.detail}}
        );
    }
    return error;
}

}  // namespace

QueryFailed::QueryFailed(Failure const& why)
    : std::runtime_error{fmt::format("{} failed: {} {}", why.query, why.sqlstate, why.message)},
      failure{why} {}

void declare_constraints(std::span<ConstraintMeaning const> meanings) {
    auto& known = meanings_by_constraint();
    for (ConstraintMeaning const& meaning : meanings) {
        auto const same = [&](ConstraintMeaning const& other) {
            return other.constraint == meaning.constraint;
        };
        if (std::none_of(known.begin(), known.end(), same)) known.push_back(meaning);
    }
}

std::exception_ptr to_exception(Failure const& failure) {
    if (!failure.constraint.empty()) {
        for (ConstraintMeaning const& meaning : meanings_by_constraint()) {
            if (meaning.constraint == failure.constraint) {
                return std::make_exception_ptr(to_error(meaning));
            }
        }
    }
    for (StateMeaning const& state : states) {
        if (!std::string_view{failure.sqlstate}.starts_with(state.sqlstate)) continue;
        Error error{state.code, std::string{state.detail}};
        if (state.code == Code::unavailable) error.retry_after_s = 1;
        return std::make_exception_ptr(std::move(error));
    }
    return std::make_exception_ptr(QueryFailed{failure});
}

bool retryable(Failure const& failure) {
    return failure.sqlstate == "40001" || failure.sqlstate == "40P01";
}

bool is_farewell(Failure const& failure) {
    return failure.sqlstate.starts_with("57P0");
}

}  // namespace showrunner::db
