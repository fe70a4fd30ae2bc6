#include "socketio/engine/turns.hpp"

#include "socketio/engine/session.hpp"

#include <boost/asio/post.hpp>

namespace showrunner::engineio {

Turns::Turns(asio::any_io_executor executor)
    : executor_{std::move(executor)}, self_{std::make_shared<Turns*>(this)} {}

void Turns::flush_at_end(std::shared_ptr<Session> session) {
    to_flush_.push_back(std::move(session));
    note();
}

void Turns::close_at_end(std::shared_ptr<Session> session, CloseReason reason) {
    to_close_.emplace_back(std::move(session), reason);
    note();
}

void Turns::schedule_end() {
    ending_ = true;
    asio::post(executor_, [weak = std::weak_ptr{self_}] {
        auto const self = weak.lock();
        if (self) (*self)->end();
    });
}

void Turns::end() {
    ending_ = false;
    ++current_;
    // Closing calls the application, which may send and so begin to fill the lists again.
    auto const flushing = std::exchange(to_flush_, {});
    for (auto const& session : flushing) session->flush();
    auto const closing = std::exchange(to_close_, {});
    for (auto const& [session, reason] : closing) session->close(reason);
    if (to_flush_.empty()) to_flush_.reserve(flushing.size());
}

}  // namespace showrunner::engineio
