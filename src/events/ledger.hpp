// Appending to the ledger: an event is made from its catalogue entry and written by the same
// statement that changes the record, so neither can be there without the other.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "db/query.hpp"
#include "events/spec.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::events {

/// Who did it, from where, in which request.
struct Actor {
    std::optional<std::string> user_id;  ///< none: the server itself
    std::string name = "system";
    std::string ip;  ///< empty when there is none
    std::string user_agent;
    std::string request_id;
    std::string origin;  ///< the client's X-Client-Id: lets it drop its own echo
};

/// What it happened to.
struct Subject {
    std::optional<std::string> resource_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> show_id;
};

/// Field → before and after, in the order they were added.
class Changes {
public:
    /// `before` and `after` are JSON texts.
    void add(std::string_view field, std::string_view before, std::string_view after);

    [[nodiscard]] bool empty() const { return fields_.empty(); }

    [[nodiscard]] std::vector<std::string> const& fields() const { return fields_; }

    [[nodiscard]] std::string json() const { return "{" + members_ + "}"; }

private:
    std::vector<std::string> fields_;
    std::string members_;
};

/// An event ready to be appended.
struct Entry {
    Spec const* spec;
    std::string id;
    Time created_at;
    Subject subject;
    std::string changes;  ///< JSON object
    std::string payload;  ///< JSON object: what clients get
};

/// Opens the payload with the members that every event has.
[[nodiscard]] std::string payload_head(
    std::string_view id, Time at, Actor const& actor, Subject const& subject
);

template <typename Event>
[[nodiscard]] Entry make_entry(
    Event const& event, Actor const& actor, Subject subject, Time at, Changes const& changes = {}
) {
    static_assert(is_sound<Event>());
    Entry entry{&Event::spec, new_id(), at, std::move(subject), changes.json(), {}};
    entry.payload = payload_head(entry.id, at, actor, entry.subject);
    bool first = false;
    json::write_members<json::Case::camel>(entry.payload, event, first);
    entry.payload += '}';
    return entry;
}

/// `WITH change AS (<change>) , appended AS (…) SELECT * FROM change`: the statement that makes
/// `change` append one event a changed row. `change` must RETURN something; with no row there is no
/// event. The event's parameters start at `$first`; add_one() adds them.
[[nodiscard]] std::string appending_one(std::string_view change, int first);
void add_one(db::Params& params, Actor const& actor, Entry const& entry);

/// The same for several events in one statement: `change` must RETURN `id`, and an event is
/// appended only when its subject's id is among them. One parameter for the actor's five, one for
/// the events; starts at `$first`. `prelude`: CTEs that come before, each with its comma.
[[nodiscard]] std::string appending_many(
    std::string_view change, int first, std::string_view prelude = {}
);
void add_many(db::Params& params, Actor const& actor, std::span<Entry const> entries);

/// Members that PostgreSQL writes: `,"jobId":…` from the columns of `alias` named as the members.
template <typename Event>
[[nodiscard]] std::string payload_members_sql(std::string_view alias) {
    std::string sql;
    boost::mp11::mp_for_each<json::Members<Event>>([&](auto const& d) {
        using Member = std::remove_cvref_t<decltype(std::declval<Event&>().*d.pointer)>;
        std::string const column = fmt::format("{}.{}", alias, d.name);
        sql += fmt::format(" || ',\"{}\":' || ", json::to_camel(d.name));
        if constexpr (std::integral<Member> && !std::same_as<Member, bool>) {
            sql += column + "::text";
        } else if (std::string_view{d.name}.ends_with("_id")) {
            // A uuid: nothing in it needs escaping.
            sql += fmt::format("coalesce('\"' || {} || '\"', 'null')", column);
        } else {
            sql += fmt::format("coalesce(to_json({})::text, 'null')", column);
        }
    });
    return sql;
}

/// `, <name> AS (INSERT INTO events …)`: for statements that only learn in PostgreSQL which rows
/// they change. One event of the server itself for each row of the CTE `from`, which must have the
/// columns id (the resource's), episode_id, show_id and one for each member of the payload. The
/// parameters are `$ids` (uuid[], at least as many as there will be rows) and `$at` (RFC 3339).
template <typename Event>
[[nodiscard]] std::string appending_rows(
    std::string_view name, std::string_view from, int ids, int at
) {
    static_assert(is_sound<Event>());
    return fmt::format(
        ", {name} AS (INSERT INTO events (id, type, action, created_at, actor_name, resource_type, "
        "resource_id, episode_id, show_id, changes, payload) SELECT (${ids}::uuid[])[r.n], "
        "'{type}', '{action}', (${at}::text)::timestamptz, 'system', '{resource}', r.id, "
        "r.episode_id, r.show_id, '{{}}', ('{{\"id\":\"' || (${ids}::uuid[])[r.n] || "
        "'\",\"timestamp\":\"' || ${at}::text || '\",\"actor\":null,\"showId\":' || "
        "coalesce('\"' || r.show_id || '\"', 'null'){members} || '}}')::json "
        "FROM (SELECT *, row_number() OVER () AS n FROM {from}) AS r)",
        fmt::arg("name", name),
        fmt::arg("ids", ids),
        fmt::arg("at", at),
        fmt::arg("type", Event::spec.name),
        fmt::arg("action", Event::spec.action),
        fmt::arg("resource", Event::spec.resource),
        fmt::arg("members", payload_members_sql<Event>("r")),
        fmt::arg("from", from)
    );
}

}  // namespace showrunner::events
