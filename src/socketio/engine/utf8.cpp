#include "socketio/engine/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace showrunner::engineio {

namespace {

/// The length of the sequence at the front of `text`; 0 when it is invalid or cut off.
std::size_t sequence_length(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned char const first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    std::size_t const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
    }
    // Overlong forms, surrogates, beyond U+10FFFF.
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        std::uint64_t block = 0;
        if (text.size() >= sizeof block) {
            std::memcpy(&block, text.data(), sizeof block);
            if ((block & 0x8080'8080'8080'8080U) == 0) {
                text.remove_prefix(sizeof block);
                continue;
            }
        }
        std::size_t const length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace showrunner::engineio
