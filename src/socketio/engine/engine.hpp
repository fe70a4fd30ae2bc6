// An Engine.IO 4 server: sessions over HTTP long-polling and WebSocket, nothing above them.
// Everything runs on the executor's one thread.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "socketio/engine/close_reason.hpp"
#include "socketio/engine/counters.hpp"
#include "socketio/engine/message.hpp"
#include "socketio/engine/options.hpp"
#include "socketio/engine/request.hpp"
#include "socketio/engine/websocket.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::engineio {

class Session;
struct Core;

/// The layer above.
class Handler {
public:
    Handler() = default;
    Handler(Handler const&) = delete;
    Handler& operator=(Handler const&) = delete;
    virtual ~Handler() = default;

    virtual void opened(Session& session) = 0;
    virtual void received(Session& session, Kind kind, std::string_view data) = 0;
    /// Once for every session that was opened, whoever ended it.
    virtual void closed(Session& session, CloseReason reason) = 0;
};

class Engine {
public:
    Engine(
        asio::any_io_executor executor,
        Options options,
        Handler& handler,
        metrics::Registry& registry
    );
    ~Engine();
    Engine(Engine const&) = delete;
    Engine& operator=(Engine const&) = delete;

    [[nodiscard]] Options const& options() const;

    /// True for the paths that serve() and accept() should be given.
    [[nodiscard]] bool matches(std::string_view path) const;

    /// Answers a polling request; a GET may be held for as long as a ping interval. Cancel it when
    /// the client goes away: that ends the session.
    Task<Response> serve(Request const& request, Body& body);

    /// Takes over a connection that asked for a WebSocket, answers the handshake included.
    /// `buffered` is what had been read beyond the request.
    void accept(TcpSocket socket, Request request, std::string buffered);

    [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions() const;

    /// Opens no more sessions and closes those there are, in batches spread over `duration`.
    Task<> drain(std::chrono::milliseconds duration);

    [[nodiscard]] Deadlines& deadlines();
    [[nodiscard]] Counters& counters();

private:
    [[nodiscard]] std::optional<Response> refusal(Request const& request, Transport asked) const;
    [[nodiscard]] std::optional<Response> refusal_of_handshake(
        Request const& request, Transport asked
    ) const;
    [[nodiscard]] std::optional<Response> refusal_of_session(
        Request const& request, std::string_view id, Transport asked
    ) const;
    [[nodiscard]] std::shared_ptr<Session> find(Request const& request) const;
    Task<Response> serve_allowed(Request const& request, Body& body);
    std::shared_ptr<Session> open(Request request);

    std::shared_ptr<Core> core_;
    bool draining_ = false;
};

}  // namespace showrunner::engineio
