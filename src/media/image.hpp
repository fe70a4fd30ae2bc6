// Pictures: what they are, and smaller ones of them. Their size is read from the header and held
// against limits before anything is decoded.
#pragma once

#include "base/task.hpp"
#include "media/tools.hpp"

#include <boost/describe/class.hpp>

#include <filesystem>

namespace showrunner::media {

struct ImageLimits {
    std::int64_t pixels = 100'000'000;  ///< of one page or frame
    int pages = 2000;                   ///< and frames of an animation; the first is what is shown
};

struct ImageInfo {
    std::string format;  ///< jpeg, png, webp, gif, tiff, heif, …
    int width = 0;       ///< upright, as its orientation says
    int height = 0;
    int pages = 1;
    bool transparent = false;

    bool operator==(ImageInfo const&) const = default;
};
BOOST_DESCRIBE_STRUCT(ImageInfo, (), (format, width, height, pages, transparent))

struct Box {
    int width = 0;
    int height = 0;

    bool operator==(Box const&) const = default;
};

Task<Result<ImageInfo>> image_info(
    Tools const& tools, std::filesystem::path const& source, ImageLimits limits = {}
);

/// Makes `target` (.webp, .png or .jpg, by its name) of a picture: upright, sRGB, without metadata,
/// within `box` and never enlarged. Its size.
Task<Result<Box>> resize(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Box box,
    ImageLimits limits = {}
);

/// The first page of a PDF, as resize() does it.
Task<Result<Box>> pdf_page(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Box box
);

/// A drawing that the server itself has made, as SVG; never one of a user.
Task<Result<Box>> draw(
    Tools const& tools, std::string_view svg, std::filesystem::path const& target
);

}  // namespace showrunner::media
