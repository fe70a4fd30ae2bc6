#include "jobs/cron.hpp"

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

namespace showrunner::jobs {

TEST_CASE("a schedule says when it is next") {
    struct Case {
        std::string_view cron;
        std::string_view after;
        std::string_view next;
    };

    constexpr std::array cases{
        Case{"* * * * *", "2026-11-20T15:45:30Z", "2026-11-20T15:46:00.000Z"},
        Case{"* * * * *", "2026-11-20T15:45:00Z", "2026-11-20T15:46:00.000Z"},
        Case{"0 0 * * *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z"},
        Case{"*/15 8-18/2 * * 1-5", "2026-11-20T18:46:00Z", "2026-11-23T08:00:00.000Z"},
        Case{"30 6 * * sun", "2026-11-20T00:00:00Z", "2026-11-22T06:30:00.000Z"},
        Case{"30 6 * * 7", "2026-11-20T00:00:00Z", "2026-11-22T06:30:00.000Z"},
        Case{"0 12 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T12:00:00.000Z"},
        Case{"5,10 3 1,15 * *", "2026-11-15T03:05:00Z", "2026-11-15T03:10:00.000Z"},
        // Both days restricted: either will do.
        Case{"0 0 13 * fri", "2026-11-08T00:00:00Z", "2026-11-13T00:00:00.000Z"},
        Case{"0 0 13 * fri", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00.000Z"},
        Case{"10/20 * * * *", "2026-11-20T15:31:00Z", "2026-11-20T15:50:00.000Z"},
    };
    for (Case const& each : cases) {
        INFO(std::string{each.cron});
        auto const next = Cron{each.cron}.next(*parse_time(each.after));
        REQUIRE(next);
        CHECK(to_rfc3339(*next) == each.next);
    }
    CHECK_FALSE(Cron{"0 0 30 2 *"}.next(*parse_time("2026-01-01T00:00:00Z")));
}

TEST_CASE("what is no schedule is refused") {
    for (std::string_view const text :
         {"",
          "* * * *",
          "* * * * * *",
          "60 * * * *",
          "* 24 * * *",
          "* * 0 * *",
          "* * 32 * *",
          "* * * 13 *",
          "* * * * 8",
          "*/0 * * * *",
          "5-1 * * * *",
          "a * * * *",
          "1- * * * *",
          ", * * * *",
          "1,,2 * * * *",
          "-1 * * * *",
          "* * * foo *",
          "99999999999 * * * *"}) {
        INFO(std::string{text});
        CHECK_THROWS_AS(Cron{text}, std::invalid_argument);
    }
}

}  // namespace showrunner::jobs
