// A TCP socket after the WebSocket handshake. Reads and writes are plain non-blocking system calls;
// Asio only tells when the socket is ready.
#pragma once

#include "socketio/engine/deadlines.hpp"
#include "socketio/engine/frame.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace showrunner::engineio {

using TcpSocket = asio::ip::tcp::socket;

struct WebSocket {
    enum class Read : std::uint8_t { some, nothing, closed, failed };

    WebSocket(TcpSocket accepted, std::size_t max_payload)
        : socket{std::move(accepted)}, reader{max_payload} {}

    /// Fills `buffer`; `input` is what the frame reader is to be given.
    [[nodiscard]] Read receive(std::span<char> buffer, std::span<char>& input);

    TcpSocket socket;
    FrameReader reader;
};

/// Non-blocking, without delay, with a bounded send buffer. False when the peer is gone already.
[[nodiscard]] bool prepare(TcpSocket& socket, int send_buffer_bytes);

/// Bytes taken by the kernel, 0 when it is full; nothing when the connection is broken.
[[nodiscard]] std::optional<std::size_t> try_send(int descriptor, std::string_view bytes);

/// Says that nothing more comes, and waits for the peer's end: closing at once would make the
/// kernel throw away what the peer has not read when it sends something meanwhile.
void close_gracefully(TcpSocket socket, Deadlines& deadlines, std::chrono::milliseconds timeout);

/// Throws away what is under way; the peer sees a reset.
void close_abruptly(TcpSocket& socket);

}  // namespace showrunner::engineio
