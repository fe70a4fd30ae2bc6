// Who is in a room. The members lie in one array, because a broadcast goes through all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace showrunner::engineio {
class Session;
}

namespace showrunner::socketio {

class Socket;

struct Member {
    engineio::Session* live;  ///< where to send; null while broadcasts are held for the socket
    Socket* socket;
};

struct Room {
    std::string name;
    std::vector<Member> members;
};

/// A socket's place in a room.
struct Membership {
    Room* room;
    std::uint32_t index;
};

}  // namespace showrunner::socketio
