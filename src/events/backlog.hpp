// The end of the ledger in memory: what the tail has read, the node's consumers need not read
// again.
#pragma once

#include "events/stream.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace showrunner::events {

class Backlog {
public:
    static constexpr std::size_t events_max = 1000;

    /// What the tail hands out, each time right behind the last.
    void append(std::vector<EventPtr> const& events);

    /// Takes up to `limit` events after `after`; none when they are not here, or there are none.
    [[nodiscard]] std::vector<EventPtr> take_after(Offset after, std::size_t limit);

private:
    void drop_front();

    std::optional<Offset> start_;  ///< everything after it, up to the last of `events_`, is here
    std::deque<EventPtr> events_;
};

}  // namespace showrunner::events
