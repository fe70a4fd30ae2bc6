#include "compositions/document.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

namespace showrunner::compositions {

namespace {

using json::Mistakes;
using Names = std::span<std::string_view const>;

constexpr std::array<std::string_view, 3> types{"image", "text", "shape"};
constexpr std::array<std::string_view, 9> anchors{
    "center",
    "top-left",
    "top",
    "top-right",
    "left",
    "right",
    "bottom-left",
    "bottom",
    "bottom-right"
};
constexpr std::array<std::string_view, 3> fits{"cover", "contain", "fill"};
constexpr std::array<std::string_view, 3> aligns{"left", "center", "right"};
constexpr std::array<std::string_view, 3> valigns{"top", "middle", "bottom"};
constexpr std::array<std::string_view, 3> shapes{"rectangle", "ellipse", "line"};
constexpr std::array<std::string_view, 2> box_shapes{"rectangle", "pill"};

constexpr double coordinate_max = 100'000;
constexpr double length_max = 10'000;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

bool is_color(std::string_view text) {
    return (text.size() == 7 || text.size() == 9) && text.front() == '#' && is_hex(text.substr(1));
}

bool is_word_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
}

/// What an SVG cannot hold. A tab is drawn as a space.
bool has_control_character(std::string_view text) {
    bool const control = std::ranges::any_of(text, [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
    });
    return control || text.find("\xef\xbf\xbe") != text.npos ||
           text.find("\xef\xbf\xbf") != text.npos;
}

class Checker {
public:
    Checker(Mistakes& mistakes, std::string prefix)
        : mistakes_{mistakes}, prefix_{std::move(prefix)} {}

    void add(std::string_view field, std::string code, std::string message) {
        mistakes_.add(path(field), std::move(code), std::move(message));
    }

    void color(std::string_view field, std::string const& value) {
        if (!is_color(value)) add(field, "FORMAT", "must be a colour such as #1a2b3c or #1a2b3c80");
    }

    void color(std::string_view field, std::optional<std::string> const& value) {
        if (value) color(field, *value);
    }

    void one_of(std::string_view field, std::optional<std::string> const& value, Names names) {
        if (!value || std::ranges::count(names, std::string_view{*value}) > 0) return;
        json::check_enum(mistakes_, path(field), {names.begin(), names.end()});
    }

    void range(std::string_view field, std::optional<double> value, double min, double max) {
        if (!value || (std::isfinite(*value) && *value >= min && *value <= max)) return;
        add(field, "RANGE", fmt::format("must be from {} to {}", min, max));
    }

    void required(std::string_view field, bool present) {
        if (!present) add(field, "REQUIRED", "is required");
    }

    void absent(std::string_view field, bool present) {
        if (present) add(field, "UNKNOWN_FIELD", "is not a field of this type of layer");
    }

    void characters(std::string_view field, std::optional<std::string> const& value) {
        if (value && has_control_character(*value)) {
            add(field, "CHARACTER", "must not contain control characters");
        }
    }

private:
    [[nodiscard]] std::string path(std::string_view field) const {
        return prefix_.empty() ? std::string{field} : fmt::format("{}.{}", prefix_, field);
    }

    Mistakes& mistakes_;
    std::string prefix_;
};

void check_box(Checker& check, TextBox const& box) {
    check.color("box.color", box.color);
    check.range("box.padding", box.padding, 0, length_max);
    check.range("box.radius", box.radius, 0, length_max);
    check.one_of("box.shape", box.shape, box_shapes);
}

void check_text_layer(Checker& check, Layer const& layer) {
    check.required("text", layer.text.has_value());
    check.required("font", layer.font.has_value());
    check.required("size", layer.size.has_value());
    check.required("color", layer.color.has_value());
    check.characters("text", layer.text);
    check.one_of("font", layer.font, fonts);
    check.range("size", layer.size, 4, 1000);
    check.color("color", layer.color);
    check.one_of("align", layer.align, aligns);
    check.one_of("valign", layer.valign, valigns);
    check.range("line_height", layer.line_height, 0.5, 3);
    if (layer.weight && *layer.weight != 400 && *layer.weight != 700) {
        check.add("weight", "ENUM", "must be 400 or 700");
    }
    if (layer.box) check_box(check, *layer.box);
}

void check_shape_layer(Checker& check, Layer const& layer) {
    check.required("shape", layer.shape.has_value());
    check.one_of("shape", layer.shape, shapes);
    check.color("fill", layer.fill);
    check.color("stroke", layer.stroke);
    check.range("stroke_width", layer.stroke_width, 0, 1000);
}

/// Each type of layer has members of its own; those of the others are as unknown as any.
void check_foreign(Checker& check, Layer const& layer) {
    if (layer.type != "image") {
        check.absent("file_id", layer.file_id.has_value());
        check.absent("fit", layer.fit.has_value());
    }
    if (layer.type != "text") {
        check.absent("text", layer.text.has_value());
        check.absent("font", layer.font.has_value());
        check.absent("weight", layer.weight.has_value());
        check.absent("size", layer.size.has_value());
        check.absent("color", layer.color.has_value());
        check.absent("align", layer.align.has_value());
        check.absent("valign", layer.valign.has_value());
        check.absent("line_height", layer.line_height.has_value());
        check.absent("box", layer.box.has_value());
    }
    if (layer.type != "shape") {
        check.absent("shape", layer.shape.has_value());
        check.absent("fill", layer.fill.has_value());
        check.absent("stroke", layer.stroke.has_value());
        check.absent("stroke_width", layer.stroke_width.has_value());
    }
    if (layer.type == "text") check.absent("radius", layer.radius.has_value());
}

void check_layer(Checker& check, Layer const& layer) {
    check.one_of("type", layer.type, types);
    if (!std::ranges::all_of(layer.id, is_word_character)) {
        check.add("id", "FORMAT", "must consist of letters, digits, _ and -");
    }
    check.characters("name", layer.name);
    check.range("x", layer.x, -coordinate_max, coordinate_max);
    check.range("y", layer.y, -coordinate_max, coordinate_max);
    check.range("width", layer.width, 0, coordinate_max);
    check.range("height", layer.height, 0, coordinate_max);
    check.range("rotation", layer.rotation, -3600, 3600);
    check.range("opacity", layer.opacity, 0, 1);
    check.range("radius", layer.radius, 0, length_max);
    check.one_of("anchor", layer.anchor, anchors);
    check_foreign(check, layer);
    if (layer.type == "image") {
        check.required("file_id", layer.file_id.has_value());
        check.one_of("fit", layer.fit, fits);
    } else if (layer.type == "text") {
        check_text_layer(check, layer);
    } else if (layer.type == "shape") {
        check_shape_layer(check, layer);
    }
}

void check_override(Checker& check, Override const& change, Layer const& layer) {
    check.range("x", change.x, -coordinate_max, coordinate_max);
    check.range("y", change.y, -coordinate_max, coordinate_max);
    check.range("width", change.width, 0, coordinate_max);
    check.range("height", change.height, 0, coordinate_max);
    check.range("rotation", change.rotation, -3600, 3600);
    check.range("size", change.size, 1, 4000);
    if (layer.type != "text") check.absent("size", change.size.has_value());
}

void check_overrides(Mistakes& mistakes, std::string const& prefix, Document const& document) {
    for (auto const& [format, layers] : *document.overrides) {
        std::string const path = prefix + "overrides." + format;
        if (std::ranges::count(document.formats, format, &Format::name) == 0) {
            mistakes.add(path, "UNKNOWN_FORMAT", "is not the name of a format");
            continue;
        }
        for (auto const& [id, change] : layers) {
            auto const layer = std::ranges::find(document.layers, id, &Layer::id);
            Checker check{mistakes, path + "." + id};
            if (layer == document.layers.end()) {
                mistakes.add(path + "." + id, "UNKNOWN_LAYER", "is not the id of a layer");
            } else {
                check_override(check, change, *layer);
            }
        }
    }
}

void check_formats(Mistakes& mistakes, std::string const& prefix, Document const& document) {
    if (document.formats.empty()) mistakes.add(prefix + "formats", "TOO_SHORT", "must have one");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < document.formats.size(); ++i) {
        std::string const& name = document.formats[i].name;
        std::string const path = fmt::format("{}formats[{}].name", prefix, i);
        bool const is_name = std::ranges::all_of(name, [](char c) {
            return is_word_character(c) || c == '.' || c == ' ';
        });
        if (!is_name)
            mistakes.add(path, "FORMAT", "must consist of letters, digits, ., _, - and spaces");
        if (!names.insert(name).second) mistakes.add(path, "REPEATED", "is there already");
    }
}

void check_document(Mistakes& mistakes, std::string const& prefix, Document const& document) {
    Checker{mistakes, prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1)}.color(
        "background", document.background
    );
    check_formats(mistakes, prefix, document);
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < document.layers.size(); ++i) {
        Layer const& layer = document.layers[i];
        Checker check{mistakes, fmt::format("{}layers[{}]", prefix, i)};
        check_layer(check, layer);
        if (!ids.insert(layer.id).second) check.add("id", "REPEATED", "is there already");
    }
    if (document.overrides) check_overrides(mistakes, prefix, document);
}

}  // namespace

Document parse_document(std::string_view text, std::string_view prefix) {
    if (text.size() > document_bytes_max) {
        throw invalid_field(
            std::string{prefix},
            "TOO_LONG",
            fmt::format("must be at most {} bytes", document_bytes_max)
        );
    }
    boost::json::value const value = json::parse_value(text, json::input_depth_max);
    Mistakes mistakes;
    Document document;
    json::read_object(mistakes, std::string{prefix}, value, document);
    // What could not be read is not looked at more closely: it would only be wrong twice.
    if (mistakes.empty()) {
        check_document(mistakes, prefix.empty() ? "" : std::string{prefix} + ".", document);
    }
    mistakes.raise();
    return document;
}

Layer with_defaults(Layer layer) {
    auto const fill = [](auto& member, auto value) {
        if (!member) member = value;
    };
    fill(layer.name, "");
    fill(layer.rotation, 0.0);
    fill(layer.opacity, 1.0);
    fill(layer.hidden, false);
    fill(layer.locked, false);
    fill(layer.anchor, "center");
    fill(layer.bleed, false);
    if (layer.type == "image") fill(layer.fit, "cover");
    if (layer.type != "text") fill(layer.radius, 0.0);
    if (layer.type == "shape") fill(layer.stroke_width, 1.0);
    if (layer.type != "text") return layer;
    fill(layer.weight, 400);
    fill(layer.align, "left");
    fill(layer.valign, "top");
    fill(layer.line_height, 1.2);
    if (layer.box) {
        fill(layer.box->padding, 0.0);
        fill(layer.box->radius, 0.0);
        fill(layer.box->shape, "rectangle");
    }
    return layer;
}

Document with_defaults(Document document) {
    for (Layer& layer : document.layers) layer = with_defaults(std::move(layer));
    // An override that changes nothing is none.
    std::map<std::string, std::map<std::string, Override>> overrides;
    if (document.overrides) {
        for (auto const& [format, layers] : *document.overrides) {
            for (auto const& [id, change] : layers) {
                if (change != Override{}) overrides[format][id] = change;
            }
        }
    }
    document.overrides = std::move(overrides);
    return document;
}

std::vector<std::string> file_ids(Document const& document) {
    std::vector<std::string> ids;
    for (Layer const& layer : document.layers) {
        if (layer.file_id && std::ranges::count(ids, *layer.file_id) == 0) {
            ids.push_back(*layer.file_id);
        }
    }
    return ids;
}

}  // namespace showrunner::compositions
