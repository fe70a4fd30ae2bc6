// WebSocket framing (RFC 6455) without a stream class: frames are appended to a string, and read
// from whatever the socket gave, in place. An idle connection therefore owns no buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace showrunner::engineio {

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

enum class CloseCode : std::uint16_t {
    none = 0,  ///< a close frame without a code
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    invalid_text = 1007,
    too_big = 1009,
};

/// Appends one unfragmented, unmasked frame, as a server sends it.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

[[nodiscard]] std::string close_frame(CloseCode code);

/// Reads the frames of one client. Messages in fragments are put together, control frames come
/// out between the fragments; text is valid UTF-8.
///
///     std::span<char> input = reader.begin(received);
///     while (reader.next(input) == FrameReader::Step::message) handle(reader.opcode(), …);
///     reader.keep(input);
class FrameReader {
public:
    enum class Step : std::uint8_t { message, need_more, failed };

    explicit FrameReader(std::size_t max_payload) : max_payload_{max_payload} {}

    /// What there is to read: `received`, after what an earlier read left over.
    [[nodiscard]] std::span<char> begin(std::span<char> received);

    /// Takes the next message or control frame off the front of `input`, unmasking it in place.
    [[nodiscard]] Step next(std::span<char>& input);

    /// Remembers the rest of `input` for the next begin().
    void keep(std::span<char const> input);

    // Valid after Step::message, until the next call.
    [[nodiscard]] Opcode opcode() const { return opcode_; }

    [[nodiscard]] std::string_view data() const { return data_; }

    /// Valid after a close frame: its code.
    [[nodiscard]] CloseCode close_code() const;

    /// Valid after Step::failed: what the close frame should say.
    [[nodiscard]] CloseCode failure() const { return failure_; }

    /// Bytes held for a message that is not complete yet.
    [[nodiscard]] std::size_t bytes_held() const { return partial_.size() + assembled_.size(); }

private:
    struct Header;

    Step fail(CloseCode code);
    [[nodiscard]] CloseCode check(Header const& header) const;
    Step take(Header const& header, std::span<char> payload);
    Step finish_message();
    Step finish_close();

    std::size_t max_payload_;
    std::string partial_;    ///< bytes of a frame that is not complete
    std::string assembled_;  ///< fragments of a message that is not complete
    std::string_view data_;
    Opcode opcode_ = Opcode::text;
    Opcode fragmented_ = Opcode::continuation;  ///< of the message under way; continuation: none
    CloseCode failure_ = CloseCode::none;
    bool assembled_is_read_ = false;  ///< data_ looks at assembled_; clear it on the next call
};

}  // namespace showrunner::engineio
