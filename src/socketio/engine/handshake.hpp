// The WebSocket opening handshake (RFC 6455 section 4.2).
#pragma once

#include "socketio/engine/request.hpp"

#include <string>
#include <string_view>

namespace showrunner::engineio {

/// The Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);

/// True when the request asks for a WebSocket in a way this server can answer.
[[nodiscard]] bool is_websocket_handshake(Request const& request);

/// The 101 answer.
[[nodiscard]] std::string switching_protocols(Request const& request);

/// An answer that refuses the upgrade and ends the connection.
[[nodiscard]] std::string refused_upgrade(Response const& response);

}  // namespace showrunner::engineio
