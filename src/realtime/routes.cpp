#include "api/context.hpp"
#include "realtime/feature.hpp"
#include "realtime/hub.hpp"

#include <set>

namespace showrunner::realtime {

namespace {

db::Query const append_message{
    "append_message", events::appending_one("SELECT 1", 1), db::Lane::change
};

/// A name that clients may be sent: not one of the protocol, nor of an event on record.
void check_event_name(api::Context const& context, std::string const& name) {
    static std::set<std::string_view> const reserved{
        "connect", "connect_error", "disconnect", "disconnecting"
    };
    bool const plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain) {
        throw invalid_field(
            "event", "FORMAT", "must be lower-case letters, digits and underscores"
        );
    }
    if (reserved.contains(name) || context.services.catalogue.find(name) != nullptr) {
        throw invalid_field("event", "RESERVED", "is the name of an event of the server's own");
    }
}

SendMessage read_message(api::Context const& context) {
    auto input = context.body<SendMessage>();
    check_event_name(context, input.event);
    return input;
}

Task<http::Response> send(api::Context& context, SendMessage input, std::string room) {
    MessageSent const event{input.event, room, std::move(input.payload)};
    Time const now = context.services.clock.now();
    events::Entry const entry = events::make_entry(event, context.actor, {}, now);
    db::Params params;
    events::add_one(params, context.actor, entry);
    co_await context.write(append_message, std::move(params));
    co_return api::one(SentMessage{entry.id, std::move(room)}, 202);
}

Connection describe(socketio::Socket const& socket) {
    Seat const& seat = *seat_of(socket);
    engineio::Session const& session = socket.session();
    auto const open_for = std::chrono::steady_clock::now() - session.opened_at();
    return {
        socket.id(),
        socket.nsp().name(),
        seat.principal.user_id,
        seat.principal.name,
        std::string{json::name_of(seat.principal.role)},
        socket.handshake().remote_address,
        session.transport() == engineio::Transport::websocket ? "websocket" : "polling",
        std::chrono::duration_cast<std::chrono::seconds>(open_for).count(),
        static_cast<std::int64_t>(session.bytes_queued()),
        socket.rooms()
    };
}

}  // namespace

Task<http::Response> broadcast_to_all(api::Context& context) {
    co_return co_await send(context, read_message(context), std::string{everyone_room});
}

Task<http::Response> send_to_one_user(api::Context& context) {
    std::string const id = context.id();
    SendMessage input = read_message(context);
    auto const user = co_await auth::find_user(context.services.db, id);
    if (!user) throw Error{Code::not_found, "There is no such user."};
    co_return co_await send(context, std::move(input), user_room(id));
}

Task<http::Response> send_to_room(api::Context& context) {
    std::string room = context.param("room");
    if (room.size() > 200) throw Error{Code::not_found, "There is no such room."};
    co_return co_await send(context, read_message(context), std::move(room));
}

Task<http::Response> close_connection(api::Context& context) {
    bool const closed = context.services.hub.server().close_connection(context.param("sid"));
    if (!closed) throw Error{Code::not_found, "This node has no such connection."};
    co_return http::Response::empty(204);
}

Task<http::Response> get_realtime_stats(api::Context& context) {
    RealtimeStats stats;
    stats.node = context.services.about.node;
    std::set<std::string> users;
    std::set<engineio::Session const*> sessions;
    for (auto const& socket : context.services.hub.sockets()) {
        Seat const* seat = seat_of(*socket);
        if (seat == nullptr) continue;
        ++stats.sockets;
        users.insert(seat->principal.user_id);
        if (sessions.insert(&socket->session()).second) {
            stats.bytes_queued += static_cast<std::int64_t>(socket->session().bytes_queued());
        }
    }
    stats.connections = static_cast<std::int64_t>(sessions.size());
    stats.users = static_cast<std::int64_t>(users.size());
    co_return api::one(stats);
}

Task<http::Response> list_connections(api::Context& context) {
    constexpr std::size_t connections_max = 1000;
    std::vector<Connection> connections;
    for (auto const& socket : context.services.hub.sockets()) {
        if (seat_of(*socket) == nullptr) continue;
        if (connections.size() == connections_max) break;
        connections.push_back(describe(*socket));
    }
    co_return api::all(connections);
}

}  // namespace showrunner::realtime
