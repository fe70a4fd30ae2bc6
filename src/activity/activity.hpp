// The ledger as people read it (activities) and as machines follow it (events).
#pragma once

#include "api/context.hpp"
#include "events/catalogue.hpp"
#include "events/consumer.hpp"

#include <boost/describe.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::activity {

struct Activity {
    std::string id;
    std::string offset;
    std::string type;
    std::string action;
    Time created_at;
    std::optional<std::string> user_id;
    std::string user_name;
    std::string resource_type;
    std::optional<std::string> resource_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> show_id;
    std::string title;    ///< of what it happened to, when it has one
    std::string summary;  ///< a sentence without its subject, the user
    std::vector<std::string> changed_fields;
    json::Raw changes;                      ///< field → {before, after}
    std::optional<std::string> ip_address;  ///< admins only
    std::optional<std::string> user_agent;  ///< admins only
};
BOOST_DESCRIBE_STRUCT(
    Activity,
    (),
    (id,
     offset,
     type,
     action,
     created_at,
     user_id,
     user_name,
     resource_type,
     resource_id,
     episode_id,
     show_id,
     title,
     summary,
     changed_fields,
     changes,
     ip_address,
     user_agent)
)

struct ListActivities {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
        json::Rule{.field = "user_id", .format = "uuid"},
        json::Rule{.field = "resource_id", .format = "uuid"},
        json::Rule{.field = "episode_id", .format = "uuid"},
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "action", .max = 40},
        json::Rule{.field = "type", .max = 60},
        json::Rule{.field = "resource_type", .max = 40},
        json::Rule{.field = "q", .max = 200, .about = "Part of a title or a person's name."},
        json::Rule{.field = "from", .about = "Not before this time."},
        json::Rule{.field = "to", .about = "Before this time."},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::optional<std::string> user_id;
    std::optional<std::string> action;
    std::optional<std::string> type;
    std::optional<std::string> resource_type;
    std::optional<std::string> resource_id;
    std::optional<std::string> episode_id;
    std::optional<std::string> show_id;
    std::optional<Time> from;
    std::optional<Time> to;
    std::optional<std::string> q;
};
BOOST_DESCRIBE_STRUCT(
    ListActivities,
    (),
    (limit,
     cursor,
     user_id,
     action,
     type,
     resource_type,
     resource_id,
     episode_id,
     show_id,
     from,
     to,
     q)
)

struct PageOfOne {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(PageOfOne, (), (limit, cursor))

/// An entry of the ledger as a socket would get it.
struct LedgerEvent {
    std::string offset;
    std::string type;
    json::Raw payload;
};
BOOST_DESCRIBE_STRUCT(LedgerEvent, (), (offset, type, payload))

struct FollowEvents {
    static constexpr std::array rules{
        json::Rule{
            .field = "after",
            .max = 100,
            .about = "The offset of the last event that is known; from the beginning when absent."
        },
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "types", .max = 60, .about = "Only these types, separated by commas."},
    };
    std::optional<std::string> after;
    std::optional<int> limit;
    std::vector<std::string> types;
};
BOOST_DESCRIBE_STRUCT(FollowEvents, (), (after, limit, types))

struct TypeCount {
    std::string type;
    std::int64_t events = 0;
};
BOOST_DESCRIBE_STRUCT(TypeCount, (), (type, events))

struct Stats {
    std::int64_t events = 0;
    std::vector<TypeCount> by_type;
};
BOOST_DESCRIBE_STRUCT(Stats, (), (events, by_type))

struct StatsQuery {
    static constexpr std::array rules{
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "from", .format = "date", .about = "First day, UTC."},
        json::Rule{.field = "to", .format = "date", .about = "Last day, UTC."},
    };
    std::optional<std::string> show_id;
    std::optional<std::string> from;
    std::optional<std::string> to;
};
BOOST_DESCRIBE_STRUCT(StatsQuery, (), (show_id, from, to))

struct ActivityPage {
    std::vector<Activity> activities;
    api::Pagination pagination;
};

Task<ActivityPage> list(api::Context& context, ListActivities query);

struct EventPage {
    std::vector<LedgerEvent> events;
    api::Pagination pagination;
};

/// In stream order; next_cursor is where to go on, also at the end.
Task<EventPage> follow(api::Context& context, FollowEvents query);

Task<Stats> stats(api::Context& context, StatsQuery query);

/// Keeps activity_daily; the consumer "activity".
Task<> count_daily(db::Session& transaction, std::span<events::EventPtr const> events);

}  // namespace showrunner::activity
