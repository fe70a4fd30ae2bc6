#include "events/offset.hpp"

#include <array>
#include <charconv>

namespace showrunner::events {

namespace {

void append(std::string& out, std::uint64_t number) {
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    auto const length = static_cast<std::size_t>(end - digits.data());
    out += static_cast<char>('a' + length - 1);
    out.append(digits.data(), length);
}

bool take(std::string_view& text, std::uint64_t& number) {
    if (text.empty() || text.front() < 'a' || text.front() > 'p') return false;
    auto const length = static_cast<std::size_t>(text.front() - 'a') + 1;
    if (text.size() < length + 1) return false;
    char const* const begin = text.data() + 1;
    auto const [end, error] = std::from_chars(begin, begin + length, number, 16);
    if (error != std::errc{} || end != begin + length) return false;
    text.remove_prefix(length + 1);
    return true;
}

}  // namespace

std::string to_text(Offset offset) {
    std::string out;
    append(out, offset.txid);
    append(out, offset.seq);
    return out;
}

std::optional<Offset> parse_offset(std::string_view text) {
    Offset offset;
    std::string_view rest = text;
    if (!take(rest, offset.txid) || !take(rest, offset.seq) || !rest.empty()) return {};
    if (to_text(offset) != text) return {};  // Leading zeros, upper case.
    return offset;
}

}  // namespace showrunner::events
