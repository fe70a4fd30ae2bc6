#include "media/webp.hpp"

#include <array>
#include <cstdint>

namespace showrunner::media {

namespace {

constexpr std::size_t header_bytes = 12;  // RIFF, size, WEBP
constexpr std::size_t chunk_head_bytes = 8;
constexpr std::array<std::string_view, 3> dropped{"EXIF", "XMP ", "ICCP"};
/// Of VP8X, the chunk that says what is in the file: a profile, EXIF, XMP.
constexpr unsigned dropped_flags = 0x20U | 0x08U | 0x04U;

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i-- > 0;)
        number = (number << 8U) | static_cast<unsigned char>(bytes[i]);
    return number;
}

void put_little_endian(std::string& bytes, std::size_t at, std::size_t number) {
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + i] = static_cast<char>((number >> (8 * i)) & 0xFFU);
    }
}

bool is_dropped(std::string_view type) {
    for (std::string_view const each : dropped) {
        if (type == each) return true;
    }
    return false;
}

}  // namespace

std::optional<std::string> strip_webp(std::string_view bytes) {
    if (bytes.size() < header_bytes || !bytes.starts_with("RIFF")) return {};
    if (bytes.substr(8, 4) != "WEBP") return {};
    std::string out{bytes.substr(0, header_bytes)};
    for (std::size_t at = header_bytes; at < bytes.size();) {
        if (at + chunk_head_bytes > bytes.size()) return {};
        std::string_view const type = bytes.substr(at, 4);
        std::size_t const size = little_endian(bytes.substr(at + 4, 4));
        std::size_t const whole = chunk_head_bytes + size + size % 2;
        if (whole > bytes.size() - at) return {};
        if (!is_dropped(type)) {
            std::size_t const start = out.size();
            out += bytes.substr(at, whole);
            if (type == "VP8X" && size > 0) {
                auto const flags = static_cast<unsigned char>(out[start + chunk_head_bytes]);
                out[start + chunk_head_bytes] = static_cast<char>(flags & ~dropped_flags);
            }
        }
        at += whole;
    }
    put_little_endian(out, 4, out.size() - chunk_head_bytes);
    return out;
}

}  // namespace showrunner::media
