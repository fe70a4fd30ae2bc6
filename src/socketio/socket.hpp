// A client in a namespace.
#pragma once

#include "socketio/engine/session.hpp"
#include "socketio/handler.hpp"
#include "socketio/packet.hpp"
#include "socketio/room.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class Client;
class Namespace;

/// A client's answer to an event of ours.
struct Reply {
    boost::json::array arguments;
    std::string arguments_text;
    std::vector<std::string> attachments;
};

class Socket final : public std::enable_shared_from_this<Socket> {
public:
    Socket(Namespace& nsp, std::shared_ptr<engineio::Session> session);
    ~Socket();
    Socket(Socket const&) = delete;
    Socket& operator=(Socket const&) = delete;

    /// Public, and the same again after a recovery.
    [[nodiscard]] std::string const& id() const { return id_; }

    /// Secret, for recovery; may be empty.
    [[nodiscard]] std::string const& pid() const { return pid_; }

    [[nodiscard]] Namespace& nsp() const { return nsp_; }

    [[nodiscard]] engineio::Session const& session() const { return *session_; }

    [[nodiscard]] engineio::Request const& handshake() const { return session_->handshake(); }

    /// Admitted and not gone.
    [[nodiscard]] bool is_connected() const { return state_ == State::live; }

    /// The client is not there any more; what is sent to it goes nowhere.
    [[nodiscard]] bool is_gone() const { return state_ == State::gone; }

    /// False when the socket is gone or in too many rooms.
    bool join(std::string_view room);
    void leave(std::string_view room);
    [[nodiscard]] bool is_in(std::string_view room) const;
    [[nodiscard]] std::vector<std::string> rooms() const;

    void emit(Outgoing const& event);

    /// As emit(), but only when the client is ready for it; else it is dropped.
    void emit_volatile(Outgoing const& event);

    /// Calls `done` once: with the client's answer, or with nothing after `timeout`, when the
    /// socket goes away, or at once when too many answers are awaited already.
    using Done = std::function<void(std::optional<Reply>)>;
    void emit_with_ack(Outgoing event, std::chrono::milliseconds timeout, Done done);

    /// A packet encoded by the application; `sequence` as in Namespace::broadcast.
    void send(MessagePtr const& message, std::uint64_t sequence = 0);

    /// Leaves the namespace; the client does not come back by itself.
    void disconnect();

    /// Closes the connection under it; the client comes back and asks to resume.
    void close_connection();

    /// What the application keeps with a socket.
    std::shared_ptr<void> data;

private:
    friend class Acknowledge;
    friend class Client;
    friend class Namespace;

    /// deciding: the application has not admitted it yet, and what is sent to it is held.
    enum class State : std::uint8_t { deciding, live, gone };

    struct Held {
        MessagePtr message;
        std::uint64_t sequence;
    };

    struct PendingAck;

    void enter(Room& room);
    void leave_at(std::size_t membership);
    void leave_all();
    void hold(MessagePtr const& message, std::uint64_t sequence);
    void admit(Admission admission);
    void refuse(Refusal const& refusal);
    void end(Disconnection how);
    void on_packet(Packet packet, std::vector<std::string> attachments);
    void on_ack(Packet packet, std::vector<std::string> attachments);
    void finish_acks();

    Namespace& nsp_;
    std::shared_ptr<engineio::Session> session_;
    State state_ = State::deciding;
    std::uint64_t broadcast_ = 0;  ///< the last broadcast to several rooms that reached this socket
    std::vector<Membership> memberships_;  ///< the first one is the whole namespace
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;
    std::map<std::uint64_t, std::unique_ptr<PendingAck>> acks_;
    std::string id_;
    std::string pid_;
};

}  // namespace showrunner::socketio
