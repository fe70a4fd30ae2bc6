// One request and its answer.
#include "base/log.hpp"
#include "http/body.hpp"
#include "http/connection.hpp"
#include "http/encode.hpp"

#include <boost/asio/this_coro.hpp>
#include <sys/socket.h>

namespace showrunner::http {

namespace {

/// Up to here a body is copied behind its head; beyond, both are gathered by the kernel.
constexpr std::size_t copy_bytes_max = std::size_t{16} * 1024;

/// While a discarded body is at most this long, the connection is worth keeping.
constexpr std::uint64_t keep_after_unread_max = std::uint64_t{64} * 1024;

class Counted {
public:
    explicit Counted(unsigned& count) : count_{count} { ++count_; }

    ~Counted() { --count_; }

    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;

private:
    unsigned& count_;
};

bool is_cancellation(std::exception const& e) {
    auto const* error = dynamic_cast<boost::system::system_error const*>(&e);
    return error != nullptr && error->code() == asio::error::operation_aborted;
}

}  // namespace

Task<Connection::After> Connection::exchange() {
    Response response = co_await answer();
    if (stop_ == Stop::client_gone) co_return After::close;
    After const after = co_await respond(std::move(response));
    if (after == After::close || parser_.done()) co_return after;
    bool const at_end = co_await discard_body();
    if (!at_end) linger_ = true;
    co_return at_end ? After::keep_alive : After::close;
}

Task<Response> Connection::answer() {
    std::optional<Error> refusal = plan();
    if (refusal) co_return refuse(*refusal);
    if (!parser_.done()) {
        refusal = co_await expect_body();
        if (refusal) co_return refuse(*refusal);
    }
    Response response = co_await serve();
    co_return response;
}

std::optional<Error> Connection::plan() {
    if (parser_.failure()) {
        Error const& error = *parser_.failure();
        if (error.code == Code::headers_too_large) context_->meters.hit(Limit::header_bytes);
        if (error.code == Code::target_too_long) context_->meters.hit(Limit::target_bytes);
        must_close_ = true;
        return error;
    }
    if (expired_) {
        must_close_ = true;
        return Error{Code::timeout, "the request headers did not arrive in time"};
    }
    if (context_->application == nullptr) {
        must_close_ = true;
        return Error{Code::unavailable, "the server is stopping"};
    }
    if (context_->in_flight >= context_->limits.requests_in_flight) {
        context_->meters.hit(Limit::requests_in_flight);
        Error error{Code::unavailable, "TOO_BUSY", "too many requests are under way"};
        error.retry_after_s = 1;
        return error;
    }
    try {
        plan_ = context_->application->plan(request_);
    } catch (Error const& error) {
        return error;
    } catch (std::exception const& e) {
        log::error("plan_failed", {{"request_id", request_.request_id}, {"error", e.what()}});
        return Error{Code::internal, "the request failed"};
    }
    if (parser_.done()) return std::nullopt;
    if (parser_.remaining() > plan_.body_limit) {
        context_->meters.hit(Limit::body_bytes);
        return Error{Code::too_large, "the body is too large"};
    }
    std::string_view const coding = request_.headers.get("Content-Encoding");
    if (!coding.empty() && coding != "identity") {
        return Error{Code::unsupported_media, "request bodies must not be compressed"};
    }
    parser_.limit_body(plan_.body_limit);
    return std::nullopt;
}

Task<Response> Connection::serve() {
    BodyStream stream{*this};
    if (plan_.stream_body) request_.stream = &stream;
    Response response;
    std::optional<Error> refusal;
    {
        Counted const in_flight{context_->in_flight};
        enter(Phase::handler, plan_.deadline);
        stop_ = Stop::none;
        data_waits_ = false;
        handling_ = true;
        // A long poll is worth a watch from its start: its end ends a session.
        if (plan_.deadline.count() == 0) watch();
        try {
            response = co_await context_->application->serve(request_);
        } catch (Error const& error) {
            refusal = error;
        } catch (std::exception const& e) {
            if (!is_cancellation(e) || stop_ == Stop::none) {
                log::error(
                    "handler_failed", {{"request_id", request_.request_id}, {"error", e.what()}}
                );
            }
            refusal.emplace(Code::internal, "the request failed");
        }
        handling_ = false;
    }
    if (stop_ != Stop::none) {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
        if (refusal) refusal = stopped();
    }
    if (refusal) response = refuse(*refusal);
    co_return response;
}

Error Connection::stopped() {
    if (stop_ == Stop::deadline) {
        return Error{Code::unavailable, "DEADLINE_EXCEEDED", "the request took too long"};
    }
    must_close_ = true;
    return Error{Code::unavailable, "the server is stopping"};
}

Response Connection::refuse(Error const& error) {
    if (context_->application != nullptr) return context_->application->refuse(request_, error);
    return Response::text(info(error.code).status, error.what());
}

Connection::After Connection::after(Response const& response) const {
    if (must_close_ || linger_ || context_->draining || !parser_.keep_alive()) return After::close;
    if (response.headers.get("Connection") == "close") return After::close;
    if (parser_.done()) return After::keep_alive;
    bool const short_rest = !parser_.chunked() && parser_.remaining() <= keep_after_unread_max;
    // Whether a client that was not told to continue sends the body cannot be known.
    return short_rest && !parser_.expects_continue() ? After::keep_alive : After::close;
}

bool Connection::client_may_send() {
    boost::system::error_code failed;
    return !parser_.done() || !buffer_.empty() || socket_.available(failed) > 0;
}

Task<Connection::After> Connection::respond(Response response) {
    context_->compressor.apply(
        response, request_.headers.get("Accept-Encoding"), context_->limits.compress_from_bytes
    );
    bool const readable_head = parser_.header_done() && !parser_.failure();
    After after_this = readable_head ? after(response) : After::close;
    Persistence persistence = Persistence::close;
    if (after_this == After::keep_alive) {
        persistence = parser_.http_1_0() ? Persistence::keep_alive_1_0 : Persistence::keep_alive;
    } else {
        linger_ = linger_ || !readable_head || client_may_send();
    }
    out_.clear();
    append_head(
        out_, response, {context_->date, request_.request_id, persistence, request_.method}
    );
    std::string_view body;
    if (sends_body(response.status, request_.method)) body = response.body;
    if (body.size() <= copy_bytes_max) {
        out_ += body;
        body = {};
    }
    boost::system::error_code blocked;
    // Nearly every answer fits into the socket's buffer: no coroutine, no trip through the loop.
    // A file comes behind it: head and beginning share a segment, and wake the reader once.
    bool const more = response.source && response.source_bytes > 0 && response.source->file() &&
                      sends_body(response.status, request_.method);
    std::size_t const sent =
        body.empty() ? socket_.send(asio::buffer(out_), more ? MSG_MORE : 0, blocked) : 0;
    context_->meters.sent_bytes.add(sent);
    if (sent < out_.size() || !body.empty()) {
        out_.erase(0, sent);
        bool const written = co_await write(body);
        if (!written) {
            linger_ = false;
            co_return After::close;
        }
    }
    if (response.source && sends_body(response.status, request_.method)) {
        bool const whole = co_await send(std::move(response.source), response.source_bytes);
        if (!whole) {
            linger_ = false;
            co_return After::close;
        }
    }
    if (out_.capacity() > 2 * copy_bytes_max) out_ = {};
    co_return after_this;
}

}  // namespace showrunner::http
