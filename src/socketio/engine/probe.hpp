// The WebSocket of a polling session that wants to upgrade, until it has proved that it works.
#pragma once

#include "socketio/engine/deadlines.hpp"
#include "socketio/engine/websocket.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace showrunner::engineio {

struct Core;
class Session;

class Probe final : public Deadline, public std::enable_shared_from_this<Probe> {
public:
    /// The session keeps the probe and closes it before it goes away itself.
    Probe(Core& core, Session& session, TcpSocket socket);

    /// `buffered`: what the client sent right after its handshake.
    void start(std::string buffered);

    /// Ends the attempt; the session stays on polling, and does not hear of it.
    void close();

private:
    enum class Next : bool { go_on, stop };

    void expire() override;
    void fail();
    void wait();
    void on_readable();
    void consume(std::span<char> input);
    Next on_frame(Opcode opcode, std::string_view data);
    Next on_text(std::string_view text);
    [[nodiscard]] bool reply(Opcode opcode, std::string_view payload);

    Core& core_;
    Session* session_;  ///< null once this is over
    WebSocket websocket_;
    bool probed_ = false;
    bool upgraded_ = false;
};

}  // namespace showrunner::engineio
