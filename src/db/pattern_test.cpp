#include "db/pattern.hpp"

#include <doctest/doctest.h>

namespace showrunner::db {

TEST_CASE("a pattern takes what was typed literally") {
    CHECK(containing("tree") == "%tree%");
    CHECK(containing("50%_\\") == "%50\\%\\_\\\\%");
    CHECK(containing("") == "%%");
}

}  // namespace showrunner::db
