#include "socketio/client.hpp"

#include "socketio/namespace.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

#include <algorithm>

namespace showrunner::socketio {

namespace {

using engineio::CloseReason;

/// Neither side meant to leave, so the client will be back and may go on where it was.
bool may_resume(CloseReason reason) {
    return reason != CloseReason::parse_error && reason != CloseReason::overlap;
}

}  // namespace

Client::Client(Server& server, engineio::Session& session) : server_{server}, session_{session} {
    server_.engine().deadlines().arm(*this, server_.options().connect_timeout);
}

Client::~Client() = default;

void Client::expire() {
    bool const joined = std::any_of(sockets_.begin(), sockets_.end(), [](auto const& socket) {
        return socket->is_connected();
    });
    if (!joined) session_.close(CloseReason::forced_close);
}

void Client::received(engineio::Kind kind, std::string_view data) {
    if (kind == engineio::Kind::binary) {
        if (!incomplete_) return session_.close(CloseReason::parse_error);
        incomplete_->attachments.emplace_back(data);
        if (incomplete_->attachments.size() < incomplete_->packet.attachments) return;
        auto complete = std::exchange(incomplete_, nullptr);
        return take(std::move(complete->packet), std::move(complete->attachments));
    }
    auto packet = parse_packet(data);
    // Attachments follow their packet at once: anything else in between is a broken client.
    if (!packet || incomplete_) return session_.close(CloseReason::parse_error);
    if (packet->attachments == 0) return take(std::move(*packet), {});
    incomplete_ = std::make_unique<Incomplete>(Incomplete{std::move(*packet), {}});
}

void Client::take(Packet packet, std::vector<std::string> attachments) {
    if (packet.type == PacketType::connect) return connect(std::move(packet));
    auto const socket = find(packet.nsp);
    if (!socket) return session_.close(CloseReason::parse_error);
    if (packet.type == PacketType::disconnect) {
        socket->end({"client namespace disconnect", false});
        return drop_gone();
    }
    if (!socket->is_connected()) return session_.close(CloseReason::parse_error);
    socket->on_packet(std::move(packet), std::move(attachments));
}

void Client::connect(Packet packet) {
    drop_gone();
    Namespace* const nsp = server_.find(packet.nsp);
    if (nsp == nullptr) {
        return session_.send(encode_connect_error(packet.nsp, "Invalid namespace", {}));
    }
    if (find(packet.nsp)) return session_.close(CloseReason::parse_error);
    auto const socket = std::make_shared<Socket>(*nsp, session_.shared_from_this());
    // The namespace is taken from now on, whatever the application decides and when.
    sockets_.push_back(socket);
    nsp->connect(socket, std::move(packet.auth));
}

std::shared_ptr<Socket> Client::find(std::string_view nsp) const {
    for (auto const& socket : sockets_) {
        if (!socket->is_gone() && socket->nsp().name() == nsp) return socket;
    }
    return nullptr;
}

void Client::drop_gone() {
    std::erase_if(sockets_, [](auto const& socket) { return socket->is_gone(); });
}

void Client::closed(CloseReason reason) {
    cancel();
    for (auto const& socket : std::exchange(sockets_, {})) {
        socket->end({name_of(reason), may_resume(reason)});
    }
}

}  // namespace showrunner::socketio
