#include "activity/activity.hpp"

#include "db/described.hpp"
#include "db/pattern.hpp"
#include "events/offset.hpp"

namespace showrunner::activity {

namespace {

// What belongs to no show is for admins, here as on the sockets.
db::Query const list_activities{
    "list_activities",
    "SELECT id, txid, seq, type, action, created_at, actor_id, actor_name, resource_type, "
    "resource_id, episode_id, show_id, changes, payload, host(ip), user_agent FROM events "
    "WHERE type = ANY ($1) AND ($2::uuid[] IS NULL OR show_id IS NULL OR show_id = ANY ($2)) "
    "AND (show_id IS NOT NULL OR $16::boolean) "
    "AND ($3::xid8 IS NULL OR (txid, seq) < ($3, $4::bigint)) "
    "AND ($5::uuid IS NULL OR actor_id = $5) AND ($6::text IS NULL OR action = $6) "
    "AND ($7::text IS NULL OR type = $7) AND ($8::text IS NULL OR resource_type = $8) "
    "AND ($9::uuid IS NULL OR resource_id = $9) AND ($10::uuid IS NULL OR episode_id = $10) "
    "AND ($11::uuid IS NULL OR show_id = $11) AND ($12::timestamptz IS NULL OR created_at >= $12) "
    "AND ($13::timestamptz IS NULL OR created_at < $13) "
    "AND ($14::text IS NULL OR payload ->> 'title' ILIKE $14 OR actor_name ILIKE $14) "
    "ORDER BY txid DESC, seq DESC LIMIT $15::int",
    db::Lane::scan
};

// The same bound as every other reader of the stream: nothing that commits late is skipped.
db::Query const follow_ledger{
    "follow_ledger",
    "SELECT txid, seq, type, payload FROM events WHERE (txid, seq) > ($1::xid8, $2::bigint) "
    "AND txid < pg_snapshot_xmin(pg_current_snapshot()) AND type = ANY ($3) "
    "AND ($4::uuid[] IS NULL OR show_id IS NULL OR show_id = ANY ($4)) "
    "AND (show_id IS NOT NULL OR $6::boolean) "
    "ORDER BY txid, seq LIMIT $5::int",
    db::Lane::scan
};

db::Query const sum_daily{
    "sum_activity_daily",
    "SELECT type, sum(events)::bigint FROM activity_daily "
    "WHERE type = ANY ($1) AND ($2::uuid[] IS NULL OR show_id = ANY ($2)) "
    "AND ($3::uuid IS NULL OR show_id = $3) AND ($4::date IS NULL OR day >= $4) "
    "AND ($5::date IS NULL OR day <= $5) GROUP BY type ORDER BY 2 DESC, 1",
    db::Lane::scan
};

// Days are those of UTC; what has no show or no person counts under the zero UUID.
db::Query const add_daily{
    "add_activity_daily",
    "INSERT INTO activity_daily AS d (day, show_id, actor_id, type, events) "
    "SELECT (r.created_at AT TIME ZONE 'UTC')::date, "
    "coalesce(r.show_id, '00000000-0000-0000-0000-000000000000'), "
    "coalesce(r.actor_id, '00000000-0000-0000-0000-000000000000'), r.type, count(*) "
    "FROM json_to_recordset($1::json) AS r(created_at timestamptz, show_id uuid, actor_id uuid, "
    "type text) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 "
    "ON CONFLICT (day, show_id, actor_id, type) DO UPDATE SET events = d.events + excluded.events",
    db::Lane::change
};

bool is_admin(api::Context const& context) {
    return auth::allows(context.principal, auth::Action::administer, {});
}

/// Types that the user may know of: what only an auditor needs is for admins.
std::vector<std::string> visible_types(api::Context const& context) {
    bool const admin = is_admin(context);
    std::vector<std::string> types;
    for (events::EventInfo const& event : context.services.catalogue.events()) {
        if (admin || event.spec->audience == events::Audience::show) {
            types.emplace_back(event.spec->name);
        }
    }
    return types;
}

events::Offset offset_of(std::string_view text, std::string const& field) {
    auto const offset = events::parse_offset(text);
    if (!offset) throw invalid_field(field, "OFFSET", "is not an offset of the ledger");
    return *offset;
}

std::string title_of(boost::json::object const& payload) {
    for (std::string_view const name : {"title", "name"}) {
        auto const* value = payload.if_contains(name);
        if (value != nullptr && value->is_string()) return std::string{value->get_string()};
    }
    return {};
}

Activity activity_of(db::Row const& row, api::Context const& context) {
    Activity activity;
    activity.id = row.get<std::string>(0);
    activity.offset = events::to_text({row.get<std::uint64_t>(1), row.get<std::uint64_t>(2)});
    activity.type = row.get<std::string>(3);
    activity.action = row.get<std::string>(4);
    activity.created_at = row.get<Time>(5);
    activity.user_id = row.get<std::optional<std::string>>(6);
    activity.user_name = row.get<std::string>(7);
    activity.resource_type = row.get<std::string>(8);
    activity.resource_id = row.get<std::optional<std::string>>(9);
    activity.episode_id = row.get<std::optional<std::string>>(10);
    activity.show_id = row.get<std::optional<std::string>>(11);
    activity.changes.text = row.get<std::string>(12);
    boost::json::value const payload = json::parse_value(row.text(13));
    activity.title = title_of(payload.as_object());
    activity.summary = context.services.catalogue.sentence(activity.type, payload);
    boost::json::value const changes = json::parse_value(activity.changes.text);
    for (auto const& [field, change] : changes.as_object()) {
        activity.changed_fields.emplace_back(field);
    }
    if (is_admin(context)) {
        activity.ip_address = row.get<std::optional<std::string>>(14);
        activity.user_agent = row.get<std::optional<std::string>>(15);
    }
    return activity;
}

}  // namespace

Task<ActivityPage> list(api::Context& context, ListActivities query) {
    int const limit = query.limit.value_or(20);
    db::Params params;
    params.add(visible_types(context)).add(auth::visible_shows(context.principal));
    if (query.cursor) {
        events::Offset const after = offset_of(*query.cursor, "cursor");
        params.add(std::to_string(after.txid)).add(std::to_string(after.seq));
    } else {
        params.add(std::nullopt).add(std::nullopt);
    }
    params.add(query.user_id)
        .add(query.action)
        .add(query.type)
        .add(query.resource_type)
        .add(query.resource_id)
        .add(query.episode_id)
        .add(query.show_id)
        .add(query.from)
        .add(query.to)
        .add(query.q ? std::optional{db::containing(*query.q)} : std::nullopt)
        .add(limit + 1)
        .add(is_admin(context));
    db::Rows const rows = co_await context.read(list_activities, std::move(params));
    ActivityPage page;
    page.pagination.limit = limit;
    for (db::Row const row : rows) {
        if (static_cast<int>(page.activities.size()) == limit) {
            page.pagination.next_cursor = page.activities.back().offset;
            break;
        }
        page.activities.push_back(activity_of(row, context));
    }
    co_return page;
}

Task<EventPage> follow(api::Context& context, FollowEvents query) {
    events::Offset after;
    if (query.after) after = offset_of(*query.after, "after");
    std::vector<std::string> types = visible_types(context);
    if (!query.types.empty()) {
        std::erase_if(types, [&](std::string const& type) {
            return std::find(query.types.begin(), query.types.end(), type) == query.types.end();
        });
    }
    db::Params params{std::to_string(after.txid), std::to_string(after.seq)};
    EventPage page;
    page.pagination.limit = query.limit.value_or(20);
    params.add(types).add(auth::visible_shows(context.principal)).add(page.pagination.limit);
    params.add(is_admin(context));
    db::Rows const rows = co_await context.read(follow_ledger, std::move(params));
    for (db::Row const row : rows) {
        events::Offset const offset{row.get<std::uint64_t>(0), row.get<std::uint64_t>(1)};
        page.events.push_back(
            {events::to_text(offset), row.get<std::string>(2), {row.get<std::string>(3)}}
        );
    }
    page.pagination.next_cursor =
        page.events.empty() ? events::to_text(after) : page.events.back().offset;
    co_return page;
}

Task<Stats> stats(api::Context& context, StatsQuery query) {
    db::Params params;
    params.add(visible_types(context))
        .add(auth::visible_shows(context.principal))
        .add(query.show_id)
        .add(query.from)
        .add(query.to);
    db::Rows const rows = co_await context.read(sum_daily, std::move(params));
    Stats stats;
    for (db::Row const row : rows) {
        stats.by_type.push_back(db::read<TypeCount>(row));
        stats.events += stats.by_type.back().events;
    }
    co_return stats;
}

Task<> count_daily(db::Session& transaction, std::span<events::EventPtr const> events) {
    std::string records = "[";
    for (events::EventPtr const& event : events) {
        if (records.size() > 1) records += ',';
        records += R"({"created_at":)";
        json::write(records, event->created_at);
        records += R"(,"show_id":)";
        json::write(records, event->show_id);
        records += R"(,"actor_id":)";
        json::write(records, event->actor_id);
        records += R"(,"type":)";
        json::write(records, event->type);
        records += '}';
    }
    records += ']';
    co_await transaction.run(add_daily, db::Params{std::move(records)});
}

}  // namespace showrunner::activity
