// One picture that stands for a video.
#pragma once

#include "media/image.hpp"
#include "media/probe.hpp"

namespace showrunner::media {

/// Takes a frame from a tenth into the video (the first, when there is none there) and makes
/// `target` of it as resize() does.
Task<Result<Box>> poster(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Probe const& facts,
    Box box
);

}  // namespace showrunner::media
