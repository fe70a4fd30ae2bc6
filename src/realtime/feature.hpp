// The real-time feature: what admins can see and do. Messages go through the ledger, so they reach
// every node and every client that was away.
#pragma once

#include "api/route.hpp"
#include "db/failure.hpp"
#include "realtime/events.hpp"

namespace showrunner::realtime {

struct SendMessage {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{
            .field = "event",
            .min = 1,
            .max = 60,
            .about = "Name of the Socket.IO event: lower-case letters, digits and underscores."
        },
        json::Rule{.field = "payload", .max = 65'536},
    };
    std::string event;
    json::Raw payload{"{}"};
};
BOOST_DESCRIBE_STRUCT(SendMessage, (), (event, payload))

struct SentMessage {
    std::string id;
    std::string room;
};
BOOST_DESCRIBE_STRUCT(SentMessage, (), (id, room))

struct RealtimeStats {
    std::string node;
    std::int64_t connections = 0;
    std::int64_t sockets = 0;
    std::int64_t users = 0;
    std::int64_t bytes_queued = 0;
};
BOOST_DESCRIBE_STRUCT(RealtimeStats, (), (node, connections, sockets, users, bytes_queued))

struct Connection {
    std::string sid;
    std::string nsp;
    std::string user_id;
    std::string user_name;
    std::string role;
    std::string ip_address;
    std::string transport;
    std::int64_t connected_s = 0;  ///< seconds since the connection was opened
    std::int64_t bytes_queued = 0;
    std::vector<std::string> rooms;
};
BOOST_DESCRIBE_STRUCT(
    Connection,
    (),
    (sid, nsp, user_id, user_name, role, ip_address, transport, connected_s, bytes_queued, rooms)
)

Task<http::Response> broadcast_to_all(api::Context& context);
Task<http::Response> send_to_one_user(api::Context& context);
Task<http::Response> send_to_room(api::Context& context);
Task<http::Response> close_connection(api::Context& context);
Task<http::Response> get_realtime_stats(api::Context& context);
Task<http::Response> list_connections(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "realtime";
    using Events = realtime::Events;
    static constexpr std::span<db::ConstraintMeaning const> constraints{};

    static constexpr api::Type message = api::type<SendMessage>("SendMessage");
    static constexpr api::Type sent = api::type<SentMessage>("SentMessage");

    static constexpr std::array routes{
        api::Route{
            post,
            "/api/v1/realtime/broadcast",
            "broadcast",
            "Send an event to every connected client",
            admin,
            broadcast_to_all,
            one,
            sent,
            Body::json,
            message,
            nullptr,
            202
        },
        api::Route{
            post,
            "/api/v1/realtime/users/{id}",
            "sendToUser",
            "Send an event to one user's connections",
            admin,
            send_to_one_user,
            one,
            sent,
            Body::json,
            message,
            nullptr,
            202
        },
        api::Route{
            post,
            "/api/v1/realtime/rooms/{room}",
            "sendToRoom",
            "Send an event to a room",
            admin,
            send_to_room,
            one,
            sent,
            Body::json,
            message,
            nullptr,
            202
        },
        api::Route{
            del,
            "/api/v1/realtime/connections/{sid}",
            "closeConnection",
            "Close a connection of this node; its client may come back",
            admin,
            close_connection,
            none,
            {},
            Body::none,
            {},
            nullptr,
            204
        },
        api::Route{
            get,
            "/api/v1/realtime/stats",
            "getRealtimeStats",
            "Connections of this node, in numbers",
            admin,
            get_realtime_stats,
            one,
            api::type<RealtimeStats>("RealtimeStats")
        },
        api::Route{
            get,
            "/api/v1/realtime/connections",
            "listConnections",
            "Connections of this node, the first 1,000",
            admin,
            list_connections,
            many,
            api::type<Connection>("Connection")
        },
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::realtime
