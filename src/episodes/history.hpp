// What happened to an episode, field by field, from the ledger.
#pragma once

#include "api/context.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::episodes {

struct FieldChange {
    std::string field;
    json::Raw before;
    json::Raw after;
};
BOOST_DESCRIBE_STRUCT(FieldChange, (), (field, before, after))

struct HistoryEntry {
    std::string id;  ///< of the event
    std::string offset;
    Time created_at;
    std::optional<std::string> user_id;
    std::string user_name;
    std::string type;
    std::string action;
    std::optional<int> version;  ///< the record's after it; none once it is gone
    std::optional<std::string> reason;
    std::vector<FieldChange> changes;
};
BOOST_DESCRIBE_STRUCT(
    HistoryEntry,
    (),
    (id, offset, created_at, user_id, user_name, type, action, version, reason, changes)
)

struct ListHistory {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListHistory, (), (limit, cursor))

struct HistoryPage {
    std::vector<HistoryEntry> entries;
    api::Pagination pagination;
};

/// Also of a deleted episode; Error{Code::not_found} when there never was one that the user may
/// see.
Task<HistoryPage> list_history(api::Context& context, std::string id, ListHistory query);

}  // namespace showrunner::episodes
