// The product's side of the Socket.IO server: who may connect, what each client hears, how it goes
// on from where it was. docs/realtime.md is the contract.
#pragma once

#include "api/services.hpp"
#include "api/snapshot.hpp"
#include "base/metrics.hpp"
#include "events/live.hpp"
#include "events/stream.hpp"
#include "realtime/pass.hpp"
#include "realtime/recent.hpp"
#include "realtime/seat.hpp"
#include "socketio/server.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::realtime {

class Hub final : public socketio::Handler, public events::Live {
public:
    Hub(asio::any_io_executor executor,
        socketio::Server& server,
        std::vector<api::SnapshotSource> snapshots,
        std::size_t connections_per_user,
        metrics::Registry& registry);

    /// Before serving: the services (which refer back to the hub), and where the ledger ends.
    Task<> start(api::Services& services, events::Offset position);

    /// Everything that was appended to the ledger, in order: sent to whom it concerns.
    void publish(std::vector<events::EventPtr> const& events);

    void send_to_user(std::string_view user_id, std::string_view name, std::string_view payload)
        override;
    void send_to_record(
        std::optional<std::string_view> show_id,
        std::string_view resource_type,
        std::string_view resource_id,
        std::string_view name,
        std::string_view payload
    ) override;

    /// Closes connections whose token has expired; until cancelled.
    Task<> expire();

    [[nodiscard]] socketio::Server& server() { return server_; }

    [[nodiscard]] std::vector<std::shared_ptr<socketio::Socket>> sockets() const;

    /// Replay after a reconnect is bounded: beyond, the client is told to fetch again.
    static constexpr std::size_t replay_events_max = 2000;
    static constexpr std::size_t replay_bytes_max = 4 * 1024 * 1024;
    static constexpr int replay_scan_max = 10'000;
    static constexpr std::chrono::hours resume_within{24};

private:
    void send_to(
        std::vector<std::string> const& rooms, std::string_view name, std::string_view payload
    );
    Task<socketio::Admission> connect(
        std::shared_ptr<socketio::Socket> socket, socketio::ConnectRequest request
    ) override;
    void connected(socketio::Socket& socket) override;
    void received(socketio::Socket& socket, socketio::Event event) override;
    void disconnected(socketio::Socket& socket, socketio::Disconnection how) override;

    Task<auth::Principal> authenticate(boost::json::object const& auth) const;
    void join_rooms(socketio::Socket& socket);
    void let_expire(std::shared_ptr<socketio::Socket> const& socket);

    /// Fills the admission for a client that comes back; false when it must fetch again.
    Task<bool> resume(
        std::shared_ptr<socketio::Socket> socket,
        socketio::ResumeRequest request,
        socketio::Admission& admission
    );
    Task<bool> replay(
        socketio::Socket& socket, events::Offset after, socketio::Admission& admission
    );
    Task<bool> read_missed(
        events::Offset after, events::Offset through, std::vector<events::EventPtr>& missed
    );

    Task<> handle(std::shared_ptr<socketio::Socket> socket, socketio::Event event);
    Task<std::string> answer(
        std::shared_ptr<socketio::Socket> socket, std::string name, boost::json::array arguments
    );
    Task<std::string> subscribe(
        std::shared_ptr<socketio::Socket> socket, std::string type, std::string id
    );

    void send_event(events::StoredEvent const& event, std::uint64_t sequence);
    void send_message(events::StoredEvent const& event, std::uint64_t sequence);
    void apply(events::StoredEvent const& event);
    Task<> reseat_sockets(std::string user_id);

    asio::any_io_executor executor_;
    socketio::Server& server_;
    std::vector<socketio::Namespace*> namespaces_;
    std::vector<api::SnapshotSource> snapshots_;
    std::size_t connections_per_user_;  ///< 0: no limit
    api::Services* services_ = nullptr;
    std::vector<std::string> show_ids_;  ///< of every show, kept true by the ledger
    Recent recent_;
    std::multimap<Time, std::weak_ptr<socketio::Socket>> expiries_;
    metrics::Counter& resumed_;
    metrics::Counter& not_resumed_;
    metrics::Counter& replayed_;
    metrics::Counter& refused_;
};

/// The rooms that an event is for, by its catalogue entry.
[[nodiscard]] std::vector<std::string> rooms_of(
    events::StoredEvent const& event, events::Spec const& spec
);

}  // namespace showrunner::realtime
