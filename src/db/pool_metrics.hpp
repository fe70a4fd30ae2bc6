// What the pool counts.
#pragma once

#include "base/metrics.hpp"
#include "db/query.hpp"

#include <array>
#include <string_view>

namespace showrunner::db {

inline constexpr metrics::Spec connections_spec{
    .name = "showrunner_db_connections",
    .kind = metrics::Kind::gauge,
    .help = "PostgreSQL connections of the pool by what they are doing.",
    .label = "state",
};
inline constexpr metrics::Spec queue_spec{
    .name = "showrunner_db_queue_length",
    .kind = metrics::Kind::gauge,
    .help = "Statements waiting for a connection.",
    .label = "lane",
};
inline constexpr metrics::Spec wait_spec{
    .name = "showrunner_db_wait_seconds",
    .kind = metrics::Kind::histogram,
    .help = "How long statements waited for a connection.",
    .label = "lane",
};
inline constexpr metrics::Spec statement_spec{
    .name = "showrunner_db_statement_seconds",
    .kind = metrics::Kind::histogram,
    .help = "Time from sending a statement to PostgreSQL's last answer for it.",
    .label = "query",
};
inline constexpr metrics::Spec batch_spec{
    .name = "showrunner_db_batch_statements",
    .kind = metrics::Kind::histogram,
    .help = "Inserts that shared one commit.",
};
inline constexpr metrics::Spec rerun_spec{
    .name = "showrunner_db_reruns_total",
    .kind = metrics::Kind::counter,
    .help =
        "Statements sent again: a neighbour of their batch failed, a deadlock, a lost connection.",
};
inline constexpr metrics::Spec refused_spec{
    .name = "showrunner_db_refused_total",
    .kind = metrics::Kind::counter,
    .help = "Statements that never got a connection.",
    .label = "reason",
};
inline constexpr metrics::Spec connects_spec{
    .name = "showrunner_db_connects_total",
    .kind = metrics::Kind::counter,
    .help = "Attempts to connect to PostgreSQL.",
    .label = "outcome",
};
inline constexpr metrics::Spec lost_spec{
    .name = "showrunner_db_connections_lost_total",
    .kind = metrics::Kind::counter,
    .help = "Connections that broke after they were made.",
};
inline constexpr metrics::Spec cancels_spec{
    .name = "showrunner_db_cancelled_total",
    .kind = metrics::Kind::counter,
    .help = "Statements whose caller stopped waiting.",
};

struct PoolMetrics {
    explicit PoolMetrics(metrics::Registry& registry);

    std::array<metrics::Histogram*, 4> wait;  ///< by Lane
    metrics::Histogram& batch;
    metrics::Counter& reruns;
    metrics::Counter& queue_full;
    metrics::Counter& queue_timeout;
    metrics::Counter& draining;
    metrics::Counter& connected;
    metrics::Counter& connect_failed;
    metrics::Counter& lost;
    metrics::Counter& cancelled;
};

/// The label value of a lane.
[[nodiscard]] std::string_view name_of(Lane lane);

}  // namespace showrunner::db
