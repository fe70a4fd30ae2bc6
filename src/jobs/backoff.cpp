#include "jobs/backoff.hpp"

#include "base/id.hpp"

#include <algorithm>

namespace showrunner::jobs {

std::chrono::milliseconds delay_after(int attempt, Backoff backoff) {
    auto whole = std::max(backoff.base, std::chrono::milliseconds{1});
    for (int n = 1; n < attempt && whole < backoff.cap; ++n) whole *= 2;
    whole = std::min(whole, backoff.cap);
    auto const half = static_cast<std::uint64_t>(whole.count()) / 2;
    return std::chrono::milliseconds{static_cast<std::int64_t>(half + random_below(half + 1))};
}

}  // namespace showrunner::jobs
