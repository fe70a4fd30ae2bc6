// A document in one format as SVG: what is drawn. The same input gives the same text, to the byte.
#pragma once

#include "compositions/layout.hpp"

#include <map>
#include <string>

namespace showrunner::compositions {

/// Where the picture of an image layer is, by the layer's id: a name beside the SVG.
using Pictures = std::map<std::string, std::string>;

/// An image layer without a picture is a grey box.
[[nodiscard]] std::string draw_svg(
    Document const& document, Format const& format, Metrics const& metrics, Pictures const& pictures
);

}  // namespace showrunner::compositions
