// The newest events in memory, as they were sent: most clients that come back missed only these.
// Bounded by count and by bytes; older ones are in the ledger.
#pragma once

#include "events/stream.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace showrunner::realtime {

class Recent {
public:
    static constexpr std::size_t events_max = 5000;
    static constexpr std::size_t bytes_max = 16 * 1024 * 1024;

    /// Nothing before `position` is kept.
    void start(events::Offset position);

    void add(events::EventPtr event);

    /// The last position seen, and its number in this process (1, 2, 3 …; 0 before the first).
    [[nodiscard]] events::Offset position() const { return position_; }

    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

    /// Events after `offset`; nothing when some of them are not kept any more.
    [[nodiscard]] std::optional<std::vector<events::EventPtr>> after(events::Offset offset) const;

private:
    std::deque<events::EventPtr> events_;
    std::size_t bytes_ = 0;
    events::Offset floor_;  ///< everything after it is kept
    events::Offset position_;
    std::uint64_t sequence_ = 0;
};

}  // namespace showrunner::realtime
