#include "base/text.hpp"

#include <doctest/doctest.h>

namespace showrunner {

TEST_CASE("only ASCII letters change their case") {
    CHECK(to_lower("aZ-[@É") == "az-[@É");
    CHECK(to_lower("").empty());
    CHECK(same_without_case("Content-TYPE", "content-type"));
    CHECK_FALSE(same_without_case("type", "types"));
    CHECK_FALSE(same_without_case("[", "{"));
}

TEST_CASE("text of unknown origin is made fit to be stored") {
    CHECK(valid_utf8("plain é 漢 🎬", 100) == "plain é 漢 🎬");
    CHECK(valid_utf8(std::string_view{"a\0b", 3}, 100) == "ab");
    CHECK(
        valid_utf8(
            "a\xff"
            "b\xc3",
            100
        ) ==
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd"
    );
    CHECK(valid_utf8("\xed\xa0\x80", 100).size() == 9);  // a surrogate: three bad bytes
    CHECK(valid_utf8("\xc0\x80", 100).size() == 6);      // an overlong zero
    CHECK(valid_utf8("éé", 3) == "é");
    CHECK(valid_utf8("abc", 0).empty());
}

}  // namespace showrunner
