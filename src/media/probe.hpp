// What is in a file of video or audio, by ffprobe.
#pragma once

#include "base/json.hpp"
#include "base/task.hpp"
#include "media/tools.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::media {

struct VideoStream {
    std::string codec;
    std::string profile;
    int width = 0;  ///< as it is shown: rotation and the shape of its pixels applied
    int height = 0;
    int rotation = 0;  ///< degrees counter-clockwise that showing it turns it: 0, 90, 180, 270
    double frame_rate = 0;
    std::optional<std::int64_t> bit_rate;

    bool operator==(VideoStream const&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    VideoStream, (), (codec, profile, width, height, rotation, frame_rate, bit_rate)
)

struct AudioStream {
    std::string codec;
    int channels = 0;
    std::string layout;  ///< mono, stereo, 5.1, …; may be empty
    int sample_rate = 0;
    std::optional<std::int64_t> bit_rate;

    bool operator==(AudioStream const&) const = default;
};
BOOST_DESCRIBE_STRUCT(AudioStream, (), (codec, channels, layout, sample_rate, bit_rate))

struct Probe {
    std::string container;  ///< mp4, webm, wav, …
    std::optional<std::int64_t> duration_ms;
    std::optional<std::int64_t> bit_rate;
    std::vector<VideoStream> video;  ///< pictures of covers are not among them
    std::vector<AudioStream> audio;

    bool operator==(Probe const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Probe, (), (container, duration_ms, bit_rate, video, audio))

Task<Result<Probe>> probe(Tools const& tools, std::filesystem::path const& source);

/// What ffprobe has answered.
[[nodiscard]] Result<Probe> read_probe(std::string_view answer);

/// What ffmpeg and ffprobe are told before a user's file: containers that hold their media
/// themselves, read as local files. Playlists, which name other files or servers, are not among
/// them.
[[nodiscard]] std::vector<std::string> input_arguments();

}  // namespace showrunner::media
