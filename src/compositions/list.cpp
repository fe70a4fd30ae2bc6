#include "compositions/list.hpp"

#include "compositions/store.hpp"
#include "db/described.hpp"

namespace showrunner::compositions {

namespace {

using db::Lane;

// $1 … $5, the same for pages and counts.
constexpr std::string_view filtered =
    "FROM compositions c JOIN episodes e ON e.id = c.episode_id AND e.deleted_at IS NULL "
    "WHERE ($1::uuid[] IS NULL OR c.show_id = ANY ($1)) "
    "AND ($2::uuid IS NULL OR c.episode_id = $2) AND ($3::uuid IS NULL OR c.show_id = $3) "
    "AND ($4::composition_status[] IS NULL OR c.status = ANY ($4)) "
    "AND (c.deleted_at IS NOT NULL) = $5::boolean";

db::Query const by_position{
    "list_compositions_by_position",
    fmt::format(
        "SELECT {}, c.position::text {} AND ($6::float8 IS NULL OR (c.position, c.id) > ($6, "
        "$7::uuid)) ORDER BY c.position, c.id LIMIT $8::int",
        columns(),
        filtered
    ),
    Lane::scan
};

db::Query const by_time{
    "list_compositions_by_time",
    fmt::format(
        "SELECT {}, c.updated_at::text {} AND ($6::timestamptz IS NULL OR (c.updated_at, c.id) < "
        "($6, $7::uuid)) ORDER BY c.updated_at DESC, c.id DESC LIMIT $8::int",
        columns(),
        filtered
    ),
    Lane::scan
};

db::Query const count_compositions{
    "count_compositions", fmt::format("SELECT count(*) {}", filtered), Lane::scan
};

db::Params filter_params(api::Context const& context, ListCompositions const& query) {
    db::Params params;
    params.add(auth::visible_shows(context.principal)).add(query.episode_id).add(query.show_id);
    if (query.status.empty()) {
        params.add(std::nullopt);
    } else {
        std::vector<std::string> names;
        for (Status const status : query.status) names.emplace_back(json::name_of(status));
        params.add(names);
    }
    params.add(query.deleted.value_or(false));
    return params;
}

}  // namespace

Task<Page> list(api::Context& context, ListCompositions query) {
    std::string const sort = query.sort.value_or(query.episode_id ? "position" : "-updated_at");
    if (sort != "position" && sort != "-updated_at") {
        throw invalid_field("sort", "SORT", "is not an order of this list");
    }
    int const limit = query.limit.value_or(20);
    db::Params params = filter_params(context, query);
    if (query.cursor) {
        auto const after = api::read_cursor(*query.cursor, sort, 2);
        if (!is_id(after[1])) {
            throw invalid_field("cursor", "CURSOR", "is not a cursor of this list");
        }
        params.add(after[0]).add(after[1]);
    } else {
        params.add(std::nullopt).add(std::nullopt);
    }
    params.add(limit + 1);
    db::Query const& statement = sort == "position" ? by_position : by_time;
    db::Rows const rows = co_await context.read(statement, std::move(params));
    Page page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.compositions.size()) == limit) break;
        page.compositions.push_back(db::read<Composition>(row));
    }
    if (rows.size() > limit) {
        db::Row const last = rows[limit - 1];
        page.pagination.next_cursor = api::make_cursor(
            sort, {last.get<std::string>(last.columns() - 1), page.compositions.back().id}
        );
    }
    if (query.count.value_or(false)) {
        db::Rows const counted =
            co_await context.read(count_compositions, filter_params(context, query));
        page.pagination.total = counted.front().get<std::int64_t>(0);
    }
    co_return page;
}

}  // namespace showrunner::compositions
