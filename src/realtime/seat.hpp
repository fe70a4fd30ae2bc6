// What the server keeps with a connected socket: who it is and what it wants to hear.
#pragma once

#include "auth/principal.hpp"
#include "base/json.hpp"
#include "events/offset.hpp"
#include "socketio/socket.hpp"

#include <memory>
#include <string>

namespace showrunner::realtime {

struct Seat {
    auth::Principal principal;
    bool feed = true;  ///< hears of every show it may see; else only of what it subscribes to
    events::Offset joined_at;  ///< the ledger's position when it first connected
};

[[nodiscard]] inline Seat* seat_of(socketio::Socket const& socket) {
    return static_cast<Seat*>(socket.data.get());
}

inline constexpr std::string_view everyone_room = "all";

[[nodiscard]] inline std::string user_room(std::string_view id) {
    return "user:" + std::string{id};
}

[[nodiscard]] inline std::string show_room(std::string_view id) {
    return "show:" + std::string{id};
}

[[nodiscard]] inline std::string role_room(auth::Role role) {
    return "role:" + std::string{json::name_of(role)};
}

[[nodiscard]] inline std::string record_room(std::string_view type, std::string_view id) {
    return std::string{type} + ":" + std::string{id};
}

}  // namespace showrunner::realtime
