// An Engine.IO session: one client, whichever transport it is on at the moment.
#pragma once

#include "base/clock.hpp"
#include "socketio/engine/close_reason.hpp"
#include "socketio/engine/deadlines.hpp"
#include "socketio/engine/message.hpp"
#include "socketio/engine/outbox.hpp"
#include "socketio/engine/payload.hpp"
#include "socketio/engine/request.hpp"
#include "socketio/engine/websocket.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::engineio {

struct Core;
struct HeldPoll;
class Probe;

/// What the layer above keeps with a session.
class SessionData {
public:
    SessionData() = default;
    SessionData(SessionData const&) = delete;
    SessionData& operator=(SessionData const&) = delete;
    virtual ~SessionData() = default;
};

class Session final : public std::enable_shared_from_this<Session>, private Deadline {
public:
    Session(Core& core, Request handshake);
    ~Session() override;

    /// Secret: who knows it can speak as this client.
    [[nodiscard]] std::string const& id() const { return id_; }

    [[nodiscard]] Request const& handshake() const { return handshake_; }

    [[nodiscard]] Transport transport() const { return transport_; }

    [[nodiscard]] SteadyTime opened_at() const { return opened_at_; }

    [[nodiscard]] bool is_open() const { return state_ == State::open; }

    [[nodiscard]] std::size_t bytes_queued() const { return outbox_.bytes(); }

    /// Sends at once when it can, else queues in order. A session whose queue grows beyond
    /// Options::queue_bytes is closed at the end of the turn.
    void send(MessagePtr const& message);

    /// Sends when the client is ready for it; else the message is dropped and this is false.
    bool send_volatile(MessagePtr const& message);

    /// For a replay, whose size the application has bounded: not held against the queue's limit.
    void send_beyond_limit(MessagePtr const& message);

    /// Ends the session; the handler hears of it before this returns.
    void close(CloseReason reason);

    /// Ends the session when whoever is going through a list of sessions now is done.
    void close_at_end_of_turn(CloseReason reason);

    std::unique_ptr<SessionData> data;

private:
    friend class Engine;
    friend class Probe;
    friend class Turns;
    friend struct HeldPoll;

    /// doomed: takes nothing more, and is closed at the end of the turn. closing: a polling client
    /// has yet to fetch the last packets.
    enum class State : std::uint8_t { open, doomed, closing, closed };

    // Life, in session.cpp.
    void expire() override;
    void start_heartbeat();
    void on_pong();
    void on_packet(Packet const& received);
    void on_message(Kind kind, std::string_view bytes);
    [[nodiscard]] bool take_token();
    void enqueue(MessagePtr const& message, std::size_t sent);
    void flush();
    void forget();
    [[nodiscard]] std::string open_packet(bool can_upgrade) const;

    // Polling, in session_polling.cpp.
    Task<Response> poll();
    Task<Response> post(Request const& request, Body& body);
    void answer_poll(std::string payload);
    void flush_to_poll();
    void close_polling(CloseReason reason);

    // WebSocket, in session_websocket.cpp.
    void open_websocket(TcpSocket socket, Request const& request, std::string buffered);
    void upgrade(TcpSocket socket, Request const& request, std::string buffered);
    void on_probed();
    void on_probe_failed();
    void finish_upgrade(WebSocket websocket);
    void await_readable();
    void await_writable();
    void on_readable();
    void consume(std::span<char> input);
    void on_frame(Opcode opcode, std::string_view bytes);
    void flush_to_websocket();
    void close_websocket(CloseReason reason);

    // What a broadcast touches comes first, to share a cache line.
    int ready_descriptor_ = -1;  ///< a WebSocket with nothing queued; else -1
    std::uint32_t turn_ = 0;     ///< in which something was sent last
    State state_ = State::open;
    Transport transport_ = Transport::polling;
    bool flush_scheduled_ : 1 = false;
    bool blocked_ : 1 = false;  ///< waits for the kernel to take more
    bool upgrading_ : 1 = false;
    bool awaiting_pong_ : 1 = false;
    bool posting_ : 1 = false;
    bool says_goodbye_ : 1 = false;  ///< the peer can still be sent a close frame
    CloseCode close_code_ = CloseCode::none;
    Core& core_;
    Outbox outbox_;
    std::size_t beyond_limit_ = 0;  ///< bytes of a replay that may still be queued

    std::optional<WebSocket> websocket_;
    std::shared_ptr<Probe> probe_;
    HeldPoll* poll_ = nullptr;
    float tokens_;
    SteadyTime tokens_at_;
    SteadyTime opened_at_;
    std::string id_;
    Request handshake_;
};

}  // namespace showrunner::engineio
