#include "realtime/recent.hpp"

#include <doctest/doctest.h>

namespace showrunner::realtime {

namespace {

events::EventPtr event(std::uint64_t txid) {
    events::StoredEvent stored;
    stored.offset = {txid, 1};
    stored.payload = "{}";
    return std::make_shared<events::StoredEvent const>(std::move(stored));
}

}  // namespace

TEST_CASE("what came after a position is kept until it is pushed out") {
    Recent recent;
    recent.start({10, 0});
    CHECK(recent.after({10, 0})->empty());
    CHECK_FALSE(recent.after({9, 0}).has_value());
    for (std::uint64_t txid = 11; txid < 11 + Recent::events_max; ++txid) recent.add(event(txid));
    CHECK(recent.sequence() == Recent::events_max);
    CHECK(recent.after({10, 0})->size() == Recent::events_max);
    CHECK(recent.after({12, 1})->front()->offset.txid == 13);
    recent.add(event(100'000));
    CHECK_FALSE(recent.after({10, 0}).has_value());
    CHECK(recent.after({11, 1})->size() == Recent::events_max);
    CHECK(recent.after({100'000, 1})->empty());
}

}  // namespace showrunner::realtime
