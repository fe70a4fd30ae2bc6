#include "base/clock.hpp"

#include <charconv>
#include <cstdint>

namespace showrunner {

namespace {

/// Takes digits off the front of a text, fixed widths only.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    bool number(std::size_t digits, int& out) {
        if (rest_.size() < digits) return false;
        for (char const c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') return false;
        }
        std::from_chars(rest_.data(), rest_.data() + digits, out);
        rest_.remove_prefix(digits);
        return true;
    }

    bool one_of(std::string_view wanted, char* found = nullptr) {
        if (rest_.empty() || wanted.find(rest_.front()) == std::string_view::npos) return false;
        if (found != nullptr) *found = rest_.front();
        rest_.remove_prefix(1);
        return true;
    }

    /// A fraction without its point, in milliseconds; further digits are cut.
    bool fraction_ms(int& out) {
        std::size_t digits = 0;
        int scale = 100;
        out = 0;
        while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
            out += (rest_[digits] - '0') * scale;
            scale /= 10;
            ++digits;
        }
        rest_.remove_prefix(digits);
        return digits > 0 && digits <= 9;
    }

    [[nodiscard]] bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

bool scan_date(Scanner& scanner, std::chrono::year_month_day& date) {
    int year = 0;
    int month = 0;
    int day = 0;
    if (!scanner.number(4, year) || !scanner.one_of("-") || !scanner.number(2, month) ||
        !scanner.one_of("-") || !scanner.number(2, day)) {
        return false;
    }
    date = std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)} /
           std::chrono::day{static_cast<unsigned>(day)};
    return date.ok() && year > 0;
}

/// Minutes east of UTC; the text after the seconds.
bool scan_offset(Scanner& scanner, int& minutes) {
    char sign = 'Z';
    if (scanner.one_of("Zz")) {
        minutes = 0;
        return true;
    }
    int hour = 0;
    int minute = 0;
    if (!scanner.one_of("+-", &sign) || !scanner.number(2, hour)) return false;
    if (!scanner.empty()) {
        scanner.one_of(":");
        if (!scanner.number(2, minute)) return false;
    }
    if (hour > 23 || minute > 59) return false;
    minutes = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
    return true;
}

/// Writes the last `digits` digits of a number that is not negative, from `at` on.
void put_digits(std::string& text, std::size_t at, std::size_t digits, std::int64_t number) {
    for (std::size_t i = at + digits; i > at; --i) {
        text[i - 1] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Every record and event shows several times: with fmt they took 42k of the 266k instructions of a
// POST, so 4k (callgrind, 16 connections).
std::string to_rfc3339(Time time) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const clock{time - day};
    std::string text = "0000-00-00T00:00:00.000Z";
    put_digits(text, 0, 4, static_cast<int>(date.year()));
    put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text, 11, 2, clock.hours().count());
    put_digits(text, 14, 2, clock.minutes().count());
    put_digits(text, 17, 2, clock.seconds().count());
    put_digits(text, 20, 3, clock.subseconds().count());
    return text;
}

std::optional<Time> parse_time(std::string_view text) {
    Scanner scanner{text};
    std::chrono::year_month_day date{};
    int hour = 0;
    int minute = 0;
    int second = 0;
    int ms = 0;
    int offset = 0;
    if (!scan_date(scanner, date) || !scanner.one_of("Tt ") || !scanner.number(2, hour) ||
        !scanner.one_of(":") || !scanner.number(2, minute) || !scanner.one_of(":") ||
        !scanner.number(2, second)) {
        return {};
    }
    if (scanner.one_of(".") && !scanner.fraction_ms(ms)) return {};
    if (!scan_offset(scanner, offset) || !scanner.empty()) return {};
    if (hour > 23 || minute > 59 || second > 60) return {};
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
           std::chrono::minutes{minute - offset} + std::chrono::seconds{second} +
           std::chrono::milliseconds{ms};
}

bool is_date(std::string_view text) {
    Scanner scanner{text};
    std::chrono::year_month_day date{};
    return scan_date(scanner, date) && scanner.empty();
}

}  // namespace showrunner
