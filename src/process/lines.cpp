#include "process/lines.hpp"

#include <algorithm>

namespace showrunner::process {

void Lines::feed(std::string_view bytes) {
    if (bytes.size() > left_) {
        truncated_ = true;
        bytes = bytes.substr(0, left_);
    }
    left_ -= bytes.size();
    while (!bytes.empty()) {
        auto const newline = bytes.find('\n');
        extend(bytes.substr(0, newline));
        if (newline == std::string_view::npos) return;
        end_line();
        bytes.remove_prefix(newline + 1);
    }
}

void Lines::finish() {
    if (open_) end_line();
}

void Lines::extend(std::string_view part) {
    open_ = true;
    std::size_t const room = line_bytes_max - line_.size();
    if (part.size() > room) truncated_ = true;
    line_ += part.substr(0, room);
}

void Lines::end_line() {
    if (sink_) sink_(line_);
    line_.clear();
    open_ = false;
}

}  // namespace showrunner::process
