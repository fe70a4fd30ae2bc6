// The ephemeral event `job_progress`: made where a job runs, sent on by every node that has
// somebody who may see it.
#pragma once

#include "events/live.hpp"
#include "jobs/queue.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::jobs {

/// The payload, also of the signal `jobs.progress`. `logged`: there are new lines in its log.
[[nodiscard]] std::string progress_payload(
    Claimed const& job,
    std::optional<int> progress,
    std::optional<std::string> const& message,
    bool logged
);

/// Hands a payload to those who may see the job.
void show_progress(events::Live& live, std::string_view payload);

}  // namespace showrunner::jobs
