// Engine.IO packets as a client sends them, and the payloads that polling joins them in.
#pragma once

#include "socketio/engine/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::engineio {

inline constexpr char packet_separator = '\x1e';

enum class PacketType : char {
    open = '0',
    close = '1',
    ping = '2',
    pong = '3',
    message = '4',
    upgrade = '5',
    noop = '6',
};

struct Packet {
    PacketType type = PacketType::noop;
    Kind kind = Kind::text;
    std::string_view data;
};

/// A text packet, such as `4hello`; nothing when its type is unknown.
[[nodiscard]] std::optional<Packet> parse_packet(std::string_view text);

/// The packets of a polling body. Binary packets are decoded into storage of the payload's own,
/// all else refers to `body`, which must outlive it.
class Payload {
public:
    /// Nothing unless every packet is valid.
    static std::optional<Payload> parse(std::string_view body);

    [[nodiscard]] std::vector<Packet> const& packets() const { return packets_; }

private:
    std::vector<Packet> packets_;
    std::vector<std::unique_ptr<std::string>> decoded_;
};

}  // namespace showrunner::engineio
