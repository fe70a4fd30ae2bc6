// The programs that look into media, as far as they are there. Every one of them runs without the
// network and within limits.
#pragma once

#include "media/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace showrunner::media {

/// Absolute paths; empty: not installed.
struct Tools {
    std::string vips;        ///< pictures; of Debian's libvips-tools
    std::string vipsheader;  ///< their sizes, before anything is decoded
    std::string ffmpeg;      ///< frames and waveforms
    std::string ffprobe;     ///< what is in video and audio

    [[nodiscard]] bool pictures() const { return !vips.empty() && !vipsheader.empty(); }

    [[nodiscard]] bool moving() const { return !ffmpeg.empty() && !ffprobe.empty(); }

    /// The names of those that are not there.
    [[nodiscard]] std::vector<std::string> missing() const;
};

/// An absolute path, or nothing. Looks through `folders`, separated by colons as in PATH; relative
/// ones are passed over.
[[nodiscard]] std::string find_program(std::string_view folders, std::string_view name);

[[nodiscard]] Tools find_tools(std::string_view folders);

[[nodiscard]] Problem not_installed(std::string_view program);

}  // namespace showrunner::media
