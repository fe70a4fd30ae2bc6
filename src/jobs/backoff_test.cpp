#include "jobs/backoff.hpp"

#include <doctest/doctest.h>

namespace showrunner::jobs {

TEST_CASE("the wait doubles up to the cap, half of it by chance") {
    using std::chrono::milliseconds;
    Backoff const backoff{milliseconds{1000}, milliseconds{10'000}};
    for (int attempt = 1; attempt <= 60; ++attempt) {
        milliseconds const whole{attempt >= 5 ? 10'000 : 1000 << (attempt - 1)};
        milliseconds least = whole;
        milliseconds most{0};
        for (int n = 0; n < 200; ++n) {
            auto const delay = delay_after(attempt, backoff);
            least = std::min(least, delay);
            most = std::max(most, delay);
        }
        CHECK(least >= whole / 2);
        CHECK(most <= whole);
        CHECK(most - least > whole / 10);  // They do not come back together.
    }
}

}  // namespace showrunner::jobs
