// Lists of compositions.
#pragma once

#include "api/context.hpp"
#include "compositions/composition.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

struct ListCompositions {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
        json::Rule{.field = "count", .about = "true: pagination.total is given."},
        json::Rule{.field = "episode_id", .format = "uuid"},
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "status", .about = "One or several, separated by commas."},
        json::Rule{.field = "deleted", .about = "true: the deleted ones instead."},
        json::Rule{
            .field = "sort",
            .about = "position or -updated_at; when absent position for an episode's, else "
                     "-updated_at."
        },
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::optional<bool> count;
    std::optional<std::string> episode_id;
    std::optional<std::string> show_id;
    std::vector<Status> status;
    std::optional<bool> deleted;
    std::optional<std::string> sort;
};
BOOST_DESCRIBE_STRUCT(
    ListCompositions, (), (limit, cursor, count, episode_id, show_id, status, deleted, sort)
)

struct Page {
    std::vector<Composition> compositions;
    api::Pagination pagination;
};

/// Without their documents; not those of deleted episodes.
Task<Page> list(api::Context& context, ListCompositions query);

}  // namespace showrunner::compositions
