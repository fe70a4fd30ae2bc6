// How long a failed job waits for its next attempt.
#pragma once

#include <chrono>

namespace showrunner::jobs {

struct Backoff {
    std::chrono::milliseconds base{2'000};
    std::chrono::milliseconds cap{3'600'000};
};

/// After the `attempt`th attempt (from 1): base, doubled each time up to the cap, of which a random
/// half to whole, so that what failed together does not come back together.
[[nodiscard]] std::chrono::milliseconds delay_after(int attempt, Backoff backoff);

}  // namespace showrunner::jobs
