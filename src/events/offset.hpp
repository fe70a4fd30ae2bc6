// A position in the ledger. Its text is opaque to clients and sorts as the positions do.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::events {

struct Offset {
    std::uint64_t txid = 0;
    std::uint64_t seq = 0;

    auto operator<=>(Offset const&) const = default;
};

/// Each number as its count of hex digits (one letter, 'a' = 1) and the digits: longer is greater,
/// so text order is stream order.
[[nodiscard]] std::string to_text(Offset offset);

/// Nothing for a text that to_text() did not make.
[[nodiscard]] std::optional<Offset> parse_offset(std::string_view text);

}  // namespace showrunner::events
