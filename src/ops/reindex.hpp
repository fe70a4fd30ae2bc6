// The job type `reindex`.
#pragma once

#include "jobs/jobs.hpp"

#include <string>
#include <vector>

namespace showrunner::ops {

struct ReindexArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{
        .field = "tables", .max = 100, .item_max = 63, .about = "All when there are none."
    }};
    std::vector<std::string> tables;
};
BOOST_DESCRIBE_STRUCT(ReindexArgs, (), (tables))

Task<> run_reindex(jobs::Run& run);

}  // namespace showrunner::ops
