#include "http/body.hpp"

#include <boost/asio/write.hpp>

#include <limits>

namespace showrunner::http {

namespace {

/// Below this rate a body that lasts longer than the time-out is given up on: a byte just before
/// each deadline would hold a connection for months.
constexpr std::uint64_t body_bytes_per_second_min = 1024;

/// A body that nobody wants is read to its end up to here, to keep the connection.
constexpr std::uint64_t discard_bytes_max = std::uint64_t{64} * 1024;

}  // namespace

bool Connection::take_body(std::string* into, std::size_t most) {
    std::size_t taken = 0;
    while (!buffer_.empty() && !parser_.done() && !parser_.failure() && taken < most) {
        std::size_t const used = parser_.put(buffer_.view().substr(0, most - taken), into);
        if (used == 0) break;
        buffer_.consume(used);
        taken += used;
    }
    body_bytes_ += taken;
    return !parser_.failure().has_value();
}

Task<bool> Connection::receive_body() {
    using namespace std::chrono;
    auto const allowance = context_->limits.body_timeout -
                           duration_cast<milliseconds>(body_waited_) +
                           seconds{body_bytes_ / body_bytes_per_second_min};
    auto const started = context_->now;
    enter(Phase::body, std::min<milliseconds>(context_->limits.body_timeout, allowance));
    std::size_t const room = parser_.remaining() > ReadBuffer::size_min || parser_.chunked()
                                 ? BodyStream::chunk_bytes_max
                                 : ReadBuffer::size_min;
    auto const [failed, n] = co_await socket_.async_read_some(buffer_.prepare(room), as_result);
    context_->meters.received_bytes.add(n);
    buffer_.commit(n);
    body_waited_ += context_->now - started;
    co_return !failed;
}

bool Connection::account_body() {
    std::uint64_t const held = request_.body.size();
    context_->body_bytes += held - body_accounted_;
    body_accounted_ = held;
    if (context_->body_bytes <= context_->limits.body_memory_bytes) return true;
    context_->meters.hit(Limit::body_memory);
    return false;
}

void Connection::forget_body() {
    context_->body_bytes -= body_accounted_;
    body_accounted_ = 0;
    request_.body = {};
}

Error Connection::body_failure() {
    linger_ = true;
    if (stop_ != Stop::none) return stopped();
    if (parser_.failure()) {
        if (parser_.failure()->code == Code::too_large) context_->meters.hit(Limit::body_bytes);
        return *parser_.failure();
    }
    if (expired_) return Error{Code::timeout, "the body did not arrive in time"};
    return Error{Code::malformed, "the body ended early"};
}

Task<std::optional<Error>> Connection::read_body() {
    for (;;) {
        if (!take_body(&request_.body, std::numeric_limits<std::size_t>::max())) break;
        if (!account_body()) {
            linger_ = true;
            forget_body();
            Error error{Code::unavailable, "TOO_BUSY", "too many large requests are under way"};
            error.retry_after_s = 1;
            co_return error;
        }
        if (parser_.done()) co_return std::nullopt;
        bool const received = co_await receive_body();
        if (!received) break;
    }
    co_return body_failure();
}

Task<bool> Connection::discard_body() {
    std::uint64_t const start = body_bytes_;
    while (take_body(nullptr, discard_bytes_max) && !parser_.done()) {
        if (body_bytes_ - start > discard_bytes_max) co_return false;
        bool const received = co_await receive_body();
        if (!received) co_return false;
    }
    co_return parser_.done();
}

Task<std::optional<Error>> Connection::expect_body() {
    static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    if (parser_.expects_continue() && buffer_.empty()) {
        enter(Phase::write, context_->limits.write_timeout);
        co_await asio::async_write(socket_, asio::buffer(interim), as_result);
    }
    std::optional<Error> failure;
    if (!plan_.stream_body) failure = co_await read_body();
    co_return failure;
}

Task<bool> Connection::BodyStream::read(std::string& chunk) {
    Connection& it = connection_;
    chunk.clear();
    // The handler's own deadline, if it has one, stands still while it waits for the client.
    constexpr auto never = std::chrono::steady_clock::time_point::max();
    bool const has_deadline = it.deadline_ != never;
    auto const left = it.deadline_ - it.context_->now;
    bool received = true;
    while (received && it.take_body(&chunk, chunk_bytes_max) && chunk.empty()) {
        if (it.parser_.done()) break;
        received = co_await it.receive_body();
    }
    bool const broken = !received || it.parser_.failure();
    if (broken) throw it.body_failure();
    if (it.phase_ == Phase::body) {
        it.phase_ = Phase::handler;
        it.expired_ = false;
        it.deadline_ = has_deadline ? it.context_->now + left : never;
    }
    co_return !chunk.empty();
}

}  // namespace showrunner::http
