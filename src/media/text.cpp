#include "media/text.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <system_error>

namespace showrunner::media {

namespace {

enum class Order : std::uint8_t { little, big };

/// What 0x80 to 0x9f are in Windows' Latin-1; zero: nothing.
constexpr std::array<char16_t, 32> windows_1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178
};

constexpr char32_t replacement = 0xFFFD;

unsigned char byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

void append(std::string& out, char32_t point) {
    auto const byte = [&out](char32_t bits) { out += static_cast<char>(bits); };
    auto const rest = [&](int shift) { byte(0x80U | ((point >> shift) & 0x3FU)); };
    if (point < 0x80) {
        byte(point);
    } else if (point < 0x800) {
        byte(0xC0U | (point >> 6U));
        rest(0);
    } else if (point < 0x10000) {
        byte(0xE0U | (point >> 12U));
        rest(6);
        rest(0);
    } else {
        byte(0xF0U | (point >> 18U));
        rest(12);
        rest(6);
        rest(0);
    }
}

std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 0;
}

bool is_character(std::string_view part) {
    for (std::size_t i = 1; i < part.size(); ++i) {
        if ((byte_at(part, i) & 0xC0U) != 0x80) return false;
    }
    if (part.size() < 3) return true;
    unsigned const lead = byte_at(part, 0);
    unsigned const second = byte_at(part, 1);
    // Not longer than need be, no half of a pair, not beyond the last.
    return !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) &&
           !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
}

/// How much of it is UTF-8: all of it but a last character that is cut, or nothing.
std::size_t utf8_bytes(std::string_view text, bool cut) {
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const length = length_of(byte_at(text, at));
        if (length == 0) return 0;
        if (at + length > text.size()) {
            return cut && is_character(text.substr(at).substr(0, 2)) ? at : 0;
        }
        if (!is_character(text.substr(at, length))) return 0;
        at += length;
    }
    return text.size();
}

std::string from_utf16(std::string_view text, Order order) {
    auto const unit = [&](std::size_t at) {
        unsigned const first = byte_at(text, at);
        unsigned const second = byte_at(text, at + 1);
        return order == Order::little ? first | (second << 8U) : (first << 8U) | second;
    };
    std::string out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        char32_t point = unit(at);
        bool const high = point >= 0xD800 && point < 0xDC00;
        if (high && at + 3 >= text.size()) break;  // The other half has been cut off.
        if (high && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10U) + (unit(at + 2) - 0xDC00);
            at += 2;
        } else if (point >= 0xD800 && point < 0xE000) {
            point = replacement;
        }
        append(out, point);
    }
    return out;
}

std::string from_windows_1252(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned const byte = byte_at(text, i);
        char32_t const mapped = byte >= 0x80 && byte < 0xA0 ? windows_1252.at(byte - 0x80) : byte;
        append(out, mapped == 0 && byte != 0 ? replacement : mapped);
    }
    return out;
}

/// Text without a mark whose every other byte is zero more often than not.
std::optional<Order> utf16_without_mark(std::string_view text) {
    std::array<std::size_t, 2> zeros{};
    std::size_t const looked_at = std::min<std::size_t>(text.size(), 1024) & ~std::size_t{1};
    for (std::size_t i = 0; i < looked_at; ++i) {
        if (text[i] == '\0') ++zeros.at(i % 2);
    }
    if (looked_at < 4) return {};
    if (zeros[1] * 4 > looked_at && zeros[0] == 0) return Order::little;
    if (zeros[0] * 4 > looked_at && zeros[1] == 0) return Order::big;
    return {};
}

/// Lines end in \n; what no text has (zeros, escapes of terminals) makes it none.
bool tidy(std::string& text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        bool const control = byte_at(text, i) < 0x20 || c == 0x7F;
        if (c == '\r') {
            if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
            continue;
        }
        if (control && c != '\n' && c != '\t' && c != '\f') return false;
        out += c;
    }
    text = std::move(out);
    return true;
}

TextPreview decode(std::string_view start, bool cut) {
    if (start.starts_with("\xEF\xBB\xBF")) start.remove_prefix(3);
    if (start.starts_with("\xFF\xFE")) {
        return {from_utf16(start.substr(2), Order::little), "utf-16le", cut};
    }
    if (start.starts_with("\xFE\xFF")) {
        return {from_utf16(start.substr(2), Order::big), "utf-16be", cut};
    }
    if (auto const order = utf16_without_mark(start)) {
        return {from_utf16(start, *order), *order == Order::little ? "utf-16le" : "utf-16be", cut};
    }
    std::size_t const whole = utf8_bytes(start, cut);
    if (whole > 0 || start.empty()) return {std::string{start.substr(0, whole)}, "utf-8", cut};
    return {from_windows_1252(start), "windows-1252", cut};
}

}  // namespace

Result<TextPreview> decode_text(std::string_view start, bool cut) {
    TextPreview preview = decode(start, cut);
    if (!tidy(preview.text)) return Problem{Failure::unsupported, "This is no plain text."};
    return preview;
}

Result<TextPreview> text_preview(std::filesystem::path const& source) {
    std::ifstream file{source, std::ios::binary};
    if (!file) throw std::system_error{errno, std::generic_category(), "a script"};
    std::string start(text_preview_bytes + 1, '\0');
    file.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(file.gcount()));
    bool const cut = start.size() > text_preview_bytes;
    if (cut) start.resize(text_preview_bytes);
    if (start.starts_with("%PDF-")) {
        return Problem{Failure::unsupported, "A PDF has no text that can be shown here."};
    }
    return decode_text(start, cut);
}

}  // namespace showrunner::media
