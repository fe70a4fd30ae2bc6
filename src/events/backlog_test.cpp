#include "events/backlog.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace showrunner::events {

namespace {

Offset at(std::uint64_t seq) {
    return {7, seq};
}

std::vector<EventPtr> events(std::uint64_t first, std::uint64_t last) {
    std::vector<EventPtr> made;
    for (std::uint64_t seq = first; seq <= last; ++seq) {
        StoredEvent event;
        event.offset = at(seq);
        made.push_back(std::make_shared<StoredEvent const>(std::move(event)));
    }
    return made;
}

std::vector<std::uint64_t> numbers(std::vector<EventPtr> const& taken) {
    std::vector<std::uint64_t> out;
    for (EventPtr const& event : taken) out.push_back(event->offset.seq);
    return out;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("the backlog has what follows the first events that it was told of") {
    Backlog backlog;
    CHECK(backlog.take_after(at(0), 10).empty());
    backlog.append(events(1, 3));
    CHECK(backlog.take_after(at(0), 10).empty());
    backlog.append(events(4, 9));
    CHECK(backlog.take_after(at(2), 10).empty());
    CHECK(numbers(backlog.take_after(at(3), 2)) == Numbers{4, 5});
    CHECK(numbers(backlog.take_after(at(6), 10)) == Numbers{7, 8, 9});
    CHECK(backlog.take_after(at(9), 10).empty());
    // A reader that goes back must ask the ledger.
    backlog.append(events(10, 11));
    CHECK(backlog.take_after(at(8), 10).empty());
    CHECK(numbers(backlog.take_after(at(9), 10)) == Numbers{10, 11});
}

TEST_CASE("the backlog forgets the oldest events of a reader that is too slow") {
    Backlog backlog;
    backlog.append(events(1, 1));
    backlog.append(events(2, Backlog::events_max + 2));
    CHECK(backlog.take_after(at(1), 1).empty());
    CHECK(numbers(backlog.take_after(at(2), 1)) == Numbers{3});
}

}  // namespace showrunner::events
