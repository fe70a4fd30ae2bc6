#include "http/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace showrunner::http {

namespace {

/// Connections over the limit that may wait for their 503; further ones are closed unheard.
constexpr std::size_t refused_at_once_max = 64;

// How long and how much a client may go on sending after the answer that closes the connection.
// Closing at once would reset it, and a reset can destroy the answer before the client reads it.
constexpr std::chrono::milliseconds linger_timeout{2000};
constexpr std::chrono::milliseconds linger_timeout_draining{200};
constexpr std::size_t linger_bytes_max = std::size_t{8} * 1024 * 1024;

bool is_sane_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

void Connection::start(std::shared_ptr<Context> context, Socket socket) {
    std::size_t const limit = context->limits.connections;
    std::size_t const open = context->connections.size();
    if (open >= limit) {
        context->meters.hit(Limit::connections);
        if (open >= limit + refused_at_once_max) return;
    }
    auto executor = context->executor;
    auto self = std::make_shared<Connection>(std::move(context), std::move(socket));
    self->must_close_ = open >= limit;
    auto cancel = self->cancel_;
    spawn(std::move(executor), std::move(cancel), "http.connection", run(std::move(self)));
}

Connection::Connection(std::shared_ptr<Context> context, Socket socket)
    : context_{std::move(context)},
      socket_{std::move(socket)},
      cancel_{std::make_shared<asio::cancellation_signal>()},
      parser_{context_->limits} {
    boost::system::error_code gone;
    socket_.set_option(boost::asio::ip::tcp::no_delay{true}, gone);
    socket_.non_blocking(true, gone);
    peer_ = unmapped(socket_.remote_endpoint(gone).address());
    peer_text_ = peer_.to_string();
    enter(Phase::idle, context_->limits.idle_timeout);
    context_->add(*this);
}

Connection::~Connection() {
    forget_body();
    context_->remove(*this);
}

Task<> Connection::run(std::shared_ptr<Connection> self) {
    Connection& it = *self;
    if (it.must_close_) {
        it.linger_ = true;
        it.parser_.start(it.request_);
        it.request_.request_id = it.context_->next_request_id();
        Error error{Code::unavailable, "TOO_MANY_CONNECTIONS", "too many connections"};
        error.retry_after_s = 1;
        co_await it.respond(it.refuse(error));
    }
    while (!it.must_close_) {
        Head const head = co_await it.read_head();
        if (head == Head::none) break;
        if (head == Head::complete && it.hand_over()) co_return;
        After const after = co_await it.exchange();
        if (after == After::close) break;
    }
    it.forget_body();
    if (it.linger_) co_await it.linger();
    boost::system::error_code gone;
    it.socket_.close(gone);
}

Task<Connection::Head> Connection::read_head() {
    forget_body();
    request_ = Request{};
    parser_.start(request_);
    buffer_.shrink();
    body_bytes_ = 0;
    body_waited_ = {};
    enter(Phase::idle, context_->limits.idle_timeout);
    for (;;) {
        if (!buffer_.empty()) parse_head();
        if (parser_.header_done() || parser_.failure()) break;
        bool const unwanted = phase_ == Phase::idle && (expired_ || context_->draining);
        if (unwanted) co_return Head::none;
        if (expired_) break;
        auto const [failed, n] = co_await socket_.async_read_some(buffer_.prepare(1024), as_result);
        if (failed && !expired_) co_return Head::none;
        context_->meters.received_bytes.add(n);
        buffer_.commit(n);
    }
    identify();
    co_return parser_.failure() || expired_ ? Head::refused : Head::complete;
}

void Connection::parse_head() {
    if (phase_ == Phase::idle) {
        // Empty lines before a request are tolerated (RFC 9112 section 2.2).
        auto const text = buffer_.view();
        buffer_.consume(std::min(text.find_first_not_of("\r\n"), text.size()));
        if (buffer_.empty()) return;
        enter(Phase::header, context_->limits.header_timeout);
    }
    buffer_.consume(parser_.put(buffer_.view(), nullptr));
}

void Connection::identify() {
    std::string_view const given = request_.headers.get("X-Request-Id");
    request_.request_id = is_sane_id(given) ? std::string{given} : context_->next_request_id();
    request_.remote_address = peer_text_;
    context_->proxies.apply(request_, peer_);
}

bool Connection::hand_over() {
    if (!parser_.wants_websocket() || !parser_.done() || request_.method != Verb::get) return false;
    if (context_->application == nullptr || context_->draining) return false;
    boost::system::error_code gone;
    if (watching_) socket_.cancel(gone);
    Upgrade upgrade{std::move(socket_), std::string{buffer_.view()}};
    if (context_->application->upgrade(request_, upgrade)) return true;
    socket_ = std::move(upgrade.socket);
    return false;
}

Task<> Connection::linger() {
    boost::system::error_code gone;
    socket_.shutdown(Socket::shutdown_send, gone);
    enter(Phase::linger, context_->draining ? linger_timeout_draining : linger_timeout);
    std::size_t read = 0;
    while (!gone && !expired_ && read < linger_bytes_max) {
        buffer_.consume(buffer_.view().size());
        auto const [failed, n] = co_await socket_.async_read_some(buffer_.prepare(1024), as_result);
        gone = failed;
        read += n;
    }
}

}  // namespace showrunner::http
