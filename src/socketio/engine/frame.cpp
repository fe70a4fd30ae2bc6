#include "socketio/engine/frame.hpp"

#include "socketio/engine/utf8.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace showrunner::engineio {

namespace {

constexpr std::size_t control_payload_max = 125;

/// A long message leaves a long buffer behind; it is given back instead of idling with the client.
constexpr std::size_t kept_capacity_max = 256;

void clear(std::string& buffer) {
    if (buffer.capacity() > kept_capacity_max) {
        std::string{}.swap(buffer);
    } else {
        buffer.clear();
    }
}

void unmask(std::span<char> payload, std::array<char, 4> key) {
    std::uint64_t wide = 0;
    std::memcpy(&wide, key.data(), 4);
    std::memcpy(reinterpret_cast<char*>(&wide) + 4, key.data(), 4);
    std::size_t i = 0;
    for (; i + sizeof wide <= payload.size(); i += sizeof wide) {
        std::uint64_t block = 0;
        std::memcpy(&block, payload.data() + i, sizeof block);
        block ^= wide;
        std::memcpy(payload.data() + i, &block, sizeof block);
    }
    for (; i < payload.size(); ++i) {
        payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
    }
}

bool is_control(Opcode opcode) {
    return static_cast<std::uint8_t>(opcode) >= 8;
}

/// The codes that an endpoint may send (RFC 6455 section 7.4 and the IANA registry).
bool is_sendable_close_code(unsigned code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
    }
}

std::uint64_t read_big_endian(std::span<char const> bytes) {
    std::uint64_t value = 0;
    for (char const byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

}  // namespace

struct FrameReader::Header {
    bool final;
    unsigned reserved;
    Opcode opcode;
    bool masked;
    std::uint64_t length;
    std::size_t size;  ///< of the header itself, with the key
    bool complete;     ///< else only the first two bytes are known

    static std::optional<Header> read(std::span<char const> input) {
        if (input.size() < 2) return std::nullopt;
        auto const first = static_cast<unsigned char>(input[0]);
        auto const second = static_cast<unsigned char>(input[1]);
        Header header{
            .final = (first & 0x80U) != 0,
            .reserved = first & 0x70U,
            .opcode = static_cast<Opcode>(first & 0x0fU),
            .masked = (second & 0x80U) != 0,
            .length = second & 0x7fU,
            .size = 2,
            .complete = false,
        };
        std::size_t const extended = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
        header.size += extended + (header.masked ? 4 : 0);
        header.complete = input.size() >= header.size;
        if (header.complete && extended > 0) {
            header.length = read_big_endian(input.subspan(2, extended));
        }
        return header;
    }
};

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    out += static_cast<char>(0x80U | static_cast<std::uint8_t>(opcode));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else if (payload.size() <= 0xffff) {
        out += static_cast<char>(126);
        append_big_endian(out, payload.size(), 2);
    } else {
        out += static_cast<char>(127);
        append_big_endian(out, payload.size(), 8);
    }
    out += payload;
}

std::string close_frame(CloseCode code) {
    std::string payload;
    if (code != CloseCode::none) append_big_endian(payload, static_cast<std::uint16_t>(code), 2);
    std::string frame;
    append_frame(frame, Opcode::close, payload);
    return frame;
}

std::span<char> FrameReader::begin(std::span<char> received) {
    if (partial_.empty()) return received;
    partial_.append(received.data(), received.size());
    return partial_;
}

void FrameReader::keep(std::span<char const> input) {
    data_ = {};
    if (assembled_is_read_) {
        clear(assembled_);
        assembled_is_read_ = false;
    }
    if (input.empty()) {
        clear(partial_);
    } else if (partial_.empty()) {
        partial_.assign(input.data(), input.size());
    } else {
        partial_.erase(0, partial_.size() - input.size());
    }
}

FrameReader::Step FrameReader::fail(CloseCode code) {
    failure_ = code;
    return Step::failed;
}

CloseCode FrameReader::check(Header const& header) const {
    bool const known = header.opcode <= Opcode::binary ||
                       (header.opcode >= Opcode::close && header.opcode <= Opcode::pong);
    if (header.reserved != 0 || !known || !header.masked) return CloseCode::protocol_error;
    if (is_control(header.opcode)) {
        bool const fits = header.final && header.length <= control_payload_max;
        return fits ? CloseCode::none : CloseCode::protocol_error;
    }
    bool const under_way = fragmented_ != Opcode::continuation;
    if ((header.opcode == Opcode::continuation) != under_way) return CloseCode::protocol_error;
    if (!header.complete) return CloseCode::none;
    if (header.length > max_payload_ || assembled_.size() + header.length > max_payload_) {
        return CloseCode::too_big;
    }
    return CloseCode::none;
}

FrameReader::Step FrameReader::next(std::span<char>& input) {
    if (assembled_is_read_) {
        clear(assembled_);
        assembled_is_read_ = false;
    }
    for (;;) {
        auto const header = Header::read(input);
        if (!header) return Step::need_more;
        if (CloseCode const wrong = check(*header); wrong != CloseCode::none) return fail(wrong);
        if (!header->complete || input.size() - header->size < header->length) {
            return Step::need_more;
        }
        std::span<char> const payload = input.subspan(header->size, header->length);
        std::array<char, 4> key{};
        std::memcpy(key.data(), input.data() + header->size - key.size(), key.size());
        unmask(payload, key);
        input = input.subspan(header->size + header->length);
        Step const step = take(*header, payload);
        if (step != Step::need_more) return step;
    }
}

/// Step::need_more means that this was a fragment and the message goes on.
FrameReader::Step FrameReader::take(Header const& header, std::span<char> payload) {
    std::string_view const bytes{payload.data(), payload.size()};
    if (is_control(header.opcode)) {
        opcode_ = header.opcode;
        data_ = bytes;
        return opcode_ == Opcode::close ? finish_close() : Step::message;
    }
    if (header.opcode != Opcode::continuation && header.final) {
        opcode_ = header.opcode;
        data_ = bytes;
        return finish_message();
    }
    if (header.opcode != Opcode::continuation) fragmented_ = header.opcode;
    assembled_ += bytes;
    if (!header.final) return Step::need_more;
    opcode_ = fragmented_;
    fragmented_ = Opcode::continuation;
    data_ = assembled_;
    assembled_is_read_ = true;
    return finish_message();
}

FrameReader::Step FrameReader::finish_message() {
    if (opcode_ == Opcode::text && !is_utf8(data_)) return fail(CloseCode::invalid_text);
    return Step::message;
}

CloseCode FrameReader::close_code() const {
    return data_.empty() ? CloseCode::none
                         : static_cast<CloseCode>(read_big_endian(data_.substr(0, 2)));
}

FrameReader::Step FrameReader::finish_close() {
    if (data_.empty()) return Step::message;
    if (data_.size() < 2) return fail(CloseCode::protocol_error);
    auto const code = static_cast<unsigned>(read_big_endian(data_.substr(0, 2)));
    if (!is_sendable_close_code(code)) return fail(CloseCode::protocol_error);
    if (!is_utf8(data_.substr(2))) return fail(CloseCode::invalid_text);
    return Step::message;
}

}  // namespace showrunner::engineio
