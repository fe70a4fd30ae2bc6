#include "socketio/engine/message.hpp"

#include "socketio/engine/base64.hpp"
#include "socketio/engine/frame.hpp"
#include "socketio/engine/payload.hpp"

#include <cstdint>

namespace showrunner::engineio {

namespace {

/// Takes one frame that append_frame() wrote off the front.
std::string_view take_frame(std::string_view& frames, Opcode& opcode) {
    opcode = static_cast<Opcode>(frames[0] & 0x0f);
    auto const short_length = static_cast<unsigned char>(frames[1]);
    std::size_t const extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    std::size_t length = extended == 0 ? short_length : 0;
    for (char const byte : frames.substr(2, extended)) {
        length = length << 8U | static_cast<unsigned char>(byte);
    }
    std::string_view const payload = frames.substr(2 + extended, length);
    frames.remove_prefix(2 + extended + length);
    return payload;
}

}  // namespace

std::string_view Message::payload() const {
    std::string_view rest = frames_;
    while (payload_.empty() && !rest.empty()) {
        std::string joined;
        while (!rest.empty()) {
            Opcode opcode{};
            std::string_view const data = take_frame(rest, opcode);
            if (!joined.empty()) joined += packet_separator;
            if (opcode == Opcode::binary) {
                joined += 'b';
                append_base64(joined, data);
            } else {
                joined += data;
            }
        }
        payload_ = std::move(joined);
    }
    return payload_;
}

MessagePtr packet(std::string_view text) {
    std::string frames;
    append_frame(frames, Opcode::text, text);
    return MessagePtr{new Message{std::move(frames)}};
}

MessagePtr message(std::string_view text, std::span<std::string const> attachments) {
    std::string payload;
    payload.reserve(text.size() + 1);
    payload += '4';
    payload += text;
    std::string frames;
    frames.reserve(payload.size() + 10);
    append_frame(frames, Opcode::text, payload);
    for (std::string const& bytes : attachments) append_frame(frames, Opcode::binary, bytes);
    frames.shrink_to_fit();
    return MessagePtr{new Message{std::move(frames)}};
}

MessagePtr binary_message(std::string_view bytes) {
    std::string frames;
    append_frame(frames, Opcode::binary, bytes);
    return MessagePtr{new Message{std::move(frames)}};
}

}  // namespace showrunner::engineio
