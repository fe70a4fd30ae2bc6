// Cuts a stream of bytes into lines, within limits.
#pragma once

#include "process/command.hpp"

#include <string>
#include <string_view>

namespace showrunner::process {

class Lines {
public:
    /// `bytes_max`: of the stream; what follows is dropped.
    Lines(LineSink sink, std::uint64_t bytes_max) : sink_{std::move(sink)}, left_{bytes_max} {}

    void feed(std::string_view bytes);
    /// The last line, when it has no newline.
    void finish();

    /// Was anything dropped?
    [[nodiscard]] bool truncated() const { return truncated_; }

private:
    void extend(std::string_view part);
    void end_line();

    LineSink sink_;
    std::uint64_t left_;
    std::string line_;
    bool open_ = false;  ///< a line has begun
    bool truncated_ = false;
};

}  // namespace showrunner::process
