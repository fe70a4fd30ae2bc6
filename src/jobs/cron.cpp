#include "jobs/cron.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace showrunner::jobs {

namespace {

using namespace std::chrono;

struct Field {
    std::string_view name;
    unsigned min;
    unsigned max;
    std::string_view names = {};  ///< abbreviations of three letters, from `min`
};

constexpr std::array fields{
    Field{"minute", 0, 59},
    Field{"hour", 0, 23},
    Field{"day of the month", 1, 31},
    Field{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    Field{"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

std::invalid_argument bad(Field const& field, std::string_view text) {
    return std::invalid_argument{fmt::format("\"{}\" is no {} of a schedule", text, field.name)};
}

unsigned read_number(Field const& field, std::string_view text) {
    if (text.size() == 3 && !field.names.empty()) {
        auto const at = field.names.find(to_lower(text));
        if (at != std::string_view::npos && at % 3 == 0) {
            return field.min + static_cast<unsigned>(at / 3);
        }
    }
    unsigned number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || number < field.min || number > field.max) throw bad(field, text);
    return number;
}

template <std::size_t N>
void read_part(Field const& field, std::string_view part, std::bitset<N>& out) {
    auto const slash = part.find('/');
    std::string_view const range = part.substr(0, slash);
    unsigned step = 1;
    if (slash != std::string_view::npos) {
        step = read_number({field.name, 1, field.max}, part.substr(slash + 1));
    }
    unsigned first = field.min;
    unsigned last = field.max;
    if (range != "*") {
        auto const dash = range.find('-');
        first = read_number(field, range.substr(0, dash));
        last = first;
        if (dash != std::string_view::npos) {
            last = read_number(field, range.substr(dash + 1));
        } else if (slash != std::string_view::npos) {
            last = field.max;
        }
        if (last < first) throw bad(field, part);
    }
    for (unsigned n = first; n <= last; n += step) out.set(n % N);
}

/// Sets the field's bits; true when it restricts nothing.
template <std::size_t N>
bool read_field(Field const& field, std::string_view text, std::bitset<N>& out) {
    bool const any = text == "*";
    for (;;) {
        auto const comma = text.find(',');
        read_part(field, text.substr(0, comma), out);
        if (comma == std::string_view::npos) return any;
        text.remove_prefix(comma + 1);
    }
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        auto const start = text.find_first_not_of(" \t");
        if (start == std::string_view::npos) break;
        text.remove_prefix(start);
        auto const end = std::min(text.find_first_of(" \t"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

}  // namespace

Cron::Cron(std::string_view text) {
    auto const words = words_of(text);
    if (words.size() != fields.size()) {
        throw std::invalid_argument{
            "a schedule has five fields: minute, hour, day of the month, month, day of the week"
        };
    }
    read_field(fields[0], words[0], minutes_);
    read_field(fields[1], words[1], hours_);
    any_day_ = read_field(fields[2], words[2], days_);
    read_field(fields[3], words[3], months_);
    any_weekday_ = read_field(fields[4], words[4], weekdays_);
}

bool Cron::has_day(year_month_day day) const {
    bool const by_date = days_.test(static_cast<unsigned>(day.day()));
    bool const by_weekday = weekdays_.test(weekday{sys_days{day}}.c_encoding());
    if (any_day_ || any_weekday_) return by_date && by_weekday;
    return by_date || by_weekday;
}

std::optional<Time> Cron::next(Time time) const {
    auto const start = floor<minutes>(time) + minutes{1};
    sys_days day = floor<days>(start);
    sys_days const end = day + days{8 * 366};
    unsigned first_minute = static_cast<unsigned>((start - day).count());
    for (; day < end; day += days{1}, first_minute = 0) {
        year_month_day const date{day};
        if (!months_.test(static_cast<unsigned>(date.month())) || !has_day(date)) continue;
        for (unsigned minute = first_minute; minute < 24 * 60; ++minute) {
            if (hours_.test(minute / 60) && minutes_.test(minute % 60)) {
                return Time{day} + minutes{minute};
            }
        }
    }
    return {};
}

}  // namespace showrunner::jobs
