#include "media/waveform.hpp"

#include "media/workspace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace showrunner::media {

namespace {

constexpr std::size_t points = 1000;
constexpr int rate = 16'000;  ///< what is heard beyond is not seen

/// A window so short that there are as many as there are points; longer ones are put together.
int window_samples(Probe const& facts) {
    std::int64_t const samples = facts.duration_ms.value_or(0) * rate / 1000;
    auto const wanted = samples / static_cast<std::int64_t>(points);
    return static_cast<int>(std::clamp<std::int64_t>(wanted, 32, 60L * rate));
}

std::vector<std::string> arguments_for(int window) {
    std::vector<std::string> arguments{"-v", "error", "-nostdin", "-progress", "pipe:2"};
    std::vector<std::string> const input = input_arguments();
    arguments.insert(arguments.end(), input.begin(), input.end());
    arguments.insert(arguments.end(), {"-threads", "1", "-i", "file:input", "-map", "0:a:0"});
    arguments.insert(
        arguments.end(),
        {"-af",
         fmt::format(
             "aformat=sample_fmts=s16:sample_rates={}:channel_layouts=mono,asetnsamples=n={}:p=0,"
             "astats=metadata=1:reset=1:measure_overall=none:measure_perchannel=Peak_level,"
             "ametadata=mode=print:key=lavfi.astats.1.Peak_level:file=-",
             rate,
             window
         ),
         "-f",
         "null",
         "-"}
    );
    return arguments;
}

/// `lavfi.astats.1.Peak_level=-17.742244`, in decibels; `-inf` is silence.
std::optional<double> peak_of(std::string_view line) {
    constexpr std::string_view key = "lavfi.astats.1.Peak_level=";
    if (!line.starts_with(key)) return {};
    double const decibels = std::strtod(std::string{line.substr(key.size())}.c_str(), nullptr);
    if (std::isnan(decibels)) return 0.0;
    return std::clamp(std::pow(10, decibels / 20), 0.0, 1.0);
}

/// `out_time_us=1234567`, of ffmpeg's progress.
std::optional<std::int64_t> milliseconds_of(std::string_view line) {
    constexpr std::string_view key = "out_time_us=";
    if (!line.starts_with(key)) return {};
    std::int64_t const us = std::strtoll(std::string{line.substr(key.size())}.c_str(), nullptr, 10);
    return std::max<std::int64_t>(0, us / 1000);
}

}  // namespace

void PeakCollector::add(double peak) {
    highest_ = std::max(highest_, peak);
    if (++pending_ < merged_) return;
    peaks_.push_back(highest_);
    pending_ = 0;
    highest_ = 0;
    if (peaks_.size() >= 2 * points_) halve();
}

void PeakCollector::halve() {
    for (std::size_t i = 0; i < peaks_.size() / 2; ++i) {
        peaks_[i] = std::max(peaks_[2 * i], peaks_[2 * i + 1]);
    }
    peaks_.resize(peaks_.size() / 2);
    merged_ *= 2;
}

std::vector<double> PeakCollector::take() && {
    if (pending_ > 0) peaks_.push_back(highest_);
    if (peaks_.size() <= points_) return std::move(peaks_);
    std::vector<double> fewer(points_);
    for (std::size_t i = 0; i < peaks_.size(); ++i) {
        double& peak = fewer[i * points_ / peaks_.size()];
        peak = std::max(peak, peaks_[i]);
    }
    return fewer;
}

Task<Result<Waveform>> waveform(
    Tools const& tools,
    std::filesystem::path const& source,
    Probe const& facts,
    std::function<void(int)> progress
) {
    if (tools.ffmpeg.empty()) co_return not_installed("ffmpeg");
    if (facts.audio.empty()) co_return Problem{Failure::unsupported, "There is no sound in it."};
    Workspace const workspace{source};
    PeakCollector collector{points};
    std::int64_t heard_ms = 0;
    std::int64_t const expected_ms = std::max<std::int64_t>(1, facts.duration_ms.value_or(1));
    auto const hear = [&](std::string_view line) {
        if (auto const peak = peak_of(line)) collector.add(*peak);
    };
    auto const follow = [&](std::string_view line) {
        auto const at = milliseconds_of(line);
        if (!at) return;
        heard_ms = std::max(heard_ms, *at);
        if (progress)
            progress(static_cast<int>(std::min<std::int64_t>(99, 100 * heard_ms / expected_ms)));
    };
    Terms const terms{.time = std::chrono::minutes{30}};
    std::vector<std::string> arguments = arguments_for(window_samples(facts));
    Outcome const outcome =
        co_await workspace.run(tools.ffmpeg, std::move(arguments), terms, hear, follow);
    if (!outcome.succeeded()) co_return outcome.problem("ffmpeg", "The sound");
    Waveform made{.duration_ms = heard_ms, .peaks = std::move(collector).take()};
    if (made.peaks.empty()) co_return Problem{Failure::broken, "No sound can be decoded."};
    for (double& peak : made.peaks) peak = std::round(peak * 1000) / 1000;
    co_return made;
}

std::string draw_waveform(Waveform const& waveform, Box box) {
    constexpr int step = 4;  // A bar of 3 pixels, and one between.
    auto const bars = static_cast<std::size_t>(std::max(1, box.width / step));
    std::vector<double> heights(bars, 0.0);
    for (std::size_t i = 0; i < waveform.peaks.size(); ++i) {
        double& height = heights[i * bars / waveform.peaks.size()];
        height = std::max(height, waveform.peaks[i]);
    }
    // Shorter sounds than there are bars: each peak goes on to the next.
    for (std::size_t i = 1; i < bars && waveform.peaks.size() < bars; ++i) {
        if (heights[i] == 0) heights[i] = heights[i - 1];
    }
    std::string svg = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" fill="#6b7fd7">)",
        box.width,
        box.height
    );
    for (std::size_t i = 0; i < bars; ++i) {
        double const height = std::max(2.0, heights[i] * box.height);
        svg += fmt::format(
            R"(<rect x="{}" y="{:.1f}" width="3" height="{:.1f}" rx="1"/>)",
            i * step,
            (box.height - height) / 2,
            height
        );
    }
    svg += "</svg>";
    return svg;
}

}  // namespace showrunner::media
