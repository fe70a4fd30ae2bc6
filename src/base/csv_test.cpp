#include "base/csv.hpp"

#include <doctest/doctest.h>

namespace showrunner {

namespace {

std::string row(std::vector<std::string> const& fields) {
    std::string out;
    csv::write_row(out, fields);
    return out;
}

}  // namespace

TEST_CASE("csv: fields are quoted where they need it") {
    CHECK(row({"a", "", "b c"}) == "a,,b c\r\n");
    CHECK(
        row({"a,b", "say \"hi\"", "two\nlines", "\r"}) ==
        "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\r\"\r\n"
    );
    CHECK(
        row({" a", "a ", "a;b", "a\tb", "\xef\xbb\xbf"}) ==
        "\" a\",\"a \",\"a;b\",\"a\tb\",\"\xef\xbb\xbf\"\r\n"
    );
    CHECK(row({"=1+1", "@x", "-2", "Grüße"}) == "=1+1,@x,-2,Grüße\r\n");
}

TEST_CASE("csv: a row of one empty field is not an empty line") {
    CHECK(row({""}) == "\"\"\r\n");
    CHECK(row({"", ""}) == ",\r\n");
}

}  // namespace showrunner
