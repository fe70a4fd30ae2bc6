#include "socketio/engine/engine.hpp"

#include "base/id.hpp"
#include "socketio/engine/core.hpp"
#include "socketio/engine/handshake.hpp"
#include "socketio/engine/responses.hpp"

#include <algorithm>

namespace showrunner::engineio {

namespace {

constexpr std::size_t drain_batches = 20;

std::optional<Transport> transport_named(std::string_view name) {
    if (name == "polling") return Transport::polling;
    if (name == "websocket") return Transport::websocket;
    return std::nullopt;
}

}  // namespace

Engine::Engine(
    asio::any_io_executor executor, Options options, Handler& handler, metrics::Registry& registry
)
    : core_{std::make_shared<Core>(std::move(executor), std::move(options), handler, registry)} {}

Engine::~Engine() {
    for (auto const& session : sessions()) session->close(CloseReason::shutting_down);
}

Options const& Engine::options() const {
    return core_->options;
}

Deadlines& Engine::deadlines() {
    return core_->deadlines;
}

Counters& Engine::counters() {
    return core_->counters;
}

bool Engine::matches(std::string_view path) const {
    return path.starts_with(core_->options.path);
}

std::vector<std::shared_ptr<Session>> Engine::sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(core_->sessions.size());
    for (auto const& [id, session] : core_->sessions) all.push_back(session);
    return all;
}

// ---------------------------------------------------------------- who may come in

std::shared_ptr<Session> Engine::find(Request const& request) const {
    auto const id = request.query_value("sid");
    if (!id) return nullptr;
    auto const found = core_->sessions.find(*id);
    return found == core_->sessions.end() ? nullptr : found->second;
}

std::optional<Response> Engine::refusal(Request const& request, Transport asked) const {
    auto const transport = transport_named(request.query_value("transport").value_or(""));
    if (!transport) return refuse(Refusal::unknown_transport);
    // A broken upgrade request must not be taken for a poll.
    if (*transport != asked) return refuse(Refusal::bad_request);
    if (auto const id = request.query_value("sid")) return refusal_of_session(request, *id, asked);
    return refusal_of_handshake(request, asked);
}

std::optional<Response> Engine::refusal_of_session(
    Request const& request, std::string_view id, Transport asked
) const {
    auto const found = core_->sessions.find(id);
    if (found == core_->sessions.end()) return refuse(Refusal::unknown_session);
    if (!core_->origins.allows(request)) return refuse(Refusal::forbidden);
    if (asked == Transport::polling && found->second->transport() != asked) {
        return refuse(Refusal::bad_request);
    }
    return std::nullopt;
}

std::optional<Response> Engine::refusal_of_handshake(Request const& request, Transport asked)
    const {
    Options const& options = core_->options;
    if (request.method != "GET") return refuse(Refusal::bad_handshake_method);
    if (request.query_value("EIO") != "4") return refuse(Refusal::unsupported_version);
    if (asked == Transport::websocket && !core_->origins.allows(request)) {
        return refuse(Refusal::forbidden);
    }
    if (draining_) return refuse(503, "The server is shutting down");
    if (options.connections != 0 && core_->sessions.size() >= options.connections) {
        core_->counters.hit(Limit::connections);
        return refuse(503, "Too many connections");
    }
    auto const here = core_->sessions_by_address.find(request.remote_address);
    if (options.connections_per_address != 0 && here != core_->sessions_by_address.end() &&
        here->second >= options.connections_per_address) {
        core_->counters.hit(Limit::connections_per_address);
        return refuse(429, "Too many connections from this address");
    }
    return std::nullopt;
}

std::shared_ptr<Session> Engine::open(Request request) {
    ++core_->sessions_by_address[request.remote_address];
    auto session = std::make_shared<Session>(*core_, std::move(request));
    core_->sessions.emplace(session->id(), session);
    core_->counters.sessions.add(1);
    session->start_heartbeat();
    return session;
}

// ---------------------------------------------------------------- polling

Task<Response> Engine::serve(Request const& request, Body& body) {
    if (request.method == "OPTIONS") co_return core_->origins.preflight(request);
    Response response = co_await serve_allowed(request, body);
    core_->origins.add_headers(request, response);
    co_return response;
}

Task<Response> Engine::serve_allowed(Request const& request, Body& body) {
    core_->deadlines.run_due();
    if (auto refused = refusal(request, Transport::polling)) co_return std::move(*refused);
    auto session = find(request);
    if (!session) {
        session = open(request);
        core_->counters.opened_by_polling.add();
        std::string hello = session->open_packet(true);
        core_->handler.opened(*session);
        co_return payload_response(std::move(hello));
    }
    if (request.method == "GET") {
        Response response = co_await session->poll();
        co_return response;
    }
    if (request.method == "POST") {
        Response response = co_await session->post(request, body);
        co_return response;
    }
    co_return refuse(500, "Method not supported");
}

// ---------------------------------------------------------------- WebSocket

void Engine::accept(TcpSocket socket, Request request, std::string buffered) {
    core_->deadlines.run_due();
    if (!prepare(socket, core_->options.socket_send_bytes)) return;
    auto refused = refusal(request, Transport::websocket);
    if (!refused && !is_websocket_handshake(request)) refused = refuse(Refusal::bad_request);
    if (refused) {
        std::ignore = try_send(socket.native_handle(), refused_upgrade(*refused));
        return close_gracefully(
            std::move(socket), core_->deadlines, core_->options.socket_close_timeout
        );
    }
    if (auto const session = find(request)) {
        return session->upgrade(std::move(socket), request, std::move(buffered));
    }
    auto const session = open(request);
    core_->counters.opened_by_websocket.add();
    session->open_websocket(std::move(socket), request, std::move(buffered));
}

// ---------------------------------------------------------------- the end

Task<> Engine::drain(std::chrono::milliseconds duration) {
    draining_ = true;
    auto const all = sessions();
    std::size_t const batch =
        std::max<std::size_t>(1, (all.size() + drain_batches - 1) / drain_batches);
    auto const gap = static_cast<std::uint64_t>(duration.count()) / drain_batches;
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i]->close(CloseReason::shutting_down);
        if ((i + 1) % batch != 0 || i + 1 == all.size()) continue;
        // Clients come back after about the same delay: the jitter keeps batches from meeting.
        std::chrono::milliseconds const pause{gap / 2 + random_below(gap + 1)};
        co_await sleep_for(pause);
    }
}

}  // namespace showrunner::engineio
