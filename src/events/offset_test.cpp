#include "events/offset.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace showrunner::events {

TEST_CASE("the text of offsets sorts as the offsets do and reads back") {
    std::vector<std::uint64_t> const numbers{
        0,
        1,
        9,
        10,
        15,
        16,
        255,
        256,
        4095,
        4096,
        1ULL << 32U,
        std::numeric_limits<std::uint64_t>::max()
    };
    std::vector<Offset> offsets;
    for (std::uint64_t const txid : numbers) {
        for (std::uint64_t const seq : numbers) offsets.push_back({txid, seq});
    }
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        std::string const text = to_text(offsets[i]);
        CHECK(parse_offset(text) == offsets[i]);
        if (i > 0) CHECK(to_text(offsets[i - 1]) < text);
    }
}

TEST_CASE("what is not an offset is refused") {
    for (char const* text :
         {"", "a", "a1", "a1a", "b1a1", "a1a1x", "A1A1", "b01a1", "q1a1", "-1"}) {
        CHECK_FALSE(parse_offset(text).has_value());
    }
}

}  // namespace showrunner::events
