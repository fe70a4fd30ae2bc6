#include "socketio/socket.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "socketio/engine/counters.hpp"
#include "socketio/namespace.hpp"

#include <algorithm>

namespace showrunner::socketio {

namespace {

/// Calls the application; what it throws ends here, because the connection can go on.
template <typename Call>
void guarded(Socket const& socket, std::string_view what, Call const& call) {
    try {
        call();
    } catch (std::exception const& error) {
        log::error(
            "socketio_handler_failed",
            {{"nsp", socket.nsp().name()}, {"what", what}, {"error", error.what()}}
        );
    }
}

}  // namespace

struct Socket::PendingAck final : engineio::Deadline {
    PendingAck(Socket& owner, std::uint64_t number, Done callback)
        : socket{owner}, id{number}, done{std::move(callback)} {}

    void expire() override {
        auto const self = std::move(socket.acks_.extract(id).mapped());
        self->finish(std::nullopt);
    }

    void finish(std::optional<Reply> reply) {
        cancel();
        guarded(socket, "ack", [&] { done(std::move(reply)); });
    }

    Socket& socket;
    std::uint64_t id;
    Done done;
};

Socket::Socket(Namespace& nsp, std::shared_ptr<engineio::Session> session)
    : nsp_{nsp}, session_{std::move(session)}, id_{random_token(15)} {
    enter(nsp_.everyone_);
    nsp_.sockets_.emplace(id_, this);
}

Socket::~Socket() = default;

// ---------------------------------------------------------------- rooms

bool Socket::join(std::string_view room) {
    if (state_ == State::gone) return false;
    if (is_in(room)) return true;
    if (memberships_.size() > nsp_.shared_.options.rooms_per_socket) {
        nsp_.shared_.counters.hit(engineio::Limit::rooms);
        return false;
    }
    enter(nsp_.room(room));
    return true;
}

void Socket::enter(Room& room) {
    memberships_.push_back({&room, static_cast<std::uint32_t>(room.members.size())});
    room.members.push_back({state_ == State::live ? session_.get() : nullptr, this});
}

void Socket::leave(std::string_view room) {
    for (std::size_t i = 1; i < memberships_.size(); ++i) {
        if (memberships_[i].room->name == room) return leave_at(i);
    }
}

void Socket::leave_at(std::size_t membership) {
    auto const [room, index] = memberships_[membership];
    memberships_[membership] = memberships_.back();
    memberships_.pop_back();
    Member const last = room->members.back();
    room->members.pop_back();
    if (last.socket != this) {
        room->members[index] = last;
        for (Membership& moved : last.socket->memberships_) {
            if (moved.room == room) moved.index = index;
        }
    }
    nsp_.drop_if_empty(*room);
}

void Socket::leave_all() {
    while (!memberships_.empty()) leave_at(memberships_.size() - 1);
}

bool Socket::is_in(std::string_view room) const {
    return std::any_of(
        memberships_.begin() + (memberships_.empty() ? 0 : 1),
        memberships_.end(),
        [&](Membership const& membership) { return membership.room->name == room; }
    );
}

std::vector<std::string> Socket::rooms() const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < memberships_.size(); ++i) {
        names.push_back(memberships_[i].room->name);
    }
    return names;
}

// ---------------------------------------------------------------- sending

void Socket::send(MessagePtr const& message, std::uint64_t sequence) {
    switch (state_) {
        case State::live:
            return session_->send(message);
        case State::deciding:
            return hold(message, sequence);
        case State::gone:
            return;
    }
}

void Socket::hold(MessagePtr const& message, std::uint64_t sequence) {
    if (!session_->is_open()) return;
    held_bytes_ += message->size();
    std::size_t const limit = nsp_.shared_.options.engine.queue_bytes;
    if (limit != 0 && held_bytes_ > limit) {
        nsp_.shared_.counters.hit(engineio::Limit::queue_bytes);
        return session_->close_at_end_of_turn(engineio::CloseReason::slow_reader);
    }
    held_.push_back({message, sequence});
}

void Socket::emit(Outgoing const& event) {
    if (state_ == State::gone) return;
    nsp_.shared_.counters.sent.add();
    send(encode_event(nsp_.name(), event));
}

void Socket::emit_volatile(Outgoing const& event) {
    if (state_ != State::live) return;
    if (session_->send_volatile(encode_event(nsp_.name(), event))) nsp_.shared_.counters.sent.add();
}

void Socket::emit_with_ack(Outgoing event, std::chrono::milliseconds timeout, Done done) {
    if (state_ == State::gone) return done(std::nullopt);
    if (acks_.size() >= nsp_.shared_.options.pending_acks_per_socket) {
        nsp_.shared_.counters.hit(engineio::Limit::pending_acks);
        return done(std::nullopt);
    }
    event.id = nsp_.ack_ids_++;
    auto pending = std::make_unique<PendingAck>(*this, *event.id, std::move(done));
    nsp_.shared_.deadlines.arm(*pending, timeout);
    acks_.emplace(*event.id, std::move(pending));
    emit(event);
}

void Acknowledge::operator()(std::string_view arguments, std::span<std::string const> attachments) {
    auto const socket = socket_.lock();
    auto const id = std::exchange(id_, std::nullopt);
    if (!socket || !id) return;
    Outgoing ack{.name = {}, .arguments = arguments, .attachments = attachments};
    ack.id = *id;
    socket->send(encode_ack(socket->nsp_.name(), ack));
}

// ---------------------------------------------------------------- life

void Socket::admit(Admission admission) {
    if (state_ != State::deciding || !session_->is_open()) return;
    if (!admission.sid.empty() && admission.sid != id_) {
        // The network has not noticed yet that the old connection is dead, but its client has.
        if (auto const old = nsp_.find(admission.sid)) old->close_connection();
        nsp_.sockets_.erase(id_);
        id_ = std::move(admission.sid);
        nsp_.sockets_.emplace(id_, this);
    }
    pid_ = std::move(admission.pid);
    state_ = State::live;
    for (Membership const& membership : memberships_) {
        membership.room->members[membership.index].live = session_.get();
    }
    // Before what was missed, unlike the reference: its client keeps events that come earlier for
    // later, does not count them as received, and would have them twice if it is cut off meanwhile.
    session_->send(encode_connected(nsp_.name(), id_, pid_));
    for (MessagePtr const& missed : admission.replay) session_->send_beyond_limit(missed);
    for (auto const& [message, sequence] : std::exchange(held_, {})) {
        bool const replayed = sequence != 0 && sequence <= admission.replayed_through;
        if (!replayed) session_->send(message);
    }
    held_bytes_ = 0;
    guarded(*this, "connected", [&] { nsp_.handler_.connected(*this); });
}

void Socket::refuse(Refusal const& refusal) {
    if (state_ != State::deciding) return;
    session_->send(encode_connect_error(nsp_.name(), refusal.message, refusal.data));
    end({"refused", false});
}

void Socket::disconnect() {
    if (state_ != State::live) return;
    session_->send(encode_disconnect(nsp_.name()));
    end({"server namespace disconnect", false});
}

void Socket::close_connection() {
    session_->close(engineio::CloseReason::forced_close);
}

void Socket::end(Disconnection how) {
    if (state_ == State::gone) return;
    auto const self = shared_from_this();
    bool const was_live = std::exchange(state_, State::gone) == State::live;
    nsp_.sockets_.erase(id_);
    held_.clear();
    if (was_live) {
        guarded(*this, "disconnected", [&] { nsp_.handler_.disconnected(*this, how); });
    }
    leave_all();
    finish_acks();
}

void Socket::finish_acks() {
    for (auto& [id, pending] : std::exchange(acks_, {})) {
        pending->finish(std::nullopt);
    }
}

// ---------------------------------------------------------------- receiving

void Socket::on_packet(Packet packet, std::vector<std::string> attachments) {
    if (packet.type == PacketType::ack || packet.type == PacketType::binary_ack) {
        return on_ack(std::move(packet), std::move(attachments));
    }
    Event event{
        .name = std::move(packet.name),
        .arguments = std::move(packet.arguments),
        .arguments_text = std::move(packet.arguments_text),
        .attachments = std::move(attachments),
        .acknowledge = {},
    };
    if (packet.id) event.acknowledge = Acknowledge{weak_from_this(), *packet.id};
    std::string const name = event.name;
    guarded(*this, name, [&] { nsp_.handler_.received(*this, std::move(event)); });
}

void Socket::on_ack(Packet packet, std::vector<std::string> attachments) {
    auto const found = acks_.find(*packet.id);
    if (found == acks_.end()) return;  // Late, or made up.
    auto const pending = std::move(acks_.extract(found).mapped());
    pending->cancel();
    pending->done(
        Reply{std::move(packet.arguments), std::move(packet.arguments_text), std::move(attachments)}
    );
}

}  // namespace showrunner::socketio
