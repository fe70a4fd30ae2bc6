// A Socket.IO 5 server. README.md shows how to use it; everything runs on the executor's thread.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "socketio/engine/engine.hpp"
#include "socketio/handler.hpp"
#include "socketio/namespace.hpp"
#include "socketio/options.hpp"
#include "socketio/socket.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class Server final : private engineio::Handler {
public:
    Server(asio::any_io_executor executor, Options options, metrics::Registry& registry);
    ~Server() override;

    /// Serves `name`, such as "/" or "/chat"; `handler` must outlive the server.
    Namespace& add(std::string name, socketio::Handler& handler);
    [[nodiscard]] Namespace* find(std::string_view name);

    [[nodiscard]] Options const& options() const { return options_; }

    /// Transports: which requests are for the server, and where they go.
    [[nodiscard]] engineio::Engine& engine() { return engine_; }

    /// Closes the connection under the socket with this id; false when there is none.
    bool close_connection(std::string_view sid);

    /// Opens no more connections and closes those there are, in batches spread over `duration`.
    Task<> drain(std::chrono::milliseconds duration);

private:
    void opened(engineio::Session& session) override;
    void received(engineio::Session& session, engineio::Kind kind, std::string_view data) override;
    void closed(engineio::Session& session, engineio::CloseReason reason) override;

    asio::any_io_executor executor_;
    Options const options_;
    std::map<std::string, Namespace, std::less<>> namespaces_;
    engineio::Engine engine_;  ///< last: closing its sessions calls the namespaces
};

}  // namespace showrunner::socketio
