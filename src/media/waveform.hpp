// The shape of a sound: how loud it is at each of about a thousand moments.
#pragma once

#include "media/image.hpp"
#include "media/probe.hpp"

#include <functional>

namespace showrunner::media {

struct Waveform {
    std::int64_t duration_ms = 0;
    std::vector<double> peaks;  ///< of equal parts of it: 0 is silence, 1 the loudest there is

    bool operator==(Waveform const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Waveform, (), (duration_ms, peaks))

/// Collects peaks until it has heard the end: however long that takes, at most twice the points.
class PeakCollector {
public:
    explicit PeakCollector(std::size_t points) : points_{points} {}

    void add(double peak);

    /// At most `points` of them.
    [[nodiscard]] std::vector<double> take() &&;

private:
    void halve();

    std::size_t points_;
    std::size_t merged_ = 1;   ///< so many make one
    std::size_t pending_ = 0;  ///< … of which these have come
    double highest_ = 0;
    std::vector<double> peaks_;
};

/// `progress`: percent, as it goes on.
Task<Result<Waveform>> waveform(
    Tools const& tools,
    std::filesystem::path const& source,
    Probe const& facts,
    std::function<void(int)> progress = {}
);

/// A drawing of it, as SVG on nothing.
[[nodiscard]] std::string draw_waveform(Waveform const& waveform, Box box);

}  // namespace showrunner::media
