// Deadlines, and the client that leaves while its request is being handled.
#include "http/connection.hpp"

#include <poll.h>

#include <array>

namespace showrunner::http {

void Connection::enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    expired_ = false;
    using TimePoint = std::chrono::steady_clock::time_point;
    deadline_ = limit.count() == 0 ? TimePoint::max()
                                   : context_->now + context_->limits.sweep_interval + limit;
}

void Connection::sweep() {
    if (context_->now >= deadline_) return expire();
    if (phase_ != Phase::handler) return;
    // Only a handler that is still busy at a sweep pays for the watch.
    if (!data_waits_) return watch();
    if (client_hung_up()) cancel_handler(Stop::client_gone);
}

void Connection::expire() {
    deadline_ = std::chrono::steady_clock::time_point::max();
    expired_ = true;
    switch (phase_) {
        case Phase::idle:
            context_->meters.hit(Limit::idle_timeout);
            break;
        case Phase::header:
            context_->meters.hit(Limit::header_timeout);
            break;
        case Phase::body:
            context_->meters.hit(Limit::body_timeout);
            break;
        case Phase::handler:
            context_->meters.hit(Limit::deadline);
            return cancel_handler(Stop::deadline);
        case Phase::write:
            context_->meters.hit(Limit::write_timeout);
            break;
        case Phase::linger:
            break;
    }
    boost::system::error_code gone;
    socket_.cancel(gone);
}

void Connection::drain() {
    if (phase_ != Phase::idle) return;
    expired_ = true;
    boost::system::error_code gone;
    socket_.cancel(gone);
}

void Connection::stop() {
    if (handling_) return cancel_handler(Stop::server_stops);
    boost::system::error_code gone;
    socket_.cancel(gone);
}

void Connection::abort() {
    if (handling_) cancel_handler(Stop::client_gone);
    boost::system::error_code gone;
    socket_.close(gone);
}

void Connection::cancel_handler(Stop why) {
    if (stop_ != Stop::none) return;
    stop_ = why;
    // A handler that ends at once would take the connection with it.
    auto const self = shared_from_this();
    cancel_->emit(asio::cancellation_type::terminal);
}

void Connection::watch() {
    if (watching_) return;
    watching_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](auto const& failed) {
        self->watching_ = false;
        if (!failed && self->phase_ == Phase::handler) self->on_readable();
    });
}

void Connection::on_readable() {
    std::array<char, 1> byte{};
    boost::system::error_code failed;
    socket_.receive(asio::buffer(byte), Socket::message_peek, failed);
    if (failed == asio::error::would_block) return watch();
    if (failed) return cancel_handler(Stop::client_gone);
    // The next request, or the body that the handler will read. Readiness tells nothing from here
    // on; the sweep asks for the end of the stream instead.
    data_waits_ = true;
}

bool Connection::client_hung_up() const {
    // A half-closed connection whose body is not read yet is the handler's business.
    short const closed = parser_.done() ? POLLRDHUP : 0;
    // native_handle() is not const.
    pollfd entry{const_cast<Socket&>(socket_).native_handle(), closed, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace showrunner::http
