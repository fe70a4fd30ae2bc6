// What drawing takes: our fonts and their metrics, and the programs rsvg-convert and vips.
#pragma once

#include "compositions/metrics.hpp"
#include "compositions/scene.hpp"
#include "media/result.hpp"
#include "media/tools.hpp"
#include "media/workspace.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

enum class ImageFormat : std::uint8_t { png, jpeg, webp };
BOOST_DESCRIBE_ENUM(ImageFormat, png, jpeg, webp)

[[nodiscard]] std::string_view media_type_of(ImageFormat format);
[[nodiscard]] std::string_view extension_of(ImageFormat format);

class Studio {
public:
    /// `fonts`: the folder with metrics.json; empty: there is none. `media_path`: the folders of
    /// the programs, by colons; empty: none.
    explicit Studio(std::filesystem::path fonts, std::string_view media_path);

    /// What is missing for drawing, as a sentence; nothing when it is all there.
    [[nodiscard]] std::optional<std::string> missing() const;

    [[nodiscard]] Metrics const& metrics() const { return metrics_; }

    [[nodiscard]] media::Tools const& tools() const { return tools_; }

    [[nodiscard]] std::filesystem::path const& fonts() const { return fonts_; }

    [[nodiscard]] std::string const& rsvg_convert() const { return rsvg_convert_; }

private:
    std::filesystem::path fonts_;
    Metrics metrics_;
    media::Tools tools_;
    std::string rsvg_convert_;
};

/// Why there is no picture.
struct Flaw {
    bool for_good = false;  ///< the same document will fail again
    std::string message;    ///< a sentence
};

/// The file that was drawn, or why it was not.
using Drawing = boost::system::result<std::filesystem::path, Flaw>;

/// A folder to draw in, and what is drawn there: first the originals of pictures are put into it,
/// then any number of formats are drawn.
class Easel {
public:
    explicit Easel(Studio const& studio);

    /// Where the original of a picture is to be put.
    [[nodiscard]] std::filesystem::path original(std::string_view file_id) const;

    /// Upright and no larger than it will be seen, for each image layer that is shown; `scale`: of
    /// what is drawn. The layers whose picture cannot be used, each with why.
    Task<std::vector<std::string>> prepare(
        Document const& document, Format const& format, double scale = 1
    );

    /// The pictures that were prepared, in `format` and encoded: a file in the folder, until the
    /// next one is drawn.
    struct Options {
        ImageFormat image_format = ImageFormat::png;
        int quality = 90;
        int width_max = 0;  ///< 0: as the format says
        std::chrono::milliseconds time_max = std::chrono::minutes{5};
    };

    Task<Drawing> draw(Document const& document, Format const& format, Options options);

private:
    Task<std::optional<std::string>> prepare_picture(
        ResolvedLayer const& resolved, std::string name, double scale
    );

    Studio const& studio_;
    media::Workspace workspace_;
    Pictures pictures_;
};

}  // namespace showrunner::compositions
