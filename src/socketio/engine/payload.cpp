#include "socketio/engine/payload.hpp"

#include "socketio/engine/base64.hpp"
#include "socketio/engine/utf8.hpp"

namespace showrunner::engineio {

std::optional<Packet> parse_packet(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
    return Packet{static_cast<PacketType>(text[0]), Kind::text, text.substr(1)};
}

std::optional<Payload> Payload::parse(std::string_view body) {
    if (!is_utf8(body)) return std::nullopt;
    Payload payload;
    for (bool last = false; !last;) {
        std::size_t const end = body.find(packet_separator);
        last = end == std::string_view::npos;
        std::string_view const text = body.substr(0, end);
        if (!last) body.remove_prefix(end + 1);
        if (text.starts_with('b')) {
            auto bytes = decode_base64(text.substr(1));
            if (!bytes) return std::nullopt;
            auto& stored =
                payload.decoded_.emplace_back(std::make_unique<std::string>(std::move(*bytes)));
            payload.packets_.push_back({PacketType::message, Kind::binary, *stored});
            continue;
        }
        auto const packet = parse_packet(text);
        if (!packet) return std::nullopt;
        payload.packets_.push_back(*packet);
    }
    return payload;
}

}  // namespace showrunner::engineio
