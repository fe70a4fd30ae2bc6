// Socket.IO 5 packets: the text inside an engine message, with its rules.
#pragma once

#include "socketio/engine/message.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace showrunner::socketio {

using engineio::MessagePtr;

enum class PacketType : std::uint8_t {
    connect,
    disconnect,
    event,
    ack,
    connect_error,
    binary_event,
    binary_ack,
};

/// A packet from a client.
struct Packet {
    PacketType type = PacketType::event;
    std::size_t attachments = 0;  ///< binary messages that follow
    std::optional<std::uint64_t> id;
    std::string nsp = "/";
    std::string name;              ///< of an event
    std::string arguments_text;    ///< JSON values joined by commas, as the client wrote them
    boost::json::array arguments;  ///< the same, parsed: of an event without its name
    boost::json::object auth;      ///< of a CONNECT
};

/// Nothing for what the protocol does not allow; the connection must be closed then.
[[nodiscard]] std::optional<Packet> parse_packet(std::string_view text);

/// An event or the answer to one, to be sent.
struct Outgoing {
    std::string_view name;            ///< empty for an ack
    std::string_view arguments = {};  ///< JSON values joined by commas
    /// What `{"_placeholder":true,"num":i}` in the arguments stands for.
    std::span<std::string const> attachments = {};
    std::optional<std::uint64_t> id = {};
    /// Goes out as an extra last argument; the client gives the last one back to resume from.
    std::string_view offset = {};
};

[[nodiscard]] MessagePtr encode_event(std::string_view nsp, Outgoing const& event);
[[nodiscard]] MessagePtr encode_ack(std::string_view nsp, Outgoing const& ack);

/// `pid` may be empty: then the client will not try to recover.
[[nodiscard]] MessagePtr encode_connected(
    std::string_view nsp, std::string_view sid, std::string_view pid
);

/// `data` is JSON, or empty.
[[nodiscard]] MessagePtr encode_connect_error(
    std::string_view nsp, std::string_view message, std::string_view data
);

[[nodiscard]] MessagePtr encode_disconnect(std::string_view nsp);

}  // namespace showrunner::socketio
