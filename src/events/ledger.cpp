#include "events/ledger.hpp"

namespace showrunner::events {

namespace {

std::optional<std::string_view> if_any(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>{text};
}

/// An event as appending_many() hands it to json_to_recordset.
void write_record(std::string& out, Entry const& entry) {
    out += R"({"id":)";
    json::write(out, entry.id);
    out += R"(,"type":)";
    json::write(out, entry.spec->name);
    out += R"(,"action":)";
    json::write(out, entry.spec->action);
    out += R"(,"created_at":)";
    json::write(out, entry.created_at);
    out += R"(,"resource_type":)";
    json::write(out, entry.spec->resource);
    out += R"(,"resource_id":)";
    json::write(out, entry.subject.resource_id);
    out += R"(,"episode_id":)";
    json::write(out, entry.subject.episode_id);
    out += R"(,"show_id":)";
    json::write(out, entry.subject.show_id);
    out += R"(,"changes":)" + entry.changes + R"(,"payload":)" + entry.payload + "}";
}

void add_actor(db::Params& params, Actor const& actor) {
    params.add(actor.user_id)
        .add(actor.name)
        .add(if_any(actor.ip))
        .add(if_any(actor.user_agent))
        .add(if_any(actor.request_id));
}

}  // namespace

void Changes::add(std::string_view field, std::string_view before, std::string_view after) {
    fields_.emplace_back(field);
    if (!members_.empty()) members_ += ',';
    json::write(members_, field);
    members_ += R"(:{"before":)";
    members_ += before;
    members_ += R"(,"after":)";
    members_ += after;
    members_ += '}';
}

std::string payload_head(std::string_view id, Time at, Actor const& actor, Subject const& subject) {
    std::string out = R"({"id":)";
    out.reserve(1024);
    json::write(out, id);
    out += R"(,"timestamp":)";
    json::write(out, at);
    out += R"(,"actor":)";
    if (actor.user_id) {
        out += R"({"id":)";
        json::write(out, *actor.user_id);
        out += R"(,"name":)";
        json::write(out, actor.name);
        out += '}';
    } else {
        out += "null";
    }
    if (!actor.origin.empty()) {
        out += R"(,"origin":)";
        json::write(out, actor.origin);
    }
    out += R"(,"showId":)";
    json::write(out, subject.show_id);
    return out;
}

std::string appending_one(std::string_view change, int first) {
    std::string parameters;
    for (int i = 0; i < 15; ++i) {
        // The types are told: in a SELECT list PostgreSQL would take every parameter for text.
        static constexpr std::array types{
            "uuid",
            "text",
            "inet",
            "text",
            "text",
            "uuid",
            "text",
            "text",
            "timestamptz",
            "text",
            "uuid",
            "uuid",
            "uuid",
            "json",
            "json"
        };
        fmt::format_to(
            std::back_inserter(parameters),
            "{}${}::{}",
            i == 0 ? "" : ", ",
            first + i,
            types[static_cast<std::size_t>(i)]
        );
    }
    return fmt::format(
        "WITH change AS ({}), appended AS ("
        "INSERT INTO events (actor_id, actor_name, ip, user_agent, request_id, id, type, action, "
        "created_at, resource_type, resource_id, episode_id, show_id, changes, payload) "
        "SELECT {} FROM change) SELECT * FROM change",
        change,
        parameters
    );
}

void add_one(db::Params& params, Actor const& actor, Entry const& entry) {
    add_actor(params, actor);
    params.add(entry.id)
        .add(entry.spec->name)
        .add(entry.spec->action)
        .add(entry.created_at)
        .add(entry.spec->resource)
        .add(entry.subject.resource_id)
        .add(entry.subject.episode_id)
        .add(entry.subject.show_id)
        .add(entry.changes)
        .add(entry.payload);
}

std::string appending_many(std::string_view change, int first, std::string_view prelude) {
    return fmt::format(
        "WITH {}change AS ({}), appended AS ("
        "INSERT INTO events (actor_id, actor_name, ip, user_agent, request_id, id, type, action, "
        "created_at, resource_type, resource_id, episode_id, show_id, changes, payload) "
        "SELECT ${}::uuid, ${}::text, ${}::inet, ${}::text, ${}::text, e.* "
        "FROM json_to_recordset(${}::json) AS e(id uuid, type text, action text, "
        "created_at timestamptz, resource_type text, resource_id uuid, episode_id uuid, "
        "show_id uuid, changes json, payload json) "
        "WHERE e.resource_id IN (SELECT id FROM change)) SELECT * FROM change",
        prelude,
        change,
        first,
        first + 1,
        first + 2,
        first + 3,
        first + 4,
        first + 5
    );
}

void add_many(db::Params& params, Actor const& actor, std::span<Entry const> entries) {
    add_actor(params, actor);
    std::string records = "[";
    for (Entry const& entry : entries) {
        if (records.size() > 1) records += ',';
        write_record(records, entry);
    }
    records += ']';
    params.add(std::move(records));
}

}  // namespace showrunner::events
