#include "base/json.hpp"

#include "base/id.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace showrunner::json {

namespace {

/// The length of the valid UTF-8 sequence at the front of `text`; 0 when it is invalid.
std::size_t sequence_length(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned char const first = byte(0);
    if (first < 0x80) return 1;
    std::size_t const length = first >= 0xc2 && first < 0xe0   ? 2
                               : first >= 0xe0 && first < 0xf0 ? 3
                               : first >= 0xf0 && first < 0xf5 ? 4
                                                               : 0;
    if (length == 0 || text.size() < length) return 0;
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

/// Printable ASCII that needs no escape.
constexpr bool is_plain(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/// True unless all eight bytes are plain. Arithmetic on all of them at once: a carry can only come
/// from a byte that is not plain itself.
bool has_others(std::uint64_t bytes) {
    constexpr std::uint64_t each = 0x0101010101010101;
    std::uint64_t const controls = bytes - each * 0x20;
    std::uint64_t const quotes = (bytes ^ each * '"') - each;
    std::uint64_t const backslashes = (bytes ^ each * '\\') - each;
    std::uint64_t const beyond_ascii = bytes | (bytes + each);
    return ((controls | quotes | backslashes | beyond_ascii) & each * 0x80) != 0;
}

/// How much of the front of `text` goes out as it is.
std::size_t plain_length(std::string_view text) {
    std::size_t length = 0;
    std::uint64_t bytes = 0;
    while (text.size() - length >= sizeof(bytes)) {
        std::memcpy(&bytes, text.data() + length, sizeof(bytes));
        if (has_others(bytes)) break;
        length += sizeof(bytes);
    }
    while (length < text.size() && is_plain(text[length])) ++length;
    return length;
}

void write_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    }
}

bool is_email(std::string_view text) {
    auto const at = text.find('@');
    if (at == std::string_view::npos || at == 0 ||
        text.find('@', at + 1) != std::string_view::npos) {
        return false;
    }
    std::string_view const domain = text.substr(at + 1);
    if (domain.empty() || domain.front() == '.' || domain.back() == '.') return false;
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    });
}

void check_format(
    Mistakes& mistakes, std::string const& path, std::string_view format, std::string_view text
) {
    if (format == "uuid" && !is_id(text)) mistakes.add(path, "FORMAT", "must be a UUID");
    if (format == "date" && !is_date(text)) {
        mistakes.add(path, "FORMAT", "must be a date such as 2026-01-31");
    }
    if (format == "date-time" && !parse_time(text)) {
        mistakes.add(path, "FORMAT", "must be a time such as 2026-01-31T12:00:00Z");
    }
    if (format == "email" && !is_email(text)) {
        mistakes.add(path, "FORMAT", "must be an e-mail address");
    }
}

}  // namespace

void write_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;  // Start of the run that needs no escape.
    std::size_t i = 0;
    for (;;) {
        i += plain_length(text.substr(i));
        if (i == text.size()) break;
        auto const c = static_cast<unsigned char>(text[i]);
        std::size_t const length = c < 0x80 ? 0 : sequence_length(text.substr(i));
        if (length > 0) {
            i += length;
            continue;
        }
        out.append(text, plain, i - plain);
        if (c < 0x80) {
            write_escaped(out, text[i]);
        } else {
            out += "\xef\xbf\xbd";
        }
        plain = ++i;
    }
    out.append(text, plain, text.size() - plain);
    out += '"';
}

std::string to_camel(std::string_view snake) {
    std::string out;
    bool upper = false;
    for (char const c : snake) {
        if (c == '_') {
            upper = true;
            continue;
        }
        out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return out;
}

void Mistakes::add(std::string field, std::string code, std::string message) {
    if (errors_.size() < 50) {
        errors_.push_back({std::move(field), std::move(code), std::move(message)});
    }
}

void Mistakes::raise() const {
    if (errors_.empty()) return;
    FieldError const& first = errors_.front();
    Error error{
        Code::invalid,
        first.field.empty() ? "The body " + first.message : first.field + " " + first.message
    };
    error.fields = errors_;
    throw error;
}

boost::json::value parse_value(std::string_view text, std::size_t max_depth) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(text, error, {}, options);
    if (error) throw Error{Code::malformed, "The body is not valid JSON: " + error.message()};
    return value;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

bool has_zero_character(boost::json::value const& value) {
    auto const in_text = [](std::string_view text) { return text.find('\0') != text.npos; };
    if (value.is_string()) return in_text(value.get_string());
    if (value.is_array()) return std::ranges::any_of(value.get_array(), has_zero_character);
    if (!value.is_object()) return false;
    return std::ranges::any_of(value.get_object(), [&](auto const& member) {
        return in_text(member.key()) || has_zero_character(member.value());
    });
}

void check_text(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::string_view text
) {
    if (text.find('\0') != std::string_view::npos) {
        return mistakes.add(path, "FORMAT", "must not contain a zero character");
    }
    if (rule == nullptr) return;
    check_length(mistakes, path, rule, characters(text));
    if (rule->min > 0 && text.find_first_not_of(" \t\r\n") == std::string_view::npos &&
        !text.empty()) {
        mistakes.add(path, "BLANK", "must not be blank");
    }
    if (!rule->format.empty()) check_format(mistakes, path, rule->format, text);
}

void check_number(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::int64_t number
) {
    if (rule == nullptr || (rule->min == 0 && rule->max == 0)) return;
    if (number < rule->min || number > rule->max) {
        mistakes.add(path, "RANGE", fmt::format("must be from {} to {}", rule->min, rule->max));
    }
}

void check_length(
    Mistakes& mistakes, std::string const& path, Rule const* rule, std::size_t length
) {
    if (rule == nullptr) return;
    auto const size = static_cast<std::int64_t>(length);
    if (size < rule->min) {
        mistakes.add(path, "TOO_SHORT", fmt::format("must have at least {}", rule->min));
    } else if (rule->max > 0 && size > rule->max) {
        mistakes.add(path, "TOO_LONG", fmt::format("must have at most {}", rule->max));
    }
}

void check_enum(
    Mistakes& mistakes, std::string const& path, std::vector<std::string_view> const& names
) {
    mistakes.add(path, "ENUM", fmt::format("must be one of {}", fmt::join(names, ", ")));
}

void schema_limits(std::string& out, Rule const* rule, std::string_view kind) {
    if (rule == nullptr) return;
    std::string_view const low = kind == "number" ? "minimum"
                                 : kind == "text" ? "minLength"
                                                  : "minItems";
    std::string_view const high = kind == "number" ? "maximum"
                                  : kind == "text" ? "maxLength"
                                                   : "maxItems";
    if (rule->min != 0) fmt::format_to(std::back_inserter(out), R"(,"{}":{})", low, rule->min);
    if (rule->max != 0) fmt::format_to(std::back_inserter(out), R"(,"{}":{})", high, rule->max);
    if (kind == "text" && !rule->format.empty()) {
        fmt::format_to(std::back_inserter(out), R"(,"format":"{}")", rule->format);
    }
    if (!rule->about.empty()) {
        out += R"(,"description":)";
        write_string(out, rule->about);
    }
}

}  // namespace showrunner::json
