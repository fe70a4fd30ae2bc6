#include "auth/throttle.hpp"

#include <doctest/doctest.h>

namespace showrunner::auth {

TEST_CASE("waits double after the free failures and are forgotten on success") {
    Throttle throttle{{.free_failures = 2, .wait_max = std::chrono::seconds{8}}};
    Time const now = *parse_time("2026-11-20T12:00:00Z");
    auto const wait = [&] { return throttle.wait("key", now).count(); };
    throttle.failed("key", now);
    throttle.failed("key", now);
    CHECK(wait() == 0);
    for (int const expected : {1, 2, 4, 8, 8}) {
        throttle.failed("key", now);
        CHECK(wait() == expected);
    }
    CHECK(throttle.wait("key", now + std::chrono::seconds{8}).count() == 0);
    CHECK(throttle.wait("other", now).count() == 0);
    throttle.succeeded("key");
    CHECK(wait() == 0);
}

TEST_CASE("the number of keys is bounded") {
    Throttle throttle{{.free_failures = 0, .keys_max = 3}};
    Time now = *parse_time("2026-11-20T12:00:00Z");
    for (char const* key : {"a", "b", "c", "d"}) {
        throttle.failed(key, now);
        now += std::chrono::milliseconds{1};
    }
    CHECK(throttle.wait("a", now).count() == 0);
    CHECK(throttle.wait("d", now).count() == 1);
}

}  // namespace showrunner::auth
