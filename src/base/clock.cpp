#include "base/clock.hpp"

#include <fmt/format.h>

#include <charconv>

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

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string to_rfc3339(Time time) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const clock{time - day};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count()
    );
}

std::optional<Time> parse_time(std::string_view text) {
    Scanner scanner{text};
    std::chrono::year_month_day date;
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
    std::chrono::year_month_day date;
    return scan_date(scanner, date) && scanner.empty();
}

}  // namespace showrunner
