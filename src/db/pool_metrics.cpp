#include "db/pool_metrics.hpp"

#include "db/pool_state.hpp"

namespace showrunner::db {

namespace {

constexpr std::array lane_names{"read", "scan", "insert", "change"};

constexpr std::array use_names{
    "opening",
    "idle",
    "reads",
    "batch",
    "single",
    "leased",
    "cleaning",
    "session",
};

}  // namespace

std::string_view name_of(Lane lane) {
    return lane_names[static_cast<std::size_t>(lane)];
}

PoolMetrics::PoolMetrics(metrics::Registry& registry)
    : wait{},
      batch{registry.histogram(batch_spec)},
      reruns{registry.counter(rerun_spec)},
      queue_full{registry.counter(refused_spec, "queue_full")},
      queue_timeout{registry.counter(refused_spec, "queue_timeout")},
      draining{registry.counter(refused_spec, "draining")},
      connected{registry.counter(connects_spec, "connected")},
      connect_failed{registry.counter(connects_spec, "failed")},
      lost{registry.counter(lost_spec)},
      cancelled{registry.counter(cancels_spec)} {
    for (std::size_t lane = 0; lane < wait.size(); ++lane) {
        wait[lane] = &registry.histogram(wait_spec, lane_names[lane]);
    }
}

void PoolState::register_metrics() {
    // The registry may outlive the pool.
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        auto const read = [weak = weak_from_this(), lane] {
            auto const self = weak.lock();
            return self ? static_cast<double>(self->queued_[lane]) : 0.0;
        };
        registry_.read_at_scrape(queue_spec, read, lane_names[lane]);
    }
    for (std::size_t use = 0; use < use_names.size(); ++use) {
        auto const read = [weak = weak_from_this(), use] {
            auto const self = weak.lock();
            if (!self) return 0.0;
            auto const in_use = [use](std::shared_ptr<Connection> const& connection) {
                return static_cast<std::size_t>(connection->use) == use;
            };
            auto const& all = self->connections_;
            return static_cast<double>(std::count_if(all.begin(), all.end(), in_use));
        };
        registry_.read_at_scrape(connections_spec, read, use_names[use]);
    }
}

}  // namespace showrunner::db
