// A namespace: its sockets, their rooms, and how to reach them.
#pragma once

#include "socketio/engine/counters.hpp"
#include "socketio/engine/deadlines.hpp"
#include "socketio/handler.hpp"
#include "socketio/options.hpp"
#include "socketio/packet.hpp"
#include "socketio/room.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class Socket;

struct BroadcastOptions {
    /// Position in the application's stream, growing; 0 for what is not part of it. Tells what a
    /// replay has covered already.
    std::uint64_t sequence = 0;
    /// Dropped for clients that are not ready for it.
    bool is_volatile = false;
    Socket const* except = nullptr;
};

class Namespace {
public:
    /// What the namespaces of a server share.
    struct Shared {
        asio::any_io_executor executor;
        Options const& options;
        engineio::Deadlines& deadlines;
        engineio::Counters& counters;
    };

    Namespace(std::string name, Handler& handler, Shared const& shared);

    [[nodiscard]] std::string const& name() const { return name_; }

    /// Sends to everyone in any of `rooms`, once; without rooms to the whole namespace. The packet
    /// was encoded for this namespace, once for all receivers. Returns how many got it.
    std::size_t broadcast(
        std::span<std::string const> rooms,
        MessagePtr const& message,
        BroadcastOptions const& options = {}
    );
    std::size_t broadcast(
        std::string_view room, MessagePtr const& message, BroadcastOptions const& options = {}
    );

    [[nodiscard]] std::shared_ptr<Socket> find(std::string_view sid) const;
    [[nodiscard]] std::vector<std::shared_ptr<Socket>> sockets() const;
    [[nodiscard]] std::vector<std::shared_ptr<Socket>> sockets_in(std::string_view room) const;
    [[nodiscard]] std::size_t count_in(std::string_view room) const;

    [[nodiscard]] std::size_t count() const { return everyone_.members.size(); }

private:
    friend class Client;
    friend class Socket;

    static Task<> decide(std::shared_ptr<Socket> socket, ConnectRequest request);

    /// A client asks to come in.
    void connect(std::shared_ptr<Socket> const& socket, boost::json::object auth);
    void deliver(Room const& room, MessagePtr const& message, BroadcastOptions const& options);
    std::size_t deliver_once(
        Room const& room, MessagePtr const& message, BroadcastOptions const& options
    );
    [[nodiscard]] Room* find_room(std::string_view name) const;
    Room& room(std::string_view name);
    void drop_if_empty(Room& room);

    std::string name_;
    Handler& handler_;
    Shared shared_;
    Room everyone_;
    std::uint64_t broadcasts_ = 0;
    std::uint64_t ack_ids_ = 0;
    /// The keys are the rooms' and the sockets' own names.
    boost::unordered_flat_map<std::string_view, std::unique_ptr<Room>> rooms_;
    boost::unordered_flat_map<std::string_view, Socket*> sockets_;
};

}  // namespace showrunner::socketio
