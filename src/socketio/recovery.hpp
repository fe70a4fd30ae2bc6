// Connection state recovery for servers that keep their events in memory: a client that lost its
// connection for a moment gets its id, its rooms and the events that it missed.
#pragma once

#include "socketio/handler.hpp"
#include "socketio/packet.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace showrunner::socketio {

class Namespace;
class Socket;

class MemoryRecovery {
public:
    struct Limits {
        std::chrono::milliseconds away_max{120'000};  ///< how long a client may be gone
        std::size_t events = 100'000;                 ///< kept, of all rooms together
        std::size_t bytes = 64 * 1024 * 1024;         ///< of the same
        std::size_t rooms = 100'000;                  ///< with a log, of sockets too
        std::size_t sessions = 20'000;                ///< of clients, here or away
        std::size_t replay_events = 10'000;           ///< beyond: the client must refetch
        std::size_t replay_bytes = 4 * 1024 * 1024;   ///< beyond: the same
    };

    explicit MemoryRecovery(Limits limits);
    ~MemoryRecovery();

    /// For Handler::connect: resumes the client's session, or begins one.
    Admission admit(Socket& socket, ConnectRequest const& request);

    /// For Handler::disconnected: remembers the session when it may come back.
    void disconnected(Socket& socket, Disconnection how);

    /// As Namespace::broadcast and Socket::emit, kept for those who miss it.
    void broadcast(Namespace& nsp, std::span<std::string const> rooms, Outgoing const& event);
    void emit(Socket& socket, Outgoing const& event);

    /// The position of the latest event. Give it as `offset` to volatile events, and to those that
    /// want an ack, when their last argument is a string: a client takes any such string for an
    /// offset.
    [[nodiscard]] std::string offset() const { return offset_of(last_); }

private:
    using Sequence = std::uint64_t;

    struct Entry {
        std::vector<std::string> rooms;
        MessagePtr message;
    };

    /// What is known of one room's events.
    struct Log {
        std::deque<Sequence> events;
        Sequence dropped = 0;  ///< the latest one that is no longer kept
    };

    struct Session {
        std::string nsp;
        std::string sid;
        std::vector<std::string> rooms;
        Sequence position;  ///< of the stream when the client connected
        std::optional<std::chrono::steady_clock::time_point> away_since = {};
    };

    [[nodiscard]] std::string offset_of(Sequence sequence) const;
    [[nodiscard]] std::optional<Sequence> sequence_of(std::string_view offset) const;
    std::optional<Admission> resume(Socket& socket, ResumeRequest const& request);
    [[nodiscard]] std::optional<std::vector<MessagePtr>> missed(
        Session const& session, Sequence after
    ) const;
    Sequence keep(std::vector<std::string> rooms, MessagePtr const& message);
    void drop_oldest();
    void forget_empty_logs();
    void forget_expired();

    Limits const limits_;
    std::string const epoch_;  ///< offsets of another run mean nothing here
    Sequence last_ = 0;
    Sequence forgotten_ = 0;  ///< rooms that are not known any more dropped nothing after this
    std::size_t bytes_ = 0;
    std::deque<Entry> entries_;  ///< the last of them is number last_
    std::unordered_map<std::string, Log> logs_;
    std::unordered_map<std::string, Session> sessions_;  ///< by pid
    std::deque<std::string> away_;                       ///< pids, longest away first
};

}  // namespace showrunner::socketio
