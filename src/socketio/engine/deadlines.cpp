#include "socketio/engine/deadlines.hpp"

namespace showrunner::engineio {

Deadlines::Deadlines(asio::any_io_executor executor)
    : timer_{executor}, self_{std::make_shared<Deadlines*>(this)} {}

void Deadlines::arm(Deadline& deadline, std::chrono::milliseconds after) {
    deadline.cancel();
    deadline.due_ = std::chrono::steady_clock::now() + after;
    queue_.insert(deadline);
    if (deadline.due_ < timer_due_) start_timer();
}

void Deadlines::run_due() {
    auto const now = std::chrono::steady_clock::now();
    while (!queue_.empty() && queue_.begin()->due() <= now) {
        Deadline& deadline = *queue_.begin();
        deadline.cancel();
        deadline.expire();
    }
}

void Deadlines::start_timer() {
    timer_due_ = queue_.empty() ? SteadyTime::max() : queue_.begin()->due();
    if (queue_.empty()) return;
    timer_.expires_at(timer_due_);
    timer_.async_wait([weak = std::weak_ptr{self_}](boost::system::error_code error) {
        auto const self = weak.lock();
        if (error || !self) return;
        (*self)->timer_due_ = SteadyTime::max();
        (*self)->run_due();
        (*self)->start_timer();
    });
}

}  // namespace showrunner::engineio
