#include "files/content.hpp"

#include <doctest/doctest.h>

namespace showrunner::files {

TEST_CASE("content: one range of bytes, as RFC 9110 writes it") {
    struct Case {
        char const* header;
        RangeFault fault;
        std::uint64_t offset;
        std::uint64_t length;
    };

    for (Case const& each : {
             Case{"bytes=0-0", RangeFault::none, 0, 1},
             Case{"bytes=0-", RangeFault::none, 0, 100},
             Case{"bytes=10-19", RangeFault::none, 10, 10},
             Case{"bytes=90-1000", RangeFault::none, 90, 10},
             Case{"bytes=-10", RangeFault::none, 90, 10},
             Case{"bytes=-1000", RangeFault::none, 0, 100},
             Case{"bytes=99-", RangeFault::none, 99, 1},
             Case{"bytes=100-", RangeFault::unsatisfiable, 0, 0},
             Case{"bytes=100-200", RangeFault::unsatisfiable, 0, 0},
             Case{"bytes=-0", RangeFault::unsatisfiable, 0, 0},
             Case{"bytes=0-1,5-6", RangeFault::ignored, 0, 100},
             Case{"bytes=5-2", RangeFault::ignored, 0, 100},
             Case{"bytes=-", RangeFault::ignored, 0, 100},
             Case{"bytes=a-b", RangeFault::ignored, 0, 100},
             Case{"bytes=", RangeFault::ignored, 0, 100},
             Case{"bytes=1-2x", RangeFault::ignored, 0, 100},
             Case{"bytes=99999999999999999999-", RangeFault::ignored, 0, 100},
             Case{"items=0-1", RangeFault::ignored, 0, 100},
         }) {
        INFO(each.header);
        RangeOutcome const outcome = parse_range(each.header, 100);
        CHECK(outcome.fault == each.fault);
        CHECK(outcome.range.offset == each.offset);
        CHECK(outcome.range.length == each.length);
    }
}

TEST_CASE("content: a name in a header is itself and nothing more") {
    CHECK(
        disposition_of(Disposition::automatic, "image/png", "Pilot 1.png") ==
        R"(inline; filename="Pilot 1.png"; filename*=UTF-8''Pilot%201.png)"
    );
    CHECK(
        disposition_of(Disposition::attachment, "image/png", "a\"b\\c%41;\xc3\xbc.png") ==
        R"(attachment; filename="a_b_c_41;__.png"; filename*=UTF-8''a%22b%5Cc%2541%3B%C3%BC.png)"
    );
    for (char const* type : {"text/html", "image/svg+xml", "application/octet-stream"}) {
        CHECK(disposition_of(Disposition::automatic, type, "a").starts_with("attachment;"));
    }
}

}  // namespace showrunner::files
