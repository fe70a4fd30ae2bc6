#include "compositions/scene.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace showrunner::compositions {

namespace {

/// Four decimals at most: finer than any picture, and the same on every machine.
std::string number(double value) {
    std::string text = fmt::format("{:.4f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text == "-0" ? "0" : text;
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char const c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

class Scene {
public:
    explicit Scene(Pictures const& pictures) : pictures_{pictures} {}

    void begin(Document const& document, Format const& format) {
        out_ = fmt::format(
            R"(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}" viewBox="0 0 {0} {1}">)"
            "\n",
            format.width,
            format.height
        );
        out_ += fmt::format(R"(<rect width="{}" height="{}")", format.width, format.height);
        color("fill", document.background);
        out_ += "/>\n";
    }

    void layer(ResolvedLayer const& resolved) {
        if (resolved.hidden) return;
        Layer const& layer = *resolved.layer;
        Rectangle const& box = resolved.box;
        out_ += "<g";
        if (resolved.rotation != 0) {
            out_ += fmt::format(
                R"svg( transform="rotate({} {} {})")svg",
                number(resolved.rotation),
                number(box.x + box.width / 2),
                number(box.y + box.height / 2)
            );
        }
        double const opacity = layer.opacity.value_or(1);
        if (opacity < 1) attribute("opacity", opacity);
        out_ += '>';
        if (layer.type == "image") image(resolved);
        if (layer.type == "text") text(resolved);
        if (layer.type == "shape") shape(resolved);
        out_ += "</g>\n";
    }

    std::string end() {
        out_ += "</svg>\n";
        return std::move(out_);
    }

private:
    void attribute(std::string_view name, double value) {
        fmt::format_to(std::back_inserter(out_), R"( {}="{}")", name, number(value));
    }

    /// `#rrggbbaa` is two attributes in SVG 1.1.
    void color(std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(out_), R"( {}="{}")", name, value.substr(0, 7));
        if (value.size() != 9) return;
        unsigned alpha = 255;
        std::from_chars(value.data() + 7, value.data() + 9, alpha, 16);
        if (alpha < 255) attribute(std::string{name} + "-opacity", alpha / 255.0);
    }

    void geometry(Rectangle const& box) {
        attribute("x", box.x);
        attribute("y", box.y);
        attribute("width", box.width);
        attribute("height", box.height);
    }

    void rounded(Rectangle const& box, double radius) {
        out_ += "<rect";
        geometry(box);
        if (radius > 0) attribute("rx", std::min(radius, std::min(box.width, box.height) / 2));
    }

    void image(ResolvedLayer const& resolved) {
        auto const picture = pictures_.find(resolved.layer->id);
        if (picture == pictures_.end()) {
            rounded(resolved.box, resolved.radius);
            out_ += R"( fill="#808080" fill-opacity="0.25"/>)";
            return;
        }
        std::string const fit = resolved.layer->fit.value_or("cover");
        out_ += fmt::format(R"(<clipPath id="clip{}">)", ++clips_);
        rounded(resolved.box, resolved.radius);
        out_ += "/></clipPath><image";
        geometry(resolved.box);
        out_ += fmt::format(
            R"svg( preserveAspectRatio="{}" clip-path="url(#clip{})" xlink:href="{}"/>)svg",
            fit == "fill"      ? "none"
            : fit == "contain" ? "xMidYMid meet"
                               : "xMidYMid slice",
            clips_,
            escaped(picture->second)
        );
    }

    void text(ResolvedLayer const& resolved) {
        Layer const& layer = *resolved.layer;
        if (layer.box) {
            Rectangle const& box = resolved.box;
            bool const pill = layer.box->shape == "pill";
            rounded(box, pill ? std::min(box.width, box.height) / 2 : resolved.radius);
            color("fill", layer.box->color);
            out_ += "/>";
        }
        std::string const align = layer.align.value_or("left");
        std::string_view const anchor = align == "center"  ? "middle"
                                        : align == "right" ? "end"
                                                           : "start";
        for (Line const& line : resolved.lines) {
            if (line.text.empty()) continue;
            out_ += "<text";
            attribute("x", line.x);
            attribute("y", line.y);
            out_ += fmt::format(
                R"( font-family="{}" font-weight="{}" font-size="{}" text-anchor="{}" xml:space="preserve")",
                layer.font.value_or(""),
                layer.weight.value_or(400),
                number(resolved.size),
                anchor
            );
            color("fill", layer.color.value_or("#000000"));
            out_ += '>' + escaped(line.text) + "</text>";
        }
    }

    void shape(ResolvedLayer const& resolved) {
        Layer const& layer = *resolved.layer;
        Rectangle const& box = resolved.box;
        if (layer.shape == "line") {
            out_ += "<line";
            attribute("x1", box.x);
            attribute("y1", box.y + box.height / 2);
            attribute("x2", box.right());
            attribute("y2", box.y + box.height / 2);
        } else if (layer.shape == "ellipse") {
            out_ += "<ellipse";
            attribute("cx", box.x + box.width / 2);
            attribute("cy", box.y + box.height / 2);
            attribute("rx", box.width / 2);
            attribute("ry", box.height / 2);
        } else {
            rounded(box, resolved.radius);
        }
        if (layer.fill) {
            color("fill", *layer.fill);
        } else {
            out_ += R"( fill="none")";
        }
        if (layer.stroke && resolved.stroke_width > 0) {
            color("stroke", *layer.stroke);
            attribute("stroke-width", resolved.stroke_width);
        }
        out_ += "/>";
    }

    Pictures const& pictures_;
    std::string out_;
    int clips_ = 0;
};

}  // namespace

std::string draw_svg(
    Document const& document, Format const& format, Metrics const& metrics, Pictures const& pictures
) {
    Scene scene{pictures};
    scene.begin(document, format);
    for (ResolvedLayer const& layer : resolve(document, format, metrics)) scene.layer(layer);
    return scene.end();
}

}  // namespace showrunner::compositions
