#include "media/poster.hpp"

#include "media/workspace.hpp"

#include <algorithm>

namespace showrunner::media {

namespace {

std::vector<std::string> frame_at(double seconds) {
    std::vector<std::string> arguments{"-v", "error", "-nostdin"};
    std::vector<std::string> const input = input_arguments();
    arguments.insert(arguments.end(), input.begin(), input.end());
    arguments.insert(
        arguments.end(),
        // Each thread of a decoder holds frames of its own.
        {"-threads", "1", "-ss", fmt::format("{:.3f}", seconds), "-i", "file:input"}
    );
    arguments.insert(
        arguments.end(),
        // V: video that is no cover. Turned upright by itself; pixels become square.
        {"-map", "0:V:0", "-frames:v", "1", "-vf", "scale=w='min(iw*sar,16000)':h=ih,setsar=1"}
    );
    arguments.insert(
        arguments.end(), {"-f", "image2", "-update", "1", "-c:v", "png", "-y", "file:frame.png"}
    );
    return arguments;
}

}  // namespace

Task<Result<Box>> poster(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Probe const& facts,
    Box box
) {
    if (tools.ffmpeg.empty()) co_return not_installed("ffmpeg");
    if (facts.video.empty()) co_return Problem{Failure::unsupported, "There is no video in it."};
    Workspace const workspace{source, target.parent_path()};
    double const tenth = static_cast<double>(facts.duration_ms.value_or(0)) / 10'000;
    Outcome outcome;
    bool made = false;
    for (double const seconds : {std::min(tenth, 60.0), 0.0}) {
        std::vector<std::string> arguments = frame_at(seconds);
        outcome = co_await workspace.run(tools.ffmpeg, std::move(arguments));
        std::error_code error;
        made = fs::file_size(workspace.path("frame.png"), error) > 0 && !error;
        // A damaged frame is better than none, but not when something better is to be had.
        if (made || seconds == 0 || outcome.exit.timed_out) break;
    }
    if (!made) {
        if (outcome.succeeded()) co_return Problem{Failure::broken, "No frame can be decoded."};
        co_return outcome.problem("ffmpeg", "The video");
    }
    co_return co_await resize(tools, workspace.path("frame.png"), target, box);
}

}  // namespace showrunner::media
