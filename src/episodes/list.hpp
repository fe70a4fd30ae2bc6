// Lists of episodes: filters, orders, keyset pages, counts by filter value.
#pragma once

#include "api/context.hpp"
#include "episodes/episode.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::episodes {

struct ListEpisodes {
    static constexpr std::array rules{
        json::Rule{
            .field = "limit", .min = 1, .max = 100, .about = "Records a page, 20 when absent."
        },
        json::Rule{.field = "cursor", .max = 2000, .about = "next_cursor of the page before."},
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "category", .max = 60},
        json::Rule{.field = "air_date_from", .format = "date"},
        json::Rule{.field = "air_date_to", .format = "date"},
        json::Rule{
            .field = "q",
            .max = 200,
            .about = "Part of the title, description or a category, or a code such as S01E04."
        },
        json::Rule{.field = "deleted", .about = "true: the deleted ones instead."},
        json::Rule{
            .field = "sort",
            .about = "episode_number, season_number, code, title, status, air_date, created_at or "
                     "updated_at; with - in front the other way round. -updated_at when absent."
        },
        json::Rule{.field = "count", .about = "true: pagination.total is given."},
        json::Rule{.field = "status", .about = "One or several, separated by commas."},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::optional<bool> count;
    std::optional<std::string> show_id;
    std::vector<Status> status;
    std::optional<int> season_number;
    std::optional<std::string> category;
    std::optional<std::string> air_date_from;
    std::optional<std::string> air_date_to;
    std::optional<Time> updated_since;
    std::optional<std::string> q;
    std::optional<bool> deleted;
    std::optional<std::string> sort;
};
BOOST_DESCRIBE_STRUCT(
    ListEpisodes,
    (),
    (limit,
     cursor,
     count,
     show_id,
     status,
     season_number,
     category,
     air_date_from,
     air_date_to,
     updated_since,
     q,
     deleted,
     sort)
)

struct StatusCount {
    Status value = Status::draft;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(StatusCount, (), (value, count))

struct SeasonCount {
    std::optional<int> value;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(SeasonCount, (), (value, count))

struct CategoryCount {
    std::string value;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(CategoryCount, (), (value, count))

struct ShowCount {
    std::string value;  ///< show id
    std::string name;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(ShowCount, (), (value, name, count))

/// How many records each filter value would leave, each counted without its own filter.
struct Facets {
    std::int64_t total = 0;
    std::vector<StatusCount> statuses;
    std::vector<SeasonCount> seasons;
    std::vector<CategoryCount> categories;  ///< the 50 most frequent
    std::vector<ShowCount> shows;
};
BOOST_DESCRIBE_STRUCT(Facets, (), (total, statuses, seasons, categories, shows))

struct Page {
    std::vector<Episode> episodes;
    api::Pagination pagination;
};

Task<Page> list(api::Context& context, ListEpisodes query);
Task<Facets> facets(api::Context& context, ListEpisodes query);

}  // namespace showrunner::episodes
