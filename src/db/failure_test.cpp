#include "db/failure.hpp"

#include <doctest/doctest.h>

#include <array>

namespace showrunner::db {

namespace {

template <typename Wanted>
Wanted caught(Failure const& failure) {
    try {
        std::rethrow_exception(to_exception(failure));
    } catch (Wanted const& error) {
        return error;
    }
}

}  // namespace

TEST_CASE("a declared constraint becomes what its feature says") {
    static constexpr std::array meanings{
        ConstraintMeaning{
            "test_number_key", Code::conflict, "NUMBER_TAKEN", "This number is taken.", "number"
        },
    };
    declare_constraints(meanings);
    declare_constraints(meanings);
    auto const error = caught<Error>({.sqlstate = "23505", .constraint = "test_number_key"});
    CHECK(error.code == Code::conflict);
    CHECK(error.token == "NUMBER_TAKEN");
    REQUIRE(error.fields.size() == 1);
    CHECK(error.fields[0].field == "number");
}

TEST_CASE("states a client can act on are errors, the rest is ours") {
    CHECK(caught<Error>({.sqlstate = "23505", .constraint = "other"}).code == Code::conflict);
    CHECK(caught<Error>({.sqlstate = "57014"}).code == Code::timeout);
    CHECK(caught<Error>({.sqlstate = "53300"}).code == Code::unavailable);
    CHECK(caught<Error>({.sqlstate = "57P01"}).retry_after_s == 1);
    auto const failed = caught<QueryFailed>(
        {.sqlstate = "42601", .message = "syntax error", .query = "list_episodes"}
    );
    CHECK(std::string{failed.what()} == "list_episodes failed: 42601 syntax error");
    CHECK(
        caught<QueryFailed>({.sqlstate = "23514", .constraint = "other"}).failure.constraint ==
        "other"
    );
}

TEST_CASE("deadlocks and serialization failures may be run again") {
    CHECK(retryable({.sqlstate = "40001"}));
    CHECK(retryable({.sqlstate = "40P01"}));
    CHECK_FALSE(retryable({.sqlstate = "23505"}));
}

}  // namespace showrunner::db
