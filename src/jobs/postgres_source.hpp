// Jobs straight from the queue in PostgreSQL.
#pragma once

#include "jobs/source.hpp"

#include <map>
#include <string>

namespace showrunner::jobs {

class PostgresSource final : public Source {
public:
    explicit PostgresSource(Queue queue) : queue_{queue} {}

    Task<std::vector<Claimed>> take(Claim claim, QueueLimits limits) override;

    /// While one claim is committed, the next is worked on.
    [[nodiscard]] int takes_at_once() const override { return 2; }

    void renewed(Held const& /*held*/) override {}

    void ended(Held const& /*held*/) override {}

    void stop() override {}

    Task<> close() override { co_return; }

private:
    Queue queue_;
    std::map<std::string, Hints> hints_;
};

}  // namespace showrunner::jobs
