#include "auth/throttle.hpp"

#include <algorithm>

namespace showrunner::auth {

std::chrono::seconds Throttle::wait(std::string const& key, Time now) const {
    auto const found = records_.find(key);
    if (found == records_.end() || found->second.blocked_until <= now) return {};
    return std::chrono::ceil<std::chrono::seconds>(found->second.blocked_until - now);
}

void Throttle::failed(std::string const& key, Time now) {
    if (records_.size() >= options_.keys_max) make_room(now);
    Record& record = records_[key];
    if (now - record.last > options_.forget_after) record.failures = 0;
    record.last = now;
    ++record.failures;
    if (record.failures <= options_.free_failures) return;
    unsigned const doublings = std::min(record.failures - options_.free_failures - 1, 16U);
    record.blocked_until =
        now + std::min(options_.first_wait * (1U << doublings), options_.wait_max);
}

void Throttle::succeeded(std::string const& key) {
    records_.erase(key);
}

void Throttle::make_room(Time now) {
    std::erase_if(records_, [&](auto const& entry) {
        return now - entry.second.last > options_.forget_after;
    });
    if (records_.size() < options_.keys_max) return;
    auto const oldest =
        std::min_element(records_.begin(), records_.end(), [](auto const& a, auto const& b) {
            return a.second.last < b.second.last;
        });
    records_.erase(oldest);
}

}  // namespace showrunner::auth
