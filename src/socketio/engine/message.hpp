// What is sent, encoded once: the bytes that every WebSocket gets, shared by all receivers, and
// the text form for polling clients, made when the first of them needs it.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace showrunner::engineio {

enum class Kind : bool { text, binary };

/// One engine packet, or an application's message with the attachments that must follow it.
/// Belongs to the event loop's thread: the count is not atomic.
class Message final : public boost::intrusive_ref_counter<Message, boost::thread_unsafe_counter> {
public:
    /// `frames`: complete WebSocket frames, text or binary.
    explicit Message(std::string frames) : frames_{std::move(frames)} {}

    [[nodiscard]] std::string_view frames() const { return frames_; }

    [[nodiscard]] std::size_t size() const { return frames_.size(); }

    /// The packets joined by 0x1e, binary as `b` and base64.
    [[nodiscard]] std::string_view payload() const;

private:
    std::string frames_;
    mutable std::string payload_;
};

using MessagePtr = boost::intrusive_ptr<Message const>;

/// A packet as it is: `text` begins with its type.
[[nodiscard]] MessagePtr packet(std::string_view text);

/// An application's message; `attachments` follow as binary packets of their own.
[[nodiscard]] MessagePtr message(
    std::string_view text, std::span<std::string const> attachments = {}
);

[[nodiscard]] MessagePtr binary_message(std::string_view bytes);

}  // namespace showrunner::engineio
