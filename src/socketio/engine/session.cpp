#include "socketio/engine/session.hpp"

#include "base/id.hpp"
#include "socketio/engine/core.hpp"
#include "socketio/engine/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace showrunner::engineio {

namespace {

/// Of no use to an application, and better not kept in memory for every client.
constexpr std::array transport_headers{
    std::string_view{"Connection"},
    std::string_view{"Upgrade"},
    std::string_view{"Sec-WebSocket-Key"},
    std::string_view{"Sec-WebSocket-Version"},
    std::string_view{"Sec-WebSocket-Extensions"},
    std::string_view{"Sec-WebSocket-Protocol"},
    std::string_view{"Accept-Encoding"},
    std::string_view{"Cache-Control"},
    std::string_view{"Pragma"},
};

Request without_transport_headers(Request request) {
    std::erase_if(request.headers, [](auto const& field) {
        return std::any_of(
            transport_headers.begin(),
            transport_headers.end(),
            [&](std::string_view name) { return equal_without_case(field.first, name); }
        );
    });
    request.headers.shrink_to_fit();
    request.query.shrink_to_fit();
    return request;
}

}  // namespace

Session::Session(Core& core, Request handshake)
    : core_{core},
      tokens_{static_cast<float>(core.options.messages_burst)},
      tokens_at_{std::chrono::steady_clock::now()},
      opened_at_{tokens_at_},
      id_{random_token(15)},
      handshake_{without_transport_headers(std::move(handshake))} {}

Session::~Session() {
    if (probe_) probe_->close();
}

std::string Session::open_packet(bool can_upgrade) const {
    Options const& options = core_.options;
    return fmt::format(
        R"(0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}})",
        id_,
        can_upgrade ? R"("websocket")" : "",
        options.ping_interval.count(),
        options.ping_timeout.count(),
        options.max_payload
    );
}

// ---------------------------------------------------------------- heartbeat

void Session::start_heartbeat() {
    awaiting_pong_ = false;
    core_.deadlines.arm(*this, core_.options.ping_interval);
}

void Session::on_pong() {
    // An answer to no ping would put the next ping off, and with it the end of a dead client.
    if (awaiting_pong_) start_heartbeat();
}

void Session::expire() {
    auto const self = shared_from_this();
    if (state_ == State::closing) return forget();
    if (awaiting_pong_) return close(CloseReason::ping_timeout);
    awaiting_pong_ = true;
    core_.deadlines.arm(*this, core_.options.ping_timeout);
    send(core_.ping);
}

// ---------------------------------------------------------------- receiving

void Session::on_packet(Packet const& received) {
    switch (received.type) {
        case PacketType::message:
            return on_message(received.kind, received.data);
        case PacketType::pong:
            return on_pong();
        case PacketType::close:
            says_goodbye_ = true;
            return close(CloseReason::transport_close);
        case PacketType::ping:  // Only the server pings in version 4.
            says_goodbye_ = true;
            return close(CloseReason::transport_error);
        case PacketType::open:
        case PacketType::upgrade:
        case PacketType::noop:
            return;
    }
}

void Session::on_message(Kind kind, std::string_view bytes) {
    core_.counters.received.add();
    if (!take_token()) {
        core_.counters.hit(Limit::messages_per_second);
        return close(CloseReason::too_fast);
    }
    core_.handler.received(*this, kind, bytes);
}

bool Session::take_token() {
    Options const& options = core_.options;
    if (options.messages_per_second == 0) return true;
    if (tokens_ < 1) {
        auto const now = std::chrono::steady_clock::now();
        std::chrono::duration<float> const elapsed = now - tokens_at_;
        tokens_at_ = now;
        tokens_ = std::min(
            tokens_ + elapsed.count() * static_cast<float>(options.messages_per_second),
            static_cast<float>(options.messages_burst)
        );
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

// ---------------------------------------------------------------- sending

void Session::send(MessagePtr const& message) {
    // Only a socket with nothing queued that was not written to in this turn is written to at once.
    if (ready_descriptor_ < 0 || turn_ == core_.turns.current()) return enqueue(message, 0);
    turn_ = core_.turns.current();
    core_.turns.note();
    auto const sent = try_send(ready_descriptor_, message->frames());
    if (!sent) return close_at_end_of_turn(CloseReason::transport_error);
    if (*sent < message->size()) enqueue(message, *sent);
}

bool Session::send_volatile(MessagePtr const& message) {
    bool const ready = transport_ == Transport::websocket ? !blocked_ : poll_ != nullptr;
    if (state_ != State::open || !ready || upgrading_) {
        core_.counters.dropped_volatile.add();
        return false;
    }
    send(message);
    return true;
}

void Session::send_beyond_limit(MessagePtr const& message) {
    beyond_limit_ += message->size();
    send(message);
}

void Session::enqueue(MessagePtr const& message, std::size_t sent) {
    if (state_ != State::open) return;
    bool const first = outbox_.empty();
    outbox_.push(message, sent);
    std::size_t const limit = core_.options.queue_bytes;
    // A single message may be of any size: it is what piles up that has a limit.
    if (limit != 0 && !first && outbox_.bytes() > limit + beyond_limit_) {
        if (transport_ == Transport::websocket && !blocked_) flush_to_websocket();
        if (outbox_.bytes() > limit + beyond_limit_) {
            core_.counters.hit(Limit::queue_bytes);
            return close_at_end_of_turn(CloseReason::slow_reader);
        }
    }
    if (sent > 0 || blocked_ || flush_scheduled_ || outbox_.empty()) {
        if (sent > 0 && !blocked_) await_writable();
        return;
    }
    ready_descriptor_ = -1;
    flush_scheduled_ = true;
    core_.turns.flush_at_end(shared_from_this());
}

void Session::flush() {
    flush_scheduled_ = false;
    if (state_ != State::open || outbox_.empty()) return;
    if (transport_ == Transport::websocket) {
        if (!blocked_) flush_to_websocket();
    } else {
        flush_to_poll();
    }
}

// ---------------------------------------------------------------- the end

void Session::close_at_end_of_turn(CloseReason reason) {
    if (state_ != State::open) return;
    state_ = State::doomed;
    ready_descriptor_ = -1;
    core_.turns.close_at_end(shared_from_this(), reason);
}

void Session::close(CloseReason reason) {
    if (state_ != State::open && state_ != State::doomed) return;
    auto const self = shared_from_this();
    state_ = State::closed;
    ready_descriptor_ = -1;
    cancel();
    if (probe_) std::exchange(probe_, nullptr)->close();
    upgrading_ = false;
    core_.counters.closed(reason);
    if (transport_ == Transport::websocket) {
        close_websocket(reason);
        forget();
    } else {
        close_polling(reason);
    }
    core_.handler.closed(*this, reason);
}

void Session::forget() {
    state_ = State::closed;
    outbox_.clear();
    if (core_.sessions.erase(id_) == 0) return;
    core_.counters.sessions.add(-1);
    auto const address = core_.sessions_by_address.find(handshake_.remote_address);
    if (address != core_.sessions_by_address.end() && --address->second == 0) {
        core_.sessions_by_address.erase(address);
    }
}

}  // namespace showrunner::engineio
