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
/// the events; starts at `$first`.
[[nodiscard]] std::string appending_many(std::string_view change, int first);
void add_many(db::Params& params, Actor const& actor, std::span<Entry const> entries);

}  // namespace showrunner::events
