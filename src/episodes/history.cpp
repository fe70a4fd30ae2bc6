#include "episodes/history.hpp"

#include "events/offset.hpp"

namespace showrunner::episodes {

namespace {

db::Query const read_history{
    "read_episode_history",
    "SELECT id, txid, seq, created_at, actor_id, actor_name, type, action, changes, payload, "
    "show_id "
    "FROM events WHERE episode_id = $1 AND resource_type = 'episode' "
    "AND ($2::xid8 IS NULL OR (txid, seq) < ($2, $3::bigint)) "
    "ORDER BY txid DESC, seq DESC LIMIT $4::int",
    db::Lane::scan
};

std::vector<FieldChange> changes_of(std::string_view text) {
    std::vector<FieldChange> changes;
    boost::json::value const parsed = json::parse_value(text);
    for (auto const& [field, change] : parsed.as_object()) {
        changes.push_back(
            {std::string{field},
             {boost::json::serialize(change.at("before"))},
             {boost::json::serialize(change.at("after"))}}
        );
    }
    return changes;
}

HistoryEntry entry_of(db::Row const& row) {
    HistoryEntry entry;
    entry.id = row.get<std::string>(0);
    entry.offset = events::to_text({row.get<std::uint64_t>(1), row.get<std::uint64_t>(2)});
    entry.created_at = row.get<Time>(3);
    entry.user_id = row.get<std::optional<std::string>>(4);
    entry.user_name = row.get<std::string>(5);
    entry.type = row.get<std::string>(6);
    entry.action = row.get<std::string>(7);
    entry.changes = changes_of(row.text(8));
    boost::json::value const payload = json::parse_value(row.text(9));
    boost::json::object const& members = payload.as_object();
    if (auto const* reason = members.if_contains("reason");
        reason != nullptr && reason->is_string()) {
        entry.reason = std::string{reason->get_string()};
    }
    if (auto const* episode = members.if_contains("episode"); episode != nullptr) {
        entry.version = episode->at("version").to_number<int>();
    }
    return entry;
}

}  // namespace

Task<HistoryPage> list_history(api::Context& context, std::string id, ListHistory query) {
    int const limit = query.limit.value_or(20);
    db::Params params{id};
    if (query.cursor) {
        auto const after = events::parse_offset(*query.cursor);
        if (!after) throw invalid_field("cursor", "CURSOR", "is not a cursor of this list");
        params.add(std::to_string(after->txid)).add(std::to_string(after->seq));
    } else {
        params.add(std::nullopt).add(std::nullopt);
    }
    params.add(limit + 1);
    db::Rows const rows = co_await context.read(read_history, std::move(params));
    if (rows.empty() && !query.cursor) throw Error{Code::not_found, "There is no such episode."};
    HistoryPage page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        bool const visible = auth::allows(
            context.principal, auth::Action::read, row.get<std::optional<std::string_view>>(10)
        );
        if (!visible) throw Error{Code::not_found, "There is no such episode."};
        if (static_cast<int>(page.entries.size()) == limit) {
            page.pagination.next_cursor = page.entries.back().offset;
            break;
        }
        page.entries.push_back(entry_of(row));
    }
    co_return page;
}

}  // namespace showrunner::episodes
