#include "events/backlog.hpp"

namespace showrunner::events {

void Backlog::append(std::vector<EventPtr> const& events) {
    if (events.empty()) return;
    if (!start_) {
        // What came right before these is not known.
        start_ = events.back()->offset;
        return;
    }
    events_.insert(events_.end(), events.begin(), events.end());
    while (events_.size() > events_max) drop_front();
}

std::vector<EventPtr> Backlog::take_after(Offset after, std::size_t limit) {
    std::vector<EventPtr> taken;
    if (!start_ || after < *start_) return taken;
    while (!events_.empty() && events_.front()->offset <= after) drop_front();
    while (!events_.empty() && taken.size() < limit) {
        taken.push_back(events_.front());
        drop_front();
    }
    return taken;
}

void Backlog::drop_front() {
    start_ = events_.front()->offset;
    events_.pop_front();
}

}  // namespace showrunner::events
