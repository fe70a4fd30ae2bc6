// What is worth seeing now and not worth keeping: progress, presence. Never in the ledger.
#pragma once

#include <optional>
#include <string_view>

namespace showrunner::events {

class Live {
public:
    Live() = default;
    Live(Live const&) = delete;
    Live& operator=(Live const&) = delete;
    virtual ~Live() = default;

    /// Sends `name` with one JSON payload to the user's connections on this node; dropped for those
    /// that cannot take it now.
    virtual void send_to_user(
        std::string_view user_id, std::string_view name, std::string_view payload
    ) = 0;

    /// The same for everyone who may see the record: its show (admins when it has none), and who
    /// subscribed to it.
    virtual void send_to_record(
        std::optional<std::string_view> show_id,
        std::string_view resource_type,
        std::string_view resource_id,
        std::string_view name,
        std::string_view payload
    ) = 0;
};

}  // namespace showrunner::events
