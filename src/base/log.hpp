// Structured logs: one JSON object a line on stderr. Never log a secret, a token or a body.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace showrunner::log {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
    std::string_view name;
    std::variant<std::int64_t, double, bool, std::string_view> value;

    Field(std::string_view name, std::string_view text) : name{name}, value{text} {}

    Field(std::string_view name, std::string const& text)
        : name{name}, value{std::string_view{text}} {}

    Field(std::string_view name, char const* text) : name{name}, value{std::string_view{text}} {}

    Field(std::string_view name, bool flag) : name{name}, value{flag} {}

    Field(std::string_view name, double number) : name{name}, value{number} {}

    template <std::integral Number>
    Field(std::string_view name, Number number)
        : name{name}, value{static_cast<std::int64_t>(number)} {}
};

using Fields = std::initializer_list<Field>;

/// The least severe level that is written; info unless set.
void set_level(Level level);
[[nodiscard]] bool enabled(Level level);

/// Writes `{"time":…,"level":…,"event":…, fields…}`. Safe from any thread.
void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
    write(Level::debug, event, fields);
}

inline void info(std::string_view event, Fields fields = {}) {
    write(Level::info, event, fields);
}

inline void warning(std::string_view event, Fields fields = {}) {
    write(Level::warning, event, fields);
}

inline void error(std::string_view event, Fields fields = {}) {
    write(Level::error, event, fields);
}

}  // namespace showrunner::log
