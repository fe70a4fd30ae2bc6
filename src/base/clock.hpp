// Wall-clock time as records show it. Injected, so that tests decide what time it is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner {

/// A point in UTC with the precision of the API: milliseconds.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
public:
    Clock() = default;
    Clock(Clock const&) = default;
    Clock& operator=(Clock const&) = default;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const override;
};

/// `2026-11-20T12:37:24.123Z`
[[nodiscard]] std::string to_rfc3339(Time time);

/// Reads RFC 3339 (any offset, optional fraction) and PostgreSQL's ISO form
/// (`2026-11-20 12:37:24.123456+00`); nothing for anything else.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

/// True for a real calendar date as `YYYY-MM-DD`.
[[nodiscard]] bool is_date(std::string_view text);

}  // namespace showrunner
