// Where a processor's jobs come from, and who hears what becomes of them. Whatever it is, the
// record is PostgreSQL's: a source hands out what was claimed there, under a lease.
#pragma once

#include "jobs/queue.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace showrunner::jobs {

class Source {
public:
    Source() = default;
    Source(Source const&) = delete;
    Source& operator=(Source const&) = delete;
    virtual ~Source() = default;

    /// Jobs of the queue that are the claimer's from now on, at most `claim.max`. Does not wait for
    /// jobs to come.
    virtual Task<std::vector<Claimed>> take(Claim claim, QueueLimits limits) = 0;

    /// How many calls of take() for a queue may be under way.
    [[nodiscard]] virtual int takes_at_once() const { return 1; }

    /// The lease was lengthened.
    virtual void renewed(Held const& held) = 0;

    /// The processor has the job no longer, whichever way it ended.
    virtual void ended(Held const& held) = 0;

    /// Nothing more will be taken.
    virtual void stop() = 0;

    /// Puts an end to what is still owed, within seconds; after stop().
    virtual Task<> close() = 0;

    /// Called when there may be something to take.
    void on_arrival(std::function<void()> wake) { wake_ = std::move(wake); }

protected:
    void arrived() const {
        if (wake_) wake_();
    }

private:
    std::function<void()> wake_;
};

}  // namespace showrunner::jobs
