// What an application implements to serve a namespace.
#pragma once

#include "base/task.hpp"
#include "socketio/packet.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class Socket;

/// The client had a connection before and wants to go on from there.
struct ResumeRequest {
    std::string pid;
    std::string offset;  ///< empty when it has received nothing yet
};

struct ConnectRequest {
    boost::json::object auth;
    std::optional<ResumeRequest> resume;
};

/// Sent as CONNECT_ERROR: the client does not try again by itself.
struct Refusal {
    std::string message;
    std::string data = {};  ///< JSON, or empty
};

/// The application's decision about a CONNECT.
struct Admission {
    std::optional<Refusal> refusal = {};
    std::string sid = {};  ///< empty: a new one; of a resumed socket, the one it had
    std::string pid = {};  ///< secret the client comes back with; empty: no recovery
    /// What was missed, in order; sent after the CONNECT answer. Its size is the application's
    /// to bound.
    std::vector<MessagePtr> replay = {};
    /// Broadcasts up to this sequence number are in the replay (or were seen before it): those of
    /// them that arrived live in the meantime are not sent again.
    std::uint64_t replayed_through = 0;

    static Admission refuse(std::string message, std::string data = {}) {
        Admission admission;
        admission.refusal.emplace(Refusal{std::move(message), std::move(data)});
        return admission;
    }
};

/// Answers one event; may be kept and called later, once.
class Acknowledge {
public:
    Acknowledge() = default;

    Acknowledge(std::weak_ptr<Socket> socket, std::uint64_t id)
        : socket_{std::move(socket)}, id_{id} {}

    Acknowledge(Acknowledge&& other) noexcept
        : socket_{std::move(other.socket_)}, id_{std::exchange(other.id_, std::nullopt)} {}

    Acknowledge& operator=(Acknowledge&& other) noexcept {
        socket_ = std::move(other.socket_);
        id_ = std::exchange(other.id_, std::nullopt);
        return *this;
    }

    Acknowledge(Acknowledge const&) = delete;
    Acknowledge& operator=(Acknowledge const&) = delete;
    ~Acknowledge() = default;

    /// True while the client waits for an answer.
    explicit operator bool() const { return id_.has_value(); }

    /// `arguments`: JSON values joined by commas. Does nothing the second time, or when the client
    /// wants no answer or is gone.
    void operator()(std::string_view arguments, std::span<std::string const> attachments = {});

private:
    std::weak_ptr<Socket> socket_;
    std::optional<std::uint64_t> id_;
};

/// An event from a client.
struct Event {
    std::string name;
    boost::json::array arguments;
    std::string arguments_text;  ///< the same, as JSON values joined by commas
    std::vector<std::string> attachments;
    Acknowledge acknowledge;
};

/// How a socket ended.
struct Disconnection {
    std::string_view reason;  ///< in the words of the official server
    bool may_resume = false;  ///< not when one of the two sides left on purpose
};

/// One instance serves all sockets of a namespace. What it throws is logged and goes no further.
class Handler {
public:
    Handler() = default;
    Handler(Handler const&) = delete;
    Handler& operator=(Handler const&) = delete;
    virtual ~Handler() = default;

    /// Decides about a client. From the moment `socket` has joined a room in here, what is
    /// broadcast to that room is held for it until the decision is made: join first, then read
    /// what was missed, then return, and nothing is lost or sent twice.
    virtual Task<Admission> connect(std::shared_ptr<Socket> socket, ConnectRequest request) = 0;

    /// The client has been admitted, and told so.
    virtual void connected(Socket& socket) = 0;
    virtual void received(Socket& socket, Event event) = 0;
    /// Once for every socket that was connected; its rooms can still be asked for.
    virtual void disconnected(Socket& socket, Disconnection how) = 0;
};

}  // namespace showrunner::socketio
