// A client's connection, shared by the namespaces it is in.
#pragma once

#include "socketio/engine/deadlines.hpp"
#include "socketio/engine/session.hpp"
#include "socketio/packet.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class Server;
class Socket;

class Client final : public engineio::SessionData, private engineio::Deadline {
public:
    Client(Server& server, engineio::Session& session);
    ~Client() override;

    void received(engineio::Kind kind, std::string_view data);
    void closed(engineio::CloseReason reason);

    [[nodiscard]] std::vector<std::shared_ptr<Socket>> const& sockets() const { return sockets_; }

private:
    /// A packet whose attachments have not all arrived.
    struct Incomplete {
        Packet packet;
        std::vector<std::string> attachments;
    };

    void expire() override;
    void take(Packet packet, std::vector<std::string> attachments);
    void connect(Packet packet);
    [[nodiscard]] std::shared_ptr<Socket> find(std::string_view nsp) const;
    void drop_gone();

    Server& server_;
    engineio::Session& session_;  ///< owns this
    std::vector<std::shared_ptr<Socket>> sockets_;
    std::unique_ptr<Incomplete> incomplete_;
};

}  // namespace showrunner::socketio
