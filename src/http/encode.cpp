#include "http/encode.hpp"

#include "base/log.hpp"
#include "http/grammar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace showrunner::http {

namespace {

std::string_view reason_of(unsigned status) {
    switch (status) {
            // clang-format off
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 422: return "Unprocessable Content";
        case 423: return "Locked";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 460: return "Checksum Mismatch";
        case 507: return "Insufficient Storage";
        default: return "Status";
            // clang-format on
    }
}

enum : std::uint8_t { in_name = 1, in_value = 2 };

/// What each byte may be part of. A table, because every byte of every answer's fields is looked
/// up.
constexpr auto byte_kinds = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
        auto const c = static_cast<char>(byte);
        bool const separator =
            std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) != std::string_view::npos;
        if (byte > ' ' && byte < 0x7f && !separator) kinds[byte] |= in_name;
        if ((byte >= ' ' && byte != 0x7f) || c == '\t') kinds[byte] |= in_value;
    }
    return kinds;
}();

bool consists_of(std::string_view text, std::uint8_t kind) {
    std::uint8_t common = kind;
    for (char const c : text) common &= byte_kinds[static_cast<unsigned char>(c)];
    return common != 0;
}

bool is_name(std::string_view name) {
    return !name.empty() && consists_of(name, in_name);
}

bool is_value(std::string_view value) {
    return consists_of(value, in_value);
}

/// Headers that frame the message are the connection's business alone.
bool is_ours(std::string_view name) {
    static constexpr std::array<std::string_view, 7> names{
        "Connection",
        "Content-Length",
        "Date",
        "Keep-Alive",
        "Transfer-Encoding",
        "Upgrade",
        "X-Request-Id"
    };
    return std::any_of(names.begin(), names.end(), [&](std::string_view ours) {
        return same_name(ours, name);
    });
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_length(std::string& out, Response const& response, Verb method) {
    if (response.status < 200 || response.status == 204 || response.status == 304) return;
    out += "\r\nContent-Length: ";
    // The answer to a HEAD may state a length without having made the body.
    std::string_view const stated =
        method == Verb::head ? response.headers.get("Content-Length") : std::string_view{};
    bool const usable =
        !stated.empty() && stated.find_first_not_of("0123456789") == std::string_view::npos;
    if (response.source) {
        append_number(out, response.source_bytes);
    } else if (response.body.empty() && usable) {
        out += stated;
    } else {
        append_number(out, response.body.size());
    }
}

}  // namespace

bool sends_body(unsigned status, Verb method) {
    return method != Verb::head && status >= 200 && status != 204 && status != 304;
}

void append_head(std::string& out, Response const& response, Framing const& framing) {
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out += ' ';
    out += reason_of(response.status);
    out += "\r\nDate: ";
    out += framing.date;
    append_length(out, response, framing.method);
    if (framing.persistence == Persistence::close) out += "\r\nConnection: close";
    if (framing.persistence == Persistence::keep_alive_1_0) out += "\r\nConnection: keep-alive";
    out += "\r\nX-Request-Id: ";
    out += framing.request_id;
    for (auto const& [name, value] : response.headers) {
        if (is_ours(name)) continue;
        if (!is_name(name) || !is_value(value)) {
            log::error("response_header_dropped", {{"request_id", framing.request_id}});
            continue;
        }
        out += "\r\n";
        out += name;
        out += ": ";
        out += value;
    }
    out += "\r\n\r\n";
}

std::string http_date(Time time) {
    using namespace std::chrono;
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    auto const day = floor<std::chrono::days>(time);
    year_month_day const date{day};
    hh_mm_ss const clock{floor<seconds>(time - day)};
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        days[weekday{day}.c_encoding()],
        static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count()
    );
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return {};
    auto const digits = [&](std::size_t at, std::size_t count) {
        int value = -1;
        std::string_view const part = text.substr(at, count);
        auto const [end, error] = std::from_chars(part.data(), part.data() + count, value);
        return error == std::errc{} && end == part.data() + count ? value : -1;
    };
    auto const month = std::ranges::find(months, text.substr(8, 3));
    int const year = digits(12, 4);
    int const day = digits(5, 2);
    int const hour = digits(17, 2);
    int const minute = digits(20, 2);
    int const second = digits(23, 2);
    if (month == months.end() || year < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) {
        return {};
    }
    auto const index = static_cast<unsigned>(month - months.begin()) + 1;
    std::chrono::year_month_day const date{
        std::chrono::year{year},
        std::chrono::month{index},
        std::chrono::day{static_cast<unsigned>(day)}
    };
    if (!date.ok()) return {};
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second};
}

}  // namespace showrunner::http
