// Session on HTTP long-polling.
#include "socketio/engine/core.hpp"
#include "socketio/engine/held_poll.hpp"
#include "socketio/engine/responses.hpp"
#include "socketio/engine/session.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace showrunner::engineio {

Task<Response> Session::poll() {
    auto const self = shared_from_this();
    if (state_ == State::closing) {
        std::string last = outbox_.take_payload();
        cancel();
        forget();
        co_return payload_response(std::move(last));
    }
    if (poll_ != nullptr) {
        close(CloseReason::overlap);
        co_return refuse(Refusal::bad_request);
    }
    if (upgrading_) co_return payload_response("6");
    if (!outbox_.empty()) {
        beyond_limit_ = 0;
        co_return payload_response(outbox_.take_payload());
    }
    if (core_.options.pending_polls != 0 && core_.pending_polls >= core_.options.pending_polls) {
        core_.counters.hit(Limit::pending_polls);
        co_return refuse(503, "Too many polls");
    }
    auto const executor = co_await asio::this_coro::executor;
    HeldPoll held{self, core_.shared_from_this(), executor};
    co_await held.wake.async_wait(as_result);
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none || !held.payload) {
        close(CloseReason::transport_close);
        throw boost::system::system_error{asio::error::operation_aborted};
    }
    co_return payload_response(std::move(*held.payload));
}

Task<Response> Session::post(Request const& request, Body& body) {
    auto const self = shared_from_this();
    if (posting_) {
        close(CloseReason::overlap);
        co_return refuse(Refusal::bad_request);
    }
    if (equal_without_case(request.header("Content-Type"), "application/octet-stream")) {
        close(CloseReason::transport_error);
        co_return refuse(Refusal::bad_request);
    }

    struct Posting {
        Session& session;

        ~Posting() { session.posting_ = false; }
    } const posting{*this};

    posting_ = true;
    std::string const text = co_await body.read();
    if (!is_open()) co_return refuse(Refusal::unknown_session);
    if (transport_ != Transport::polling) co_return refuse(Refusal::bad_request);
    if (text.size() > core_.options.max_payload) {
        core_.counters.hit(Limit::payload_bytes);
        co_return refuse(413, "Payload too large");
    }
    auto const payload = Payload::parse(text);
    if (!payload) {
        close(CloseReason::parse_error);
        co_return refuse(Refusal::bad_request);
    }
    for (Packet const& received : payload->packets()) {
        if (is_open()) on_packet(received);
    }
    co_return ok_response();
}

void Session::answer_poll(std::string payload) {
    if (poll_ == nullptr) return;
    HeldPoll* const held = std::exchange(poll_, nullptr);
    held->payload = std::move(payload);
    held->wake.cancel();
}

void Session::flush_to_poll() {
    if (poll_ == nullptr || upgrading_) return;
    beyond_limit_ = 0;
    answer_poll(outbox_.take_payload());
}

void Session::close_polling(CloseReason reason) {
    bool const client_closed = reason == CloseReason::transport_close;
    bool const orderly =
        reason == CloseReason::forced_close || reason == CloseReason::shutting_down;
    if (orderly) {
        outbox_.push(packet("1"));
        if (poll_ != nullptr) {
            answer_poll(outbox_.take_payload());
        } else {
            // The next poll fetches what is left, and the close packet.
            state_ = State::closing;
            core_.deadlines.arm(*this, core_.options.poll_close_timeout);
            return;
        }
    }
    answer_poll(client_closed ? "6" : "1");
    forget();
}

}  // namespace showrunner::engineio
