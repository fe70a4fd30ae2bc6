// Reading the ledger in stream order. The order is that of transaction ids, and a reader never goes
// past the oldest transaction that is still running: an event that commits late is not skipped.
#pragma once

#include "base/task.hpp"
#include "db/pool.hpp"
#include "events/offset.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::events {

struct StoredEvent {
    Offset offset;
    std::string id;
    std::string type;
    Time created_at;
    std::optional<std::string> actor_id;
    std::string actor_name;
    std::string resource_type;
    std::optional<std::string> resource_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> show_id;
    std::string payload;  ///< JSON
};

/// Shared among everyone that an event is handed to.
using EventPtr = std::shared_ptr<StoredEvent const>;

/// Columns of `events` in the order that from_row() reads them.
inline constexpr std::string_view stored_event_columns =
    "txid, seq, id, type, created_at, actor_id, actor_name, resource_type, resource_id, "
    "episode_id, "
    "show_id, payload";

[[nodiscard]] StoredEvent from_row(db::Row const& row);

/// Up to `limit` events after `after`. On a session: see prepare_tail().
Task<std::vector<EventPtr>> read_after(db::Session& session, Offset after, int limit);
Task<std::vector<EventPtr>> read_after(db::Pool& pool, Offset after, int limit);

/// The last position that every reader sees now: where a reader starts that wants only the future.
Task<Offset> read_end(db::Pool& pool);

/// Keeps the planner on the primary key: a generic plan made while the ledger was empty would sort.
Task<> prepare_tail(db::Session& session);

}  // namespace showrunner::events
