// A document in one of its formats: where each layer is, how large, and where its text breaks.
// Pure; docs/compositions.md says the rules, tests/fixtures/compositions shows them, and the web
// app's editor does the same.
#pragma once

#include "compositions/document.hpp"
#include "compositions/metrics.hpp"

#include <string>
#include <vector>

namespace showrunner::compositions {

struct Rectangle {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    [[nodiscard]] double right() const { return x + width; }

    [[nodiscard]] double bottom() const { return y + height; }
};

/// A line of a text: where `text` is anchored by its alignment, in the format's pixels, before the
/// layer is rotated.
struct Line {
    std::string text;
    double x = 0;
    double y = 0;  ///< the baseline
};

struct ResolvedLayer {
    Layer const* layer = nullptr;
    Rectangle box;
    double rotation = 0;
    double size = 0;          ///< of text
    double radius = 0;        ///< of an image's or rectangle's corners, or of the box behind a text
    double padding = 0;       ///< of text
    double stroke_width = 0;  ///< of a shape
    bool hidden = false;
    std::vector<Line> lines;
};

/// Where nothing important is cut off or covered.
[[nodiscard]] Rectangle safe_area(double width, double height);

/// What a box covers when it is rotated about its centre.
[[nodiscard]] Rectangle bounds(Rectangle const& box, double degrees);

/// Every layer, bottom first. The layers point into `document`.
[[nodiscard]] std::vector<ResolvedLayer> resolve(
    Document const& document, Format const& format, Metrics const& metrics
);

/// The lines that `text` breaks into.
[[nodiscard]] std::vector<std::string> break_lines(
    std::string_view text, FontMetrics const& font, double size, double width
);

}  // namespace showrunner::compositions
