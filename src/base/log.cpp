#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

namespace showrunner::log {

namespace {

std::atomic<Level> threshold{Level::info};

constexpr std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

struct ValueWriter {
    std::string& out;

    void operator()(std::int64_t number) const {
        fmt::format_to(std::back_inserter(out), "{}", number);
    }

    void operator()(double number) const {
        fmt::format_to(std::back_inserter(out), "{:.6g}", number);
    }

    void operator()(bool flag) const { out += flag ? "true" : "false"; }

    void operator()(std::string_view text) const { json::write_string(out, text); }
};

}  // namespace

void set_level(Level level) {
    threshold = level;
}

bool enabled(Level level) {
    return level >= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, Fields fields) {
    if (!enabled(level)) return;
    std::string line;
    line.reserve(256);
    line += R"({"time":")";
    line += to_rfc3339(SystemClock{}.now());
    line += R"(","level":")";
    line += name_of(level);
    line += R"(","event":)";
    json::write_string(line, event);
    for (Field const& field : fields) {
        line += ',';
        json::write_string(line, field.name);
        line += ':';
        std::visit(ValueWriter{line}, field.value);
    }
    line += "}\n";
    // One write() a line: lines of several threads and processes do not mix. If stderr is gone
    // there is nowhere left to say so.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace showrunner::log
