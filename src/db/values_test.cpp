// Params and Rows: what goes to PostgreSQL as text and how it is read back.
#include "base/error.hpp"
#include "db/query.hpp"
#include "db/rows.hpp"

#include <doctest/doctest.h>

namespace showrunner::db {

namespace {

/// One row of texts (nullptr: NULL) as libpq would have received it, columns c0, c1, …
Rows one_row(std::vector<char const*> const& texts) {
    PGresult* const result = PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK);
    std::vector<std::string> names(texts.size());
    std::vector<PGresAttDesc> columns(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        names[i] = "c" + std::to_string(i);
        columns[i] = {names[i].data(), 0, 0, 0, 25, -1, -1};
    }
    PQsetResultAttrs(result, static_cast<int>(columns.size()), columns.data());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::string value = texts[i] == nullptr ? "" : texts[i];
        int const length = texts[i] == nullptr ? -1 : static_cast<int>(value.size());
        PQsetvalue(result, 0, static_cast<int>(i), value.data(), length);
    }
    return Rows{result};
}

std::string text_of(Params const& params, std::size_t index = 0) {
    return params[index] == nullptr ? "<null>" : params[index];
}

}  // namespace

TEST_CASE("parameters are written in PostgreSQL's text format") {
    std::string const title = "Pilot";
    std::optional<std::string> const none;
    Params const params{title, 3, true, none, std::optional<int>{7}, "x", 1.5, Time{}, 8U};
    REQUIRE(params.size() == 9);
    CHECK(text_of(params, 0) == "Pilot");
    CHECK(text_of(params, 1) == "3");
    CHECK(text_of(params, 2) == "t");
    CHECK(params[3] == nullptr);
    CHECK(text_of(params, 4) == "7");
    CHECK(text_of(params, 5) == "x");
    CHECK(text_of(params, 6) == "1.5");
    CHECK(text_of(params, 7) == "1970-01-01T00:00:00.000Z");
    CHECK(text_of(params, 8) == "8");
    CHECK(text_of(Params{std::numeric_limits<std::int64_t>::min()}) == "-9223372036854775808");
    CHECK(text_of(Params{std::numeric_limits<std::uint64_t>::max()}) == "18446744073709551615");
}

TEST_CASE("a zero character never reaches PostgreSQL, which would cut the text there") {
    CHECK_THROWS_AS(Params{std::string_view("a\0b", 3)}, Error);
}

TEST_CASE("text arrays survive the way there and back") {
    std::vector<std::string> const texts{"a", "", "b,c", "{d}", "\"e\\", "NULL", " f ", "ü"};
    Params const params{texts};
    CHECK(text_of(params) == R"({"a","","b,c","{d}","\"e\\","NULL"," f ","ü"})");
    CHECK(parse_text_array(text_of(params)) == texts);
    CHECK(text_of(Params{std::vector<std::string>{}}) == "{}");
    CHECK(parse_text_array("{}").empty());
    CHECK(parse_text_array("{a,NULL,\"x y\"}") == std::vector<std::string>{"a", "", "x y"});
    std::vector<std::optional<std::string>> const with_null{std::nullopt, "a", std::nullopt};
    CHECK(text_of(Params{with_null}) == R"({NULL,"a",NULL})");
}

TEST_CASE("a row is read by type, and a mismatch is a mistake of the program") {
    Rows const rows =
        one_row({"12", "t", nullptr, "2026-11-20 12:37:24.123456+00", "{a,b}", "1.5", "-1"});
    REQUIRE(rows.size() == 1);
    Row const row = rows.front();
    CHECK(row.get<int>(0) == 12);
    CHECK(row.get<std::int64_t>("c0") == 12);
    CHECK(row.get<std::string>(0) == "12");
    CHECK(row.get<bool>(1));
    CHECK_FALSE(row.get<std::optional<int>>(2).has_value());
    CHECK(row.get<std::optional<int>>(0) == 12);
    CHECK(to_rfc3339(row.get<Time>(3)) == "2026-11-20T12:37:24.123Z");
    CHECK(row.get<std::vector<std::string>>(4) == std::vector<std::string>{"a", "b"});
    CHECK(row.get<double>(5) == 1.5);
    CHECK(row.null(2));
    CHECK_THROWS_AS((void)row.get<int>(2), std::logic_error);
    CHECK_THROWS_AS((void)row.get<int>(1), std::logic_error);
    CHECK_THROWS_AS((void)row.get<std::uint64_t>(6), std::logic_error);
    CHECK_THROWS_AS((void)row.get<bool>(0), std::logic_error);
    CHECK_THROWS_AS((void)row.get<int>("other"), std::logic_error);
    CHECK_THROWS_AS((void)row.get<int>(7), std::logic_error);
    CHECK_THROWS_AS((void)Rows{}.front(), std::logic_error);
    int seen = 0;
    for (Row const each : rows) seen += each.get<int>(0);
    CHECK(seen == 12);
}

}  // namespace showrunner::db
