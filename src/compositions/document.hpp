// The document of a composition: layers on a canvas, and the formats that it is wanted in. What it
// means is in docs/compositions.md; the web app's editor holds to the same.
#pragma once

#include "base/json.hpp"

#include <boost/describe.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::compositions {

inline constexpr std::size_t document_bytes_max = std::size_t{256} * 1024;

struct Canvas {
    static constexpr std::array rules{
        json::Rule{.field = "width", .min = 16, .max = 8192},
        json::Rule{.field = "height", .min = 16, .max = 8192},
    };
    int width = 0;
    int height = 0;
    bool operator==(Canvas const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Canvas, (), (width, height))

struct Format {
    static constexpr std::array rules{
        json::Rule{.field = "name", .min = 1, .max = 40},
        json::Rule{.field = "width", .min = 16, .max = 8192},
        json::Rule{.field = "height", .min = 16, .max = 8192},
    };
    std::string name;
    int width = 0;
    int height = 0;
    bool operator==(Format const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Format, (), (name, width, height))

/// The shape behind a text.
struct TextBox {
    std::string color;
    std::optional<double> padding;
    std::optional<double> radius;
    std::optional<std::string> shape;  ///< rectangle, pill
    bool operator==(TextBox const&) const = default;
};
BOOST_DESCRIBE_STRUCT(TextBox, (), (color, padding, radius, shape))

/// The members of all types of layers; which of them a layer has, its type says.
struct Layer {
    static constexpr std::array rules{
        json::Rule{.field = "id", .min = 1, .max = 40},
        json::Rule{.field = "name", .max = 100},
        json::Rule{.field = "file_id", .format = "uuid"},
        json::Rule{.field = "text", .max = 2000},
    };
    std::string id;
    std::string type;  ///< image, text, shape
    std::optional<std::string> name;
    double x = 0;  ///< of the top left corner of the unrotated box
    double y = 0;
    double width = 0;
    double height = 0;
    std::optional<double> rotation;  ///< degrees clockwise about the box's centre
    std::optional<double> opacity;
    std::optional<bool> hidden;
    std::optional<bool> locked;
    std::optional<std::string> anchor;
    std::optional<bool> bleed;
    // image
    std::optional<std::string> file_id;
    std::optional<std::string> fit;  ///< cover, contain, fill
    // image, shape
    std::optional<double> radius;
    // text
    std::optional<std::string> text;
    std::optional<std::string> font;
    std::optional<int> weight;  ///< 400, 700
    std::optional<double> size;
    std::optional<std::string> color;
    std::optional<std::string> align;   ///< left, center, right
    std::optional<std::string> valign;  ///< top, middle, bottom
    std::optional<double> line_height;
    std::optional<TextBox> box;
    // shape
    std::optional<std::string> shape;  ///< rectangle, ellipse, line
    std::optional<std::string> fill;
    std::optional<std::string> stroke;
    std::optional<double> stroke_width;

    bool operator==(Layer const&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    Layer,
    (),
    (id,
     type,
     name,
     x,
     y,
     width,
     height,
     rotation,
     opacity,
     hidden,
     locked,
     anchor,
     bleed,
     file_id,
     fit,
     radius,
     text,
     font,
     weight,
     size,
     color,
     align,
     valign,
     line_height,
     box,
     shape,
     fill,
     stroke,
     stroke_width)
)

/// What one format has differently, in its own pixels.
struct Override {
    std::optional<double> x;
    std::optional<double> y;
    std::optional<double> width;
    std::optional<double> height;
    std::optional<double> rotation;
    std::optional<double> size;
    std::optional<bool> hidden;
    bool operator==(Override const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Override, (), (x, y, width, height, rotation, size, hidden))

struct Document {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "formats", .min = 1, .max = 12},
        json::Rule{.field = "layers", .max = 100},
    };
    Canvas canvas;
    std::string background;
    std::vector<Format> formats;
    std::vector<Layer> layers;  ///< bottom first
    /// By the format's name, then by the layer's id.
    std::optional<std::map<std::string, std::map<std::string, Override>>> overrides;

    bool operator==(Document const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Document, (), (canvas, background, formats, layers, overrides))

inline constexpr std::array<std::string_view, 6> fonts{
    "Inter", "Oswald", "EB Garamond", "Roboto Slab", "Caveat", "JetBrains Mono"
};

/// Reads and checks a document; throws Error{Code::malformed}, or Error{Code::invalid} with every
/// mistake by its path, which begins with `prefix`.
[[nodiscard]] Document parse_document(std::string_view text, std::string_view prefix = "document");

/// With every member that its type of layer has, and a name.
[[nodiscard]] Layer with_defaults(Layer layer);
[[nodiscard]] Document with_defaults(Document document);

/// The files of its image layers, each once.
[[nodiscard]] std::vector<std::string> file_ids(Document const& document);

}  // namespace showrunner::compositions
