#include "socketio/engine/probe.hpp"

#include "socketio/engine/core.hpp"
#include "socketio/engine/session.hpp"

namespace showrunner::engineio {

Probe::Probe(Core& core, Session& session, TcpSocket socket)
    : core_{core}, session_{&session}, websocket_{std::move(socket), core.options.max_payload} {}

void Probe::start(std::string buffered) {
    core_.deadlines.arm(*this, core_.options.upgrade_timeout);
    if (!buffered.empty()) consume(websocket_.reader.begin(buffered));
    wait();
}

void Probe::close() {
    session_ = nullptr;
    cancel();
    close_gracefully(
        std::move(websocket_.socket), core_.deadlines, core_.options.socket_close_timeout
    );
}

void Probe::expire() {
    fail();
}

void Probe::fail() {
    auto const self = shared_from_this();
    Session* const session = session_;
    close();
    if (session != nullptr) session->on_probe_failed();
}

void Probe::wait() {
    if (session_ == nullptr) return;
    websocket_.socket.async_wait(
        TcpSocket::wait_read,
        [self = shared_from_this()](boost::system::error_code error) {
            if (!error && self->session_ != nullptr) self->on_readable();
        }
    );
}

void Probe::on_readable() {
    std::span<char> input;
    switch (websocket_.receive(core_.read_buffer, input)) {
        case WebSocket::Read::some:
            consume(input);
            return wait();
        case WebSocket::Read::nothing:
            return wait();
        case WebSocket::Read::closed:
        case WebSocket::Read::failed:
            return fail();
    }
}

void Probe::consume(std::span<char> input) {
    for (;;) {
        auto const step = websocket_.reader.next(input);
        if (step == FrameReader::Step::failed) return fail();
        if (step == FrameReader::Step::need_more) break;
        if (on_frame(websocket_.reader.opcode(), websocket_.reader.data()) == Next::stop) break;
    }
    if (session_ == nullptr) return;
    // Frames that follow the upgrade stay with the reader; the session goes on with them.
    websocket_.reader.keep(input);
    if (!upgraded_) return;
    cancel();
    auto const session = std::exchange(session_, nullptr)->shared_from_this();
    session->finish_upgrade(std::move(websocket_));
}

Probe::Next Probe::on_frame(Opcode opcode, std::string_view data) {
    switch (opcode) {
        case Opcode::text:
            return on_text(data);
        case Opcode::ping:
            if (reply(Opcode::pong, data)) return Next::go_on;
            break;
        case Opcode::pong:
            return Next::go_on;
        case Opcode::binary:
        case Opcode::close:
        case Opcode::continuation:
            break;
    }
    fail();
    return Next::stop;
}

Probe::Next Probe::on_text(std::string_view text) {
    if (text == "2probe" && !probed_ && reply(Opcode::text, "3probe")) {
        probed_ = true;
        session_->on_probed();
        return Next::go_on;
    }
    if (text == "5" && probed_) {
        upgraded_ = true;
    } else {
        fail();
    }
    return Next::stop;
}

bool Probe::reply(Opcode opcode, std::string_view payload) {
    std::string frame;
    append_frame(frame, opcode, payload);
    // A few bytes on a fresh connection always fit; if not, it is no transport to upgrade to.
    return try_send(websocket_.socket.native_handle(), frame) == frame.size();
}

}  // namespace showrunner::engineio
