// What the statements about jobs share.
#pragma once

#include "base/id.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace showrunner::jobs {

/// What goes along when a job moves between the hot table, the history and the dead letters.
inline constexpr std::string_view kept_columns =
    "id, type, queue, priority, attempt, max_attempts, lease, worker, show_id, episode_id, "
    "group_key, created_by, created_by_name, created_at, run_at, started_at, progress, message, "
    "args, error, retries";

/// Ids for the events of a statement that changes at most so many jobs.
[[nodiscard]] inline std::vector<std::string> new_ids(int count) {
    std::vector<std::string> ids;
    ids.reserve(static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n) ids.push_back(new_id());
    return ids;
}

}  // namespace showrunner::jobs
