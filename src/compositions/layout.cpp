#include "compositions/layout.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace showrunner::compositions {

namespace {

/// Hundredths of a pixel: what differs by less is equal.
constexpr double tolerance = 0.01;

bool contains(Rectangle const& outer, Rectangle const& inner) {
    return inner.x >= outer.x - tolerance && inner.y >= outer.y - tolerance &&
           inner.right() <= outer.right() + tolerance &&
           inner.bottom() <= outer.bottom() + tolerance;
}

/// 0 for the left or top side, 1 for the right or bottom one, else the middle.
double share(std::string_view anchor, std::string_view low, std::string_view high) {
    if (anchor.find(low) != anchor.npos) return 0;
    if (anchor.find(high) != anchor.npos) return 1;
    return 0.5;
}

void multiply(ResolvedLayer& layer, double factor) {
    layer.size *= factor;
    layer.radius *= factor;
    layer.padding *= factor;
    layer.stroke_width *= factor;
}

ResolvedLayer as_designed(Layer const& layer) {
    ResolvedLayer out;
    out.layer = &layer;
    out.box = {layer.x, layer.y, layer.width, layer.height};
    out.rotation = layer.rotation.value_or(0);
    out.size = layer.size.value_or(0);
    out.radius = layer.box ? layer.box->radius.value_or(0) : layer.radius.value_or(0);
    out.padding = layer.box ? layer.box->padding.value_or(0) : 0;
    out.stroke_width = layer.stroke ? layer.stroke_width.value_or(1) : 0;
    out.hidden = layer.hidden.value_or(false);
    return out;
}

void shrink_to_fit(ResolvedLayer& layer, Rectangle const& safe) {
    Rectangle const extent = bounds(layer.box, layer.rotation);
    double const factor = std::min(
        {1.0,
         safe.width / std::max(extent.width, tolerance),
         safe.height / std::max(extent.height, tolerance)}
    );
    if (factor == 1.0) return;
    Rectangle& box = layer.box;
    box.x += box.width * (1 - factor) / 2;
    box.y += box.height * (1 - factor) / 2;
    box.width *= factor;
    box.height *= factor;
    multiply(layer, factor);
}

void move_into(ResolvedLayer& layer, Rectangle const& safe) {
    Rectangle const extent = bounds(layer.box, layer.rotation);
    if (extent.right() > safe.right()) layer.box.x -= extent.right() - safe.right();
    if (extent.x < safe.x) layer.box.x += safe.x - extent.x;
    if (extent.bottom() > safe.bottom()) layer.box.y -= extent.bottom() - safe.bottom();
    if (extent.y < safe.y) layer.box.y += safe.y - extent.y;
}

void adapt(ResolvedLayer& out, Canvas const& canvas, Format const& format) {
    double const across = static_cast<double>(format.width) / canvas.width;
    double const down = static_cast<double>(format.height) / canvas.height;
    double const scale = std::min(across, down);
    Rectangle& box = out.box;
    bool const covers = box.x <= tolerance && box.y <= tolerance &&
                        box.right() >= canvas.width - tolerance &&
                        box.bottom() >= canvas.height - tolerance;
    bool const was_safe =
        contains(safe_area(canvas.width, canvas.height), bounds(box, out.rotation));
    multiply(out, scale);
    if (out.layer->bleed.value_or(false) && covers) {
        box = {box.x * across, box.y * down, box.width * across, box.height * down};
        return;
    }
    std::string const anchor = out.layer->anchor.value_or("center");
    double const from_left = share(anchor, "left", "right");
    double const from_top = share(anchor, "top", "bottom");
    box.x = format.width * from_left + (box.x - canvas.width * from_left) * scale;
    box.y = format.height * from_top + (box.y - canvas.height * from_top) * scale;
    box.width *= scale;
    box.height *= scale;
    if (!was_safe) return;
    Rectangle const safe = safe_area(format.width, format.height);
    shrink_to_fit(out, safe);
    move_into(out, safe);
}

void apply(ResolvedLayer& out, Override const& change) {
    out.box.x = change.x.value_or(out.box.x);
    out.box.y = change.y.value_or(out.box.y);
    out.box.width = change.width.value_or(out.box.width);
    out.box.height = change.height.value_or(out.box.height);
    out.rotation = change.rotation.value_or(out.rotation);
    out.size = change.size.value_or(out.size);
    out.hidden = change.hidden.value_or(out.hidden);
}

void set_lines(ResolvedLayer& out, Metrics const& metrics) {
    Layer const& layer = *out.layer;
    FontMetrics const& font = metrics.of(layer.font.value_or(""), layer.weight.value_or(400));
    Rectangle const inner{
        out.box.x + out.padding,
        out.box.y + out.padding,
        std::max(0.0, out.box.width - 2 * out.padding),
        out.box.height - 2 * out.padding
    };
    auto const texts = break_lines(layer.text.value_or(""), font, out.size, inner.width);
    double const pitch = layer.line_height.value_or(1.2) * out.size;
    double const spare = inner.height - pitch * static_cast<double>(texts.size());
    std::string const valign = layer.valign.value_or("top");
    double const above = valign == "middle" ? spare / 2 : valign == "bottom" ? spare : 0;
    // Half of what the line is higher than its glyphs is above them, as in CSS.
    double const first = inner.y + above + (pitch - (font.ascent + font.descent) * out.size) / 2 +
                         font.ascent * out.size;
    std::string const align = layer.align.value_or("left");
    double const x = align == "center"  ? out.box.x + out.box.width / 2
                     : align == "right" ? inner.right()
                                        : inner.x;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        out.lines.push_back({texts[i], x, first + pitch * static_cast<double>(i)});
    }
}

/// One paragraph, greedily: words with the spaces between them, for as long as they fit.
class Paragraph {
public:
    Paragraph(FontMetrics const& font, double size, double width)
        : font_{font}, size_{size}, width_{width + tolerance} {}

    std::vector<std::u32string> break_up(std::u32string_view text) {
        bool first = true;
        while (true) {
            std::size_t const end = std::min(text.find(U' '), text.size());
            add(text.substr(0, end), first);
            first = false;
            if (end == text.size()) break;
            text.remove_prefix(end + 1);
        }
        finish_line();
        return std::move(lines_);
    }

private:
    [[nodiscard]] double width_of(std::u32string_view text) const {
        double advances = 0;
        for (char32_t const c : text) advances += font_.advance(c);
        return advances * size_;
    }

    void add(std::u32string_view word, bool first) {
        if (!first && !(wrapped_ && line_.empty())) {
            std::u32string const longer = line_ + U' ' + std::u32string{word};
            if (word.empty() || width_of(longer) <= width_) {
                line_ = longer;
                return;
            }
            finish_line();
            wrapped_ = true;
        }
        line_ = word;
        split_long();
    }

    /// A word wider than the box is broken at characters; at least one goes into each line.
    void split_long() {
        while (width_of(line_) > width_) {
            double advances = font_.advance(line_.front());
            std::size_t count = 1;
            while (count < line_.size() &&
                   (advances + font_.advance(line_[count])) * size_ <= width_) {
                advances += font_.advance(line_[count++]);
            }
            if (count == line_.size()) return;
            std::u32string const rest = line_.substr(count);
            line_.resize(count);
            finish_line();
            wrapped_ = true;
            line_ = rest;
        }
    }

    void finish_line() {
        line_.erase(line_.find_last_not_of(U' ') + 1);
        lines_.push_back(std::move(line_));
        line_.clear();
    }

    FontMetrics const& font_;
    double size_;
    double width_;
    bool wrapped_ = false;
    std::u32string line_;
    std::vector<std::u32string> lines_;
};

}  // namespace

Rectangle safe_area(double width, double height) {
    bool const story = height >= 1.6 * width;
    double const top = story ? 0.14 : 0.05;
    double const bottom = story ? 0.20 : 0.05;
    return {width * 0.05, height * top, width * 0.9, height * (1 - top - bottom)};
}

Rectangle bounds(Rectangle const& box, double degrees) {
    double const angle = degrees * std::numbers::pi / 180;
    double const across = std::abs(std::cos(angle));
    double const down = std::abs(std::sin(angle));
    double const width = box.width * across + box.height * down;
    double const height = box.width * down + box.height * across;
    return {box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height};
}

std::vector<std::string> break_lines(
    std::string_view text, FontMetrics const& font, double size, double width
) {
    std::u32string characters = decode(text);
    std::ranges::replace(characters, U'\t', U' ');
    std::vector<std::string> lines;
    std::u32string_view rest = characters;
    while (true) {
        std::size_t const end = std::min(rest.find(U'\n'), rest.size());
        for (auto const& line : Paragraph{font, size, width}.break_up(rest.substr(0, end))) {
            std::string& out = lines.emplace_back();
            for (char32_t const c : line) append_utf8(out, c);
        }
        if (end == rest.size()) return lines;
        rest.remove_prefix(end + 1);
    }
}

std::vector<ResolvedLayer> resolve(
    Document const& document, Format const& format, Metrics const& metrics
) {
    std::vector<ResolvedLayer> out;
    out.reserve(document.layers.size());
    bool const is_canvas =
        format.width == document.canvas.width && format.height == document.canvas.height;
    std::map<std::string, Override> const* changes = nullptr;
    if (document.overrides) {
        auto const found = document.overrides->find(format.name);
        if (found != document.overrides->end()) changes = &found->second;
    }
    for (Layer const& layer : document.layers) {
        ResolvedLayer& each = out.emplace_back(as_designed(layer));
        if (!is_canvas) adapt(each, document.canvas, format);
        if (changes != nullptr) {
            auto const change = changes->find(layer.id);
            if (change != changes->end()) apply(each, change->second);
        }
        if (layer.type == "text") set_lines(each, metrics);
    }
    return out;
}

}  // namespace showrunner::compositions
