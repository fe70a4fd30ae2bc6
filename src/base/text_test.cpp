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

}  // namespace showrunner
