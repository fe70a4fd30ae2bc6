#include "episodes/list.hpp"

#include "db/described.hpp"
#include "db/pattern.hpp"

#include <charconv>

namespace showrunner::episodes {

namespace {

using db::Lane;
using db::Query;

// Every filter is always there; one that is not asked for is NULL and PostgreSQL drops it from the
// plan. $1 … $12, the same for pages, counts and facets.
constexpr std::string_view filters =
    "($1::uuid[] IS NULL OR e.show_id = ANY ($1)) AND ($2::uuid IS NULL OR e.show_id = $2) "
    "AND ($3::episode_status[] IS NULL OR e.status = ANY ($3)) "
    "AND ($4::int IS NULL OR e.season_number = $4) "
    "AND ($5::text IS NULL OR $5 = ANY (e.categories)) "
    "AND ($6::date IS NULL OR e.air_date >= $6) AND ($7::date IS NULL OR e.air_date <= $7) "
    "AND ($8::timestamptz IS NULL OR e.updated_at >= $8) "
    "AND ($9::text IS NULL OR e.title ILIKE $9 OR e.description ILIKE $9 "
    "OR array_to_string(e.categories, ' ') ILIKE $9 "
    "OR (($10::int IS NULL OR e.season_number = $10) AND e.episode_number = $11::int)) "
    "AND (e.deleted_at IS NOT NULL) = $12::boolean";

/// An order: an expression that is never NULL, and its type.
struct Sort {
    std::string_view name;
    std::string_view expression;
    std::string_view type;
};

constexpr std::array sorts{
    Sort{"updated_at", "e.updated_at", "timestamptz"},
    Sort{"created_at", "e.created_at", "timestamptz"},
    Sort{"episode_number", "e.episode_number", "int"},
    Sort{"season_number", "coalesce(e.season_number, -1)", "int"},
    Sort{"code", "coalesce(e.season_number, -1)::bigint * 10000000 + e.episode_number", "bigint"},
    Sort{"title", "lower(e.title)", "text"},
    Sort{"status", "e.status", "episode_status"},
    Sort{"air_date", "coalesce(e.air_date, '0001-01-01')", "date"},
};

struct PageQueries {
    Query up;
    Query down;
};

Query page_query(Sort const& sort, bool down) {
    return {
        fmt::format("list_episodes_by_{}_{}", sort.name, down ? "down" : "up"),
        fmt::format(
            "SELECT {0}, ({1})::text FROM episodes e WHERE {2} "
            "AND ($13::{3} IS NULL OR ({1}, e.id) {4} ($13, $14::uuid)) "
            "ORDER BY {1} {5}, e.id {5} LIMIT $15::int",
            db::columns_of<Episode>("e"),
            sort.expression,
            filters,
            sort.type,
            down ? "<" : ">",
            down ? "DESC" : "ASC"
        ),
        Lane::scan
    };
}

Query const& query_for(std::size_t sort, bool down) {
    static std::vector<PageQueries> const queries = [] {
        std::vector<PageQueries> all;
        for (Sort const& each : sorts)
            all.push_back({page_query(each, false), page_query(each, true)});
        return all;
    }();
    return down ? queries[sort].down : queries[sort].up;
}

Query const count_episodes{
    "count_episodes", fmt::format("SELECT count(*) FROM episodes e WHERE {}", filters), Lane::scan
};

Query const count_by_status{
    "count_episodes_by_status",
    fmt::format(
        "SELECT e.status, count(*) FROM episodes e WHERE {} GROUP BY 1 ORDER BY 1", filters
    ),
    Lane::scan
};

Query const count_by_season{
    "count_episodes_by_season",
    fmt::format(
        "SELECT e.season_number, count(*) FROM episodes e WHERE {} GROUP BY 1 "
        "ORDER BY 1 NULLS FIRST LIMIT 1000",
        filters
    ),
    Lane::scan
};

Query const count_by_category{
    "count_episodes_by_category",
    fmt::format(
        "SELECT c, count(*) FROM episodes e, unnest(e.categories) c WHERE {} GROUP BY 1 "
        "ORDER BY 2 DESC, 1 LIMIT 50",
        filters
    ),
    Lane::scan
};

Query const count_by_show{
    "count_episodes_by_show",
    fmt::format(
        "SELECT e.show_id, s.name, count(*) FROM episodes e JOIN shows s ON s.id = e.show_id "
        "WHERE {} GROUP BY 1, 2 ORDER BY lower(s.name) LIMIT 200",
        filters
    ),
    Lane::scan
};

/// S01E04, s1e4, E12: the numbers of a code; nothing for any other text.
struct EpisodeCode {
    std::optional<int> season;
    std::optional<int> episode;
};

EpisodeCode parse_code(std::string_view text) {
    EpisodeCode code;
    auto const take = [&](char letter, std::optional<int>& number) {
        if (text.empty() || (text.front() | 0x20) != letter) return;
        int value = 0;
        auto const [end, error] =
            std::from_chars(text.data() + 1, text.data() + text.size(), value);
        if (error != std::errc{}) return;
        number = value;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    };
    take('s', code.season);
    take('e', code.episode);
    return text.empty() && code.episode ? code : EpisodeCode{};
}

db::Params filter_params(api::Context const& context, ListEpisodes const& query) {
    db::Params params;
    params.add(auth::visible_shows(context.principal)).add(query.show_id);
    if (query.status.empty()) {
        params.add(std::nullopt);
    } else {
        std::vector<std::string> names;
        for (Status const status : query.status) names.emplace_back(json::name_of(status));
        params.add(names);
    }
    params.add(query.season_number)
        .add(query.category)
        .add(query.air_date_from)
        .add(query.air_date_to)
        .add(query.updated_since);
    EpisodeCode const code = query.q ? parse_code(*query.q) : EpisodeCode{};
    params.add(query.q ? std::optional{db::containing(*query.q)} : std::nullopt)
        .add(code.season)
        .add(code.episode)
        .add(query.deleted.value_or(false));
    return params;
}

struct Order {
    std::string name;  ///< as asked for
    std::size_t sort = 0;
    bool down = false;
};

Order order_of(ListEpisodes const& query) {
    Order order{query.sort.value_or("-updated_at"), 0, false};
    std::string_view field = order.name;
    order.down = field.starts_with('-');
    if (order.down) field.remove_prefix(1);
    for (; order.sort < sorts.size(); ++order.sort) {
        if (sorts[order.sort].name == field) return order;
    }
    throw invalid_field("sort", "SORT", "is not an order of this list");
}

template <typename Count>
std::vector<Count> counts_of(db::Rows const& rows) {
    std::vector<Count> counts;
    for (db::Row const row : rows) counts.push_back(db::read<Count>(row));
    return counts;
}

}  // namespace

Task<Page> list(api::Context& context, ListEpisodes query) {
    Order const order = order_of(query);
    int const limit = query.limit.value_or(20);
    db::Params params = filter_params(context, query);
    if (query.cursor) {
        auto const after = api::read_cursor(*query.cursor, order.name, 2);
        if (!is_id(after[1]))
            throw invalid_field("cursor", "CURSOR", "is not a cursor of this list");
        params.add(after[0]).add(after[1]);
    } else {
        params.add(std::nullopt).add(std::nullopt);
    }
    params.add(limit + 1);
    db::Rows const rows =
        co_await context.read(query_for(order.sort, order.down), std::move(params));
    Page page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.episodes.size()) == limit) break;
        page.episodes.push_back(db::read<Episode>(row));
    }
    if (rows.size() > limit) {
        db::Row const last = rows[limit - 1];
        page.pagination.next_cursor = api::make_cursor(
            order.name, {last.get<std::string>(last.columns() - 1), page.episodes.back().id}
        );
    }
    if (query.count.value_or(false)) {
        db::Rows const counted =
            co_await context.read(count_episodes, filter_params(context, query));
        page.pagination.total = counted.front().get<std::int64_t>(0);
    }
    co_return page;
}

Task<Facets> facets(api::Context& context, ListEpisodes query) {
    Facets facets;
    db::Rows rows = co_await context.read(count_episodes, filter_params(context, query));
    facets.total = rows.front().get<std::int64_t>(0);
    ListEpisodes other = query;
    other.status.clear();
    rows = co_await context.read(count_by_status, filter_params(context, other));
    facets.statuses = counts_of<StatusCount>(rows);
    other = query;
    other.season_number.reset();
    rows = co_await context.read(count_by_season, filter_params(context, other));
    facets.seasons = counts_of<SeasonCount>(rows);
    other = query;
    other.category.reset();
    rows = co_await context.read(count_by_category, filter_params(context, other));
    facets.categories = counts_of<CategoryCount>(rows);
    other = query;
    other.show_id.reset();
    rows = co_await context.read(count_by_show, filter_params(context, other));
    facets.shows = counts_of<ShowCount>(rows);
    co_return facets;
}

}  // namespace showrunner::episodes
