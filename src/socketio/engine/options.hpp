// How an engine behaves and what it bears; every limit is here. 0 means no limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace showrunner::engineio {

struct Options {
    /// Requests whose path begins with this are the engine's.
    std::string path = "/socket.io/";
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};
    std::chrono::milliseconds upgrade_timeout{10'000};
    /// How long the end of a session waits for its client to hear of it.
    std::chrono::milliseconds poll_close_timeout{30'000};
    std::chrono::milliseconds socket_close_timeout{3'000};
    /// Bytes of one polling body, and of one WebSocket message, that a client may send.
    std::size_t max_payload = 1'000'000;

    /// Origins of web pages that may connect besides the server's own; "*" allows all.
    std::vector<std::string> origins;

    std::size_t connections = 10'000;
    std::size_t connections_per_address = 0;
    std::size_t pending_polls = 10'000;
    /// A client that lets more than this pile up is closed and may come back and recover.
    std::size_t queue_bytes = 1024 * 1024;
    /// The kernel's share of the same; a fixed size keeps it from growing to megabytes.
    int socket_send_bytes = 128 * 1024;
    /// A token bucket: clients send what they buffered while offline in one go.
    unsigned messages_per_second = 100;
    unsigned messages_burst = 1000;
};

}  // namespace showrunner::engineio
