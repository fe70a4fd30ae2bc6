#include "db/migrate.hpp"

#include <doctest/doctest.h>

namespace showrunner::db {

TEST_CASE("migrations are put in order, and a gap or a duplicate is refused") {
    auto const ordered = sorted({{2, "b", "", ""}, {1, "a", "", ""}});
    CHECK(ordered[0].name == "a");
    CHECK_THROWS_AS((void)sorted({{1, "a", "", ""}, {3, "c", "", ""}}), std::logic_error);
    CHECK_THROWS_AS((void)sorted({{1, "a", "", ""}, {1, "b", "", ""}}), std::logic_error);
}

}  // namespace showrunner::db
