// The job that makes a file's derivatives, and what starts it.
#pragma once

#include "events/consumer.hpp"
#include "jobs/jobs.hpp"

#include <span>
#include <string>

namespace showrunner::derivatives {

struct MediaArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{.field = "file_id", .format = "uuid"}};
    std::string file_id;
};
BOOST_DESCRIBE_STRUCT(MediaArgs, (), (file_id))

inline constexpr std::string_view job_type = "media";

/// One job a file at a time.
[[nodiscard]] jobs::NewJob job_for(
    std::string file_id, std::string episode_id, std::string show_id
);

/// Makes all there is to make, puts it in place of what there was, and tells of it. A file that was
/// deleted meanwhile is no failure; nor is one that is broken, or a tool that is absent.
Task<> run_media(jobs::Run& run);

/// Before any is counted.
void declare_metrics(metrics::Registry& registry);

/// Starts a job for each file that was uploaded, and forgets what was made of purged ones.
Task<> follow(db::Session& transaction, std::span<events::EventPtr const> events);

}  // namespace showrunner::derivatives
