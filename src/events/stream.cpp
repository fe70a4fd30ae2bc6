#include "events/stream.hpp"

#include <charconv>

namespace showrunner::events {

namespace {

db::Query const tail_ledger{
    "tail_ledger",
    fmt::format(
        "SELECT {} FROM events "
        "WHERE (txid, seq) > ($1::xid8, $2::bigint) "
        "AND txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY txid, seq LIMIT $3::int",
        stored_event_columns
    ),
    db::Lane::scan,
};

// Everything that is visible below the oldest running transaction; an empty ledger ends at 0.
db::Query const ledger_end{
    "ledger_end",
    "SELECT txid, seq FROM events WHERE txid < pg_snapshot_xmin(pg_current_snapshot()) "
    "ORDER BY txid DESC, seq DESC LIMIT 1",
    db::Lane::scan,
};

db::Query const plan_tail{
    "plan_tail",
    "SELECT set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', "
    "false), set_config('enable_sort', 'off', false)",
    db::Lane::change,
};

std::vector<EventPtr> events_of(db::Rows const& rows) {
    std::vector<EventPtr> events;
    events.reserve(static_cast<std::size_t>(rows.size()));
    for (db::Row const row : rows) {
        events.push_back(std::make_shared<StoredEvent const>(from_row(row)));
    }
    return events;
}

db::Params tail_params(Offset after, int limit) {
    return db::Params{std::to_string(after.txid), std::to_string(after.seq), limit};
}

}  // namespace

StoredEvent from_row(db::Row const& row) {
    return {
        .offset = {row.get<std::uint64_t>(0), row.get<std::uint64_t>(1)},
        .id = row.get<std::string>(2),
        .type = row.get<std::string>(3),
        .created_at = row.get<Time>(4),
        .actor_id = row.get<std::optional<std::string>>(5),
        .actor_name = row.get<std::string>(6),
        .resource_type = row.get<std::string>(7),
        .resource_id = row.get<std::optional<std::string>>(8),
        .episode_id = row.get<std::optional<std::string>>(9),
        .show_id = row.get<std::optional<std::string>>(10),
        .payload = row.get<std::string>(11),
    };
}

Task<std::vector<EventPtr>> read_after(db::Session& session, Offset after, int limit) {
    db::Rows const rows = co_await session.run(tail_ledger, tail_params(after, limit));
    co_return events_of(rows);
}

Task<std::vector<EventPtr>> read_after(db::Pool& pool, Offset after, int limit) {
    db::Rows const rows = co_await pool.run(tail_ledger, tail_params(after, limit));
    co_return events_of(rows);
}

Task<Offset> read_end(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(ledger_end);
    if (rows.empty()) co_return Offset{};
    db::Row const row = rows.front();
    co_return Offset{row.get<std::uint64_t>(0), row.get<std::uint64_t>(1)};
}

Task<> prepare_tail(db::Session& session) {
    co_await session.run(plan_tail);
}

}  // namespace showrunner::events
