#include "base/text.hpp"

#include <cstdint>

namespace showrunner {

namespace {

/// Bytes of the well-formed character that `text` begins with (RFC 3629); 0 when there is none.
std::size_t character_length(std::string_view text) {
    auto const byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    std::uint8_t const lead = byte(0);
    if (lead < 0x80) return 1;
    std::size_t const length = lead >= 0xc2 && lead < 0xe0   ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length) return 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t at = 2; at < length; ++at) {
        if ((byte(at) & 0xc0) != 0x80) return 0;
    }
    return length;
}

}  // namespace

std::string valid_utf8(std::string_view text, std::size_t bytes_max) {
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string out;
    out.reserve(std::min(text.size(), bytes_max));
    while (!text.empty()) {
        std::size_t const length = character_length(text);
        std::string_view const piece = length == 0 ? replacement : text.substr(0, length);
        if (out.size() + piece.size() > bytes_max) break;
        if (piece != std::string_view{"\0", 1}) out += piece;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace showrunner
