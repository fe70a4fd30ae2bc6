#include "realtime/recent.hpp"

#include <algorithm>

namespace showrunner::realtime {

void Recent::start(events::Offset position) {
    floor_ = position;
    position_ = position;
}

void Recent::add(events::EventPtr event) {
    position_ = event->offset;
    ++sequence_;
    bytes_ += event->payload.size();
    events_.push_back(std::move(event));
    while (events_.size() > events_max || bytes_ > bytes_max) {
        floor_ = events_.front()->offset;
        bytes_ -= events_.front()->payload.size();
        events_.pop_front();
    }
}

std::optional<std::vector<events::EventPtr>> Recent::after(events::Offset offset) const {
    if (offset < floor_) return {};
    auto const first = std::upper_bound(
        events_.begin(),
        events_.end(),
        offset,
        [](events::Offset at, events::EventPtr const& event) { return at < event->offset; }
    );
    return std::vector<events::EventPtr>{first, events_.end()};
}

}  // namespace showrunner::realtime
