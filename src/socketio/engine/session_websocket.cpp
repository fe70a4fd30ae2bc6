// Session on a WebSocket, and on its way there.
#include "socketio/engine/core.hpp"
#include "socketio/engine/handshake.hpp"
#include "socketio/engine/probe.hpp"
#include "socketio/engine/session.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace showrunner::engineio {

void Session::open_websocket(TcpSocket socket, Request const& request, std::string buffered) {
    transport_ = Transport::websocket;
    websocket_.emplace(std::move(socket), core_.options.max_payload);
    std::string greeting = switching_protocols(request);
    append_frame(greeting, Opcode::text, open_packet(false));
    int const descriptor = websocket_->socket.native_handle();
    bool const sent = try_send(descriptor, greeting) == greeting.size();
    ready_descriptor_ = descriptor;
    core_.handler.opened(*this);
    if (!sent) return close(CloseReason::transport_error);
    if (is_open() && !buffered.empty()) consume(websocket_->reader.begin(buffered));
    if (is_open()) await_readable();
}

// ---------------------------------------------------------------- upgrade

void Session::upgrade(TcpSocket socket, Request const& request, std::string buffered) {
    std::string answer = switching_protocols(request);
    bool const possible = state_ == State::open && transport_ == Transport::polling && !probe_;
    if (!possible) answer += close_frame(CloseCode::none);
    bool const sent = try_send(socket.native_handle(), answer) == answer.size();
    if (!possible || !sent) {
        return close_gracefully(
            std::move(socket), core_.deadlines, core_.options.socket_close_timeout
        );
    }
    probe_ = std::make_shared<Probe>(core_, *this, std::move(socket));
    auto const probe = probe_;
    probe->start(std::move(buffered));
}

void Session::on_probed() {
    // The client waits for its poll to end before it sends the upgrade packet.
    upgrading_ = true;
    answer_poll("6");
}

void Session::on_probe_failed() {
    probe_.reset();
    upgrading_ = false;
    flush();
}

void Session::finish_upgrade(WebSocket websocket) {
    probe_.reset();
    upgrading_ = false;
    answer_poll("6");
    core_.counters.upgrades.add();
    transport_ = Transport::websocket;
    websocket_.emplace(std::move(websocket));
    if (outbox_.empty()) {
        ready_descriptor_ = websocket_->socket.native_handle();
    } else {
        flush_to_websocket();
    }
    consume(websocket_->reader.begin({}));
    if (is_open()) await_readable();
}

// ---------------------------------------------------------------- reading

void Session::await_readable() {
    websocket_->socket.async_wait(
        TcpSocket::wait_read,
        [self = shared_from_this()](boost::system::error_code error) {
            if (!error && self->state_ == State::open) self->on_readable();
        }
    );
}

void Session::on_readable() {
    std::span<char> input;
    switch (websocket_->receive(core_.read_buffer, input)) {
        case WebSocket::Read::some:
            consume(input);
            break;
        case WebSocket::Read::nothing:
            break;
        case WebSocket::Read::closed:
            return close(CloseReason::transport_close);
        case WebSocket::Read::failed:
            return close(CloseReason::transport_error);
    }
    if (is_open()) await_readable();
}

void Session::consume(std::span<char> input) {
    FrameReader& reader = websocket_->reader;
    while (is_open()) {
        auto const step = reader.next(input);
        if (step == FrameReader::Step::need_more) break;
        if (step == FrameReader::Step::failed) {
            if (reader.failure() == CloseCode::too_big) core_.counters.hit(Limit::payload_bytes);
            close_code_ = reader.failure();
            says_goodbye_ = true;
            return close(CloseReason::transport_error);
        }
        on_frame(reader.opcode(), reader.data());
    }
    reader.keep(input);
}

void Session::on_frame(Opcode opcode, std::string_view bytes) {
    switch (opcode) {
        case Opcode::text: {
            auto const received = parse_packet(bytes);
            return received ? on_packet(*received) : close(CloseReason::parse_error);
        }
        case Opcode::binary:
            return on_message(Kind::binary, bytes);
        case Opcode::ping: {
            std::string pong;
            append_frame(pong, Opcode::pong, bytes);
            return send(MessagePtr{new Message{std::move(pong)}});
        }
        case Opcode::close:
            close_code_ = websocket_->reader.close_code();
            says_goodbye_ = true;
            return close(CloseReason::transport_close);
        case Opcode::pong:
        case Opcode::continuation:
            return;
    }
}

// ---------------------------------------------------------------- writing

void Session::flush_to_websocket() {
    int const descriptor = websocket_->socket.native_handle();
    while (!outbox_.empty()) {
        std::array<iovec, 256> vectors{};
        msghdr header{};
        header.msg_iov = vectors.data();
        header.msg_iovlen = outbox_.gather(vectors);
        ssize_t const n = ::sendmsg(descriptor, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return await_writable();
        if (n < 0) return close_at_end_of_turn(CloseReason::transport_error);
        outbox_.consume(static_cast<std::size_t>(n));
    }
    beyond_limit_ = 0;
    ready_descriptor_ = descriptor;
    turn_ = core_.turns.current();
    core_.turns.note();
}

void Session::await_writable() {
    blocked_ = true;
    ready_descriptor_ = -1;
    websocket_->socket.async_wait(
        TcpSocket::wait_write,
        [self = shared_from_this()](boost::system::error_code error) {
            self->blocked_ = false;
            if (!error) self->flush();
        }
    );
}

void Session::close_websocket(CloseReason reason) {
    WebSocket& websocket = *websocket_;
    bool const is_broken =
        reason == CloseReason::transport_close || reason == CloseReason::transport_error;
    if (reason == CloseReason::slow_reader || (is_broken && !says_goodbye_)) {
        return close_abruptly(websocket.socket);
    }
    if (!outbox_.empty() && !blocked_) flush_to_websocket();
    ready_descriptor_ = -1;
    if (outbox_.empty()) {
        std::ignore = try_send(websocket.socket.native_handle(), close_frame(close_code_));
    }
    close_gracefully(
        std::move(websocket.socket), core_.deadlines, core_.options.socket_close_timeout
    );
}

}  // namespace showrunner::engineio
