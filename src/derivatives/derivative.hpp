// What is made from a file so that it can be shown, and what was found in it.
#pragma once

#include "base/json.hpp"
#include "media/probe.hpp"
#include "media/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::derivatives {

enum class Role : std::uint8_t { thumbnail, preview, poster, waveform, text };
BOOST_DESCRIBE_ENUM(Role, thumbnail, preview, poster, waveform, text)

enum class State : std::uint8_t {
    ready,
    unavailable,  ///< what makes it is not installed on this server
    failed,       ///< the file does not allow it: see the error
};
BOOST_DESCRIBE_ENUM(State, ready, unavailable, failed)

struct Reason {
    media::Failure kind = media::Failure::broken;
    std::string message;
};
BOOST_DESCRIBE_STRUCT(Reason, (), (kind, message))

/// As a file's record shows it, in `derivatives`.
struct Derivative {
    Role role = Role::thumbnail;
    State state = State::ready;
    int width = 0;  ///< 0: no picture
    int height = 0;
    std::string media_type;
    std::int64_t bytes = 0;
    std::optional<std::string> url;  ///< good for ever: other content has another one
    std::optional<Reason> error;
};
BOOST_DESCRIBE_STRUCT(Derivative, (), (role, state, width, height, media_type, bytes, url, error))

/// What looking into a file found: `media` of its record. What does not apply is null.
struct Facts {
    std::optional<std::string> format;  ///< jpeg, mp4, flac, …
    std::optional<int> width;           ///< as it is shown
    std::optional<int> height;
    std::optional<int> pages;  ///< of a picture, or frames of an animation
    std::optional<bool> transparent;
    std::optional<std::int64_t> duration_ms;
    std::optional<std::int64_t> bit_rate;
    std::vector<media::VideoStream> video;
    std::vector<media::AudioStream> audio;
    std::optional<std::string> encoding;  ///< of a text
    std::optional<Reason> error;          ///< why nothing was found
};
BOOST_DESCRIBE_STRUCT(
    Facts,
    (),
    (format, width, height, pages, transparent, duration_ms, bit_rate, video, audio, encoding, error
    )
)

/// Made, and not yet kept.
struct Made {
    Role role = Role::thumbnail;
    int width = 0;
    int height = 0;
    std::string media_type = {};
    std::filesystem::path path = {};  ///< empty when there is none:
    std::optional<Reason> error = {};
};

}  // namespace showrunner::derivatives
