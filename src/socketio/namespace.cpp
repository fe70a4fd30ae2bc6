#include "socketio/namespace.hpp"

#include "socketio/socket.hpp"

namespace showrunner::socketio {

namespace {

/// How many members ahead of the one being sent to are fetched into the cache.
constexpr std::size_t prefetch_distance = 4;

std::vector<std::shared_ptr<Socket>> connected_members(Room const& room) {
    std::vector<std::shared_ptr<Socket>> sockets;
    sockets.reserve(room.members.size());
    for (Member const& member : room.members) {
        if (member.socket->is_connected()) sockets.push_back(member.socket->shared_from_this());
    }
    return sockets;
}

/// Refuses the client when the application's decision never came, because it threw.
class Decision {
public:
    Decision(std::shared_ptr<Socket> socket, void (*refuse)(Socket&))
        : socket_{std::move(socket)}, refuse_{refuse} {}

    ~Decision() {
        if (socket_) refuse_(*socket_);
    }

    Decision(Decision const&) = delete;
    Decision& operator=(Decision const&) = delete;

    void made() { socket_.reset(); }

private:
    std::shared_ptr<Socket> socket_;
    void (*refuse_)(Socket&);
};

}  // namespace

Namespace::Namespace(std::string name, Handler& handler, Shared const& shared)
    : name_{std::move(name)}, handler_{handler}, shared_{shared} {}

// ---------------------------------------------------------------- coming in

void Namespace::connect(std::shared_ptr<Socket> const& socket, boost::json::object auth) {
    ConnectRequest request;
    auto const* const pid = auth.if_contains("pid");
    auto const* const offset = auth.if_contains("offset");
    if (pid != nullptr && pid->is_string()) {
        auto& resume = request.resume.emplace();
        resume.pid = pid->get_string();
        if (offset != nullptr && offset->is_string()) resume.offset = offset->get_string();
    }
    request.auth = std::move(auth);
    spawn(shared_.executor, "socketio_connect", decide(socket, std::move(request)));
}

Task<> Namespace::decide(std::shared_ptr<Socket> socket, ConnectRequest request) {
    // A decision that fails is our trouble, not the client's: it comes back and asks again, which
    // a refused one would not.
    Decision decision{socket, [](Socket& undecided) { undecided.close_connection(); }};
    Admission admission = co_await socket->nsp_.handler_.connect(socket, std::move(request));
    decision.made();
    if (admission.refusal) {
        socket->refuse(*admission.refusal);
    } else {
        socket->admit(std::move(admission));
    }
}

// ---------------------------------------------------------------- broadcasting

std::size_t Namespace::broadcast(
    std::span<std::string const> rooms, MessagePtr const& message, BroadcastOptions const& options
) {
    ++broadcasts_;
    std::size_t reached = 0;
    if (rooms.size() > 1) {
        for (std::string const& name : rooms) {
            Room const* const room = find_room(name);
            if (room != nullptr) reached += deliver_once(*room, message, options);
        }
    } else {
        Room const* const room = rooms.empty() ? &everyone_ : find_room(rooms.front());
        if (room == nullptr) return 0;
        if (options.except != nullptr || options.is_volatile) {
            reached = deliver_once(*room, message, options);
        } else {
            deliver(*room, message, options);
            reached = room->members.size();
        }
    }
    shared_.counters.sent.add(reached);
    return reached;
}

std::size_t Namespace::broadcast(
    std::string_view room, MessagePtr const& message, BroadcastOptions const& options
) {
    std::string const name{room};
    return broadcast(std::span{&name, 1}, message, options);
}

/// Sending never changes who is in a room: whoever must go goes at the end of the turn.
void Namespace::deliver(
    Room const& room, MessagePtr const& message, BroadcastOptions const& options
) {
    std::size_t const count = room.members.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (i + prefetch_distance < count) {
            __builtin_prefetch(room.members[i + prefetch_distance].live);
        }
        Member const& member = room.members[i];
        if (member.live != nullptr) {
            member.live->send(message);
        } else {
            member.socket->hold(message, options.sequence);
        }
    }
}

std::size_t Namespace::deliver_once(
    Room const& room, MessagePtr const& message, BroadcastOptions const& options
) {
    std::size_t reached = 0;
    for (Member const& member : room.members) {
        Socket& socket = *member.socket;
        if (socket.broadcast_ == broadcasts_ || &socket == options.except) continue;
        socket.broadcast_ = broadcasts_;
        if (options.is_volatile) {
            if (member.live != nullptr && member.live->send_volatile(message)) ++reached;
            continue;
        }
        socket.send(message, options.sequence);
        ++reached;
    }
    return reached;
}

// ---------------------------------------------------------------- who is here

std::shared_ptr<Socket> Namespace::find(std::string_view sid) const {
    auto const found = sockets_.find(sid);
    return found == sockets_.end() ? nullptr : found->second->shared_from_this();
}

std::vector<std::shared_ptr<Socket>> Namespace::sockets() const {
    return connected_members(everyone_);
}

std::vector<std::shared_ptr<Socket>> Namespace::sockets_in(std::string_view room) const {
    Room const* const found = find_room(room);
    return found == nullptr ? std::vector<std::shared_ptr<Socket>>{} : connected_members(*found);
}

std::size_t Namespace::count_in(std::string_view room) const {
    Room const* const found = find_room(room);
    return found == nullptr ? 0 : found->members.size();
}

Room* Namespace::find_room(std::string_view name) const {
    auto const found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : found->second.get();
}

Room& Namespace::room(std::string_view name) {
    if (Room* const found = find_room(name)) return *found;
    auto fresh = std::make_unique<Room>(Room{std::string{name}, {}});
    std::string_view const key = fresh->name;
    return *rooms_.emplace(key, std::move(fresh)).first->second;
}

void Namespace::drop_if_empty(Room& room) {
    if (&room != &everyone_ && room.members.empty()) rooms_.erase(room.name);
}

}  // namespace showrunner::socketio
