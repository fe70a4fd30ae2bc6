#include "socketio/recovery.hpp"

#include "base/id.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace showrunner::socketio {

namespace {

constexpr char offset_separator = '.';

/// Keys of logs: no two namespaces, and no room and no socket, share one.
std::string everyone_in(std::string_view nsp) {
    return fmt::format("{}\n", nsp);
}

std::string room_in(std::string_view nsp, std::string_view room) {
    return fmt::format("{}\nroom {}", nsp, room);
}

std::string socket_in(std::string_view nsp, std::string_view sid) {
    return fmt::format("{}\nsocket {}", nsp, sid);
}

}  // namespace

MemoryRecovery::MemoryRecovery(Limits limits) : limits_{limits}, epoch_{random_token(6)} {}

MemoryRecovery::~MemoryRecovery() = default;

std::string MemoryRecovery::offset_of(Sequence sequence) const {
    return fmt::format("{}{}{}", epoch_, offset_separator, sequence);
}

std::optional<MemoryRecovery::Sequence> MemoryRecovery::sequence_of(std::string_view offset) const {
    if (!offset.starts_with(epoch_)) return std::nullopt;
    offset.remove_prefix(epoch_.size());
    if (!offset.starts_with(offset_separator)) return std::nullopt;
    offset.remove_prefix(1);
    Sequence sequence = 0;
    auto const [end, error] =
        std::from_chars(offset.data(), offset.data() + offset.size(), sequence);
    bool const whole = error == std::errc{} && end == offset.data() + offset.size();
    return whole && sequence <= last_ ? std::optional{sequence} : std::nullopt;
}

// ---------------------------------------------------------------- sessions

Admission MemoryRecovery::admit(Socket& socket, ConnectRequest const& request) {
    forget_expired();
    if (request.resume) {
        if (auto resumed = resume(socket, *request.resume)) return std::move(*resumed);
    }
    Admission admission;
    if (sessions_.size() >= limits_.sessions) return admission;
    admission.pid = random_token(18);
    admission.sid = socket.id();
    sessions_.emplace(admission.pid, Session{socket.nsp().name(), socket.id(), {}, last_});
    return admission;
}

std::optional<Admission> MemoryRecovery::resume(Socket& socket, ResumeRequest const& request) {
    auto const found = sessions_.find(request.pid);
    if (found == sessions_.end() || found->second.nsp != socket.nsp().name()) return std::nullopt;
    Session& session = found->second;
    if (!session.away_since) {
        // Its client is here again, so the old connection is dead: closing it saves its rooms.
        auto const old = socket.nsp().find(session.sid);
        if (old) old->close_connection();
    }
    // Having received nothing, the client has no offset: it goes on from where it connected.
    std::optional const after =
        request.offset.empty() ? std::optional{session.position} : sequence_of(request.offset);
    if (!session.away_since || !after || *after < session.position) return std::nullopt;
    auto events = missed(session, *after);
    if (!events) return std::nullopt;
    session.away_since.reset();
    std::erase(away_, request.pid);
    Admission admission{.sid = session.sid, .pid = request.pid, .replay = std::move(*events)};
    admission.replayed_through = last_;
    for (std::string const& room : session.rooms) socket.join(room);
    return admission;
}

void MemoryRecovery::disconnected(Socket& socket, Disconnection how) {
    auto const found = sessions_.find(socket.pid());
    if (found == sessions_.end()) return;
    if (!how.may_resume) {
        sessions_.erase(found);
        return;
    }
    found->second.rooms = socket.rooms();
    found->second.away_since = std::chrono::steady_clock::now();
    away_.push_back(socket.pid());
}

void MemoryRecovery::forget_expired() {
    auto const oldest = std::chrono::steady_clock::now() - limits_.away_max;
    while (!away_.empty()) {
        auto const found = sessions_.find(away_.front());
        if (found != sessions_.end() && found->second.away_since > oldest) return;
        if (found != sessions_.end()) sessions_.erase(found);
        away_.pop_front();
    }
}

// ---------------------------------------------------------------- events

std::optional<std::vector<MessagePtr>> MemoryRecovery::missed(
    Session const& session, Sequence after
) const {
    if (after < forgotten_) return std::nullopt;
    std::vector<std::string> keys{everyone_in(session.nsp), socket_in(session.nsp, session.sid)};
    for (std::string const& room : session.rooms) keys.push_back(room_in(session.nsp, room));
    std::vector<Sequence> sequences;
    for (std::string const& key : keys) {
        auto const found = logs_.find(key);
        if (found == logs_.end()) continue;
        Log const& log = found->second;
        // Events of other rooms may be gone for long without this client having missed anything.
        if (log.dropped > after) return std::nullopt;
        auto const first = std::upper_bound(log.events.begin(), log.events.end(), after);
        sequences.insert(sequences.end(), first, log.events.end());
    }
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    if (sequences.size() > limits_.replay_events) return std::nullopt;
    std::vector<MessagePtr> messages;
    messages.reserve(sequences.size());
    std::size_t bytes = 0;
    Sequence const oldest = last_ - entries_.size() + 1;
    for (Sequence const sequence : sequences) {
        messages.push_back(entries_[sequence - oldest].message);
        bytes += messages.back()->size();
    }
    if (bytes > limits_.replay_bytes) return std::nullopt;
    return messages;
}

void MemoryRecovery::broadcast(
    Namespace& nsp, std::span<std::string const> rooms, Outgoing const& event
) {
    Outgoing kept = event;
    std::string const offset = offset_of(last_ + 1);
    kept.offset = offset;
    auto const message = encode_event(nsp.name(), kept);
    std::vector<std::string> keys;
    for (std::string const& room : rooms) keys.push_back(room_in(nsp.name(), room));
    if (rooms.empty()) keys.push_back(everyone_in(nsp.name()));
    Sequence const sequence = keep(std::move(keys), message);
    nsp.broadcast(rooms, message, {.sequence = sequence});
}

void MemoryRecovery::emit(Socket& socket, Outgoing const& event) {
    if (socket.is_gone() || socket.pid().empty()) return socket.emit(event);
    Outgoing kept = event;
    std::string const offset = offset_of(last_ + 1);
    kept.offset = offset;
    auto const message = encode_event(socket.nsp().name(), kept);
    std::vector<std::string> keys{socket_in(socket.nsp().name(), socket.id())};
    Sequence const sequence = keep(std::move(keys), message);
    socket.send(message, sequence);
}

MemoryRecovery::Sequence MemoryRecovery::keep(
    std::vector<std::string> rooms, MessagePtr const& message
) {
    ++last_;
    for (std::string const& room : rooms) logs_[room].events.push_back(last_);
    bytes_ += message->size();
    entries_.push_back({std::move(rooms), message});
    while (entries_.size() > limits_.events || bytes_ > limits_.bytes) drop_oldest();
    return last_;
}

void MemoryRecovery::drop_oldest() {
    Sequence const oldest = last_ - entries_.size() + 1;
    Entry const& entry = entries_.front();
    bytes_ -= entry.message->size();
    for (std::string const& room : entry.rooms) {
        Log& log = logs_[room];
        log.events.pop_front();
        log.dropped = oldest;
    }
    entries_.pop_front();
    if (logs_.size() > limits_.rooms) forget_empty_logs();
}

/// Rooms whose events are all gone are remembered for what was dropped from them, within bounds:
/// beyond, whoever has been away longer than the latest of them must refetch.
void MemoryRecovery::forget_empty_logs() {
    std::erase_if(logs_, [&](auto const& item) {
        bool const empty = item.second.events.empty();
        if (empty) forgotten_ = std::max(forgotten_, item.second.dropped);
        return empty;
    });
}

}  // namespace showrunner::socketio
