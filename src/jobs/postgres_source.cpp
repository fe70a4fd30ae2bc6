#include "jobs/postgres_source.hpp"

namespace showrunner::jobs {

Task<std::vector<Claimed>> PostgresSource::take(Claim claim, QueueLimits limits) {
    Hints& hints = hints_[claim.queue];
    std::vector<Claimed> jobs = co_await queue_.claim(std::move(claim), limits, &hints);
    co_return jobs;
}

}  // namespace showrunner::jobs
