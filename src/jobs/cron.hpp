// Times that repeat, as cron writes them: minute, hour, day of the month, month, day of the week.
#pragma once

#include "base/clock.hpp"

#include <bitset>
#include <optional>
#include <string_view>

namespace showrunner::jobs {

/// Five fields in UTC: `*`, numbers, ranges `1-5`, lists `1,15`, steps `*/10` and `8-18/2`; months
/// and days also by their English abbreviations, Sunday as 0 or 7. As in cron, when both days are
/// restricted either will do.
class Cron {
public:
    /// Throws std::invalid_argument with a sentence.
    explicit Cron(std::string_view text);

    /// The first minute after `time`; nothing when there is none within eight years (30 February).
    [[nodiscard]] std::optional<Time> next(Time time) const;

private:
    [[nodiscard]] bool has_day(std::chrono::year_month_day day) const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;
    std::bitset<13> months_;
    std::bitset<7> weekdays_;
    bool any_day_ = false;
    bool any_weekday_ = false;
};

}  // namespace showrunner::jobs
