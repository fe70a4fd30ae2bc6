// Keeps the job system in order: jobs whose holder was lost, schedules, history. Every process does
// it; whoever comes first does it for all.
#pragma once

#include "api/services.hpp"
#include "jobs/queue.hpp"

#include <chrono>

namespace showrunner::jobs {

class Keeper {
public:
    Keeper(api::Services& services, std::chrono::days history)
        : services_{services}, queue_{services.jobs_db, services.clock}, history_{history} {}

    // Loops, each until cancelled; under supervise().

    Task<> reap();
    Task<> schedule();
    Task<> tidy();

private:
    api::Services& services_;
    Queue queue_;
    std::chrono::days history_;
};

}  // namespace showrunner::jobs
