// How a Socket.IO server behaves and what it bears.
#pragma once

#include "socketio/engine/options.hpp"

#include <chrono>
#include <cstddef>

namespace showrunner::socketio {

struct Options {
    engineio::Options engine;
    /// A client that has joined no namespace by then is closed.
    std::chrono::milliseconds connect_timeout{45'000};
    std::size_t rooms_per_socket = 200;
    std::size_t pending_acks_per_socket = 200;
};

}  // namespace showrunner::socketio
