#include "base/clock.hpp"

#include <doctest/doctest.h>

namespace showrunner {

TEST_CASE("times are read in RFC 3339 and in PostgreSQL's form, and written in UTC") {
    auto const round = [](std::string_view text) {
        auto const time = parse_time(text);
        return time ? to_rfc3339(*time) : std::string{"none"};
    };
    CHECK(round("2026-11-20T12:37:24.123Z") == "2026-11-20T12:37:24.123Z");
    CHECK(round("2026-11-20 12:37:24.123456+00") == "2026-11-20T12:37:24.123Z");
    CHECK(round("2026-11-20T12:37:24+01:30") == "2026-11-20T11:07:24.000Z");
    CHECK(round("0009-01-02T03:04:05.006Z") == "0009-01-02T03:04:05.006Z");
    CHECK(round("1969-12-31T23:59:59.999Z") == "1969-12-31T23:59:59.999Z");
    CHECK(round("2026-02-30T00:00:00Z") == "none");
    CHECK(round("2026-11-20") == "none");
    CHECK(round("2026-11-20T12:37:24") == "none");
    CHECK(round("2026-11-20T24:00:00Z") == "none");
    CHECK(is_date("2024-02-29"));
    CHECK_FALSE(is_date("2023-02-29"));
    CHECK_FALSE(is_date("2023-2-9"));
}

}  // namespace showrunner
