#include "socketio/server.hpp"

#include "socketio/client.hpp"

namespace showrunner::socketio {

namespace {

Client& client_of(engineio::Session& session) {
    return static_cast<Client&>(*session.data);
}

}  // namespace

Server::Server(asio::any_io_executor executor, Options options, metrics::Registry& registry)
    : executor_{executor},
      options_{std::move(options)},
      engine_{std::move(executor), options_.engine, *this, registry} {}

Server::~Server() = default;

Namespace& Server::add(std::string name, socketio::Handler& handler) {
    Namespace::Shared const shared{executor_, options_, engine_.deadlines(), engine_.counters()};
    std::string key = name;
    return namespaces_.try_emplace(std::move(key), std::move(name), handler, shared).first->second;
}

Namespace* Server::find(std::string_view name) {
    auto const found = namespaces_.find(name);
    return found == namespaces_.end() ? nullptr : &found->second;
}

bool Server::close_connection(std::string_view sid) {
    for (auto& [name, nsp] : namespaces_) {
        if (auto const socket = nsp.find(sid)) {
            socket->close_connection();
            return true;
        }
    }
    return false;
}

Task<> Server::drain(std::chrono::milliseconds duration) {
    return engine_.drain(duration);
}

void Server::opened(engineio::Session& session) {
    session.data = std::make_unique<Client>(*this, session);
}

void Server::received(engineio::Session& session, engineio::Kind kind, std::string_view data) {
    client_of(session).received(kind, data);
}

void Server::closed(engineio::Session& session, engineio::CloseReason reason) {
    client_of(session).closed(reason);
}

}  // namespace showrunner::socketio
