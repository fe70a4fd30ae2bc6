// Making image files of a composition: the jobs `composition_render` and `composition_preview`.
#pragma once

#include "api/context.hpp"
#include "compositions/studio.hpp"
#include "jobs/jobs.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

struct RenderComposition {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{
            .field = "version", .min = 1, .max = 1'000'000'000, .about = "The newest when absent."
        },
        json::Rule{
            .field = "formats", .max = 12, .item_max = 40, .about = "Names; all when absent."
        },
        json::Rule{.field = "image_format", .about = "png when absent."},
        json::Rule{
            .field = "quality", .min = 1, .max = 100, .about = "Of JPEG and WebP; 90 when absent."
        },
    };
    std::optional<int> version;
    std::vector<std::string> formats;
    std::optional<ImageFormat> image_format;
    std::optional<int> quality;
};
BOOST_DESCRIBE_STRUCT(RenderComposition, (), (version, formats, image_format, quality))

struct RenderArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "composition_id", .format = "uuid"},
        json::Rule{.field = "version", .min = 1, .max = 1'000'000'000},
        json::Rule{.field = "formats", .max = 12, .item_max = 40},
        json::Rule{.field = "quality", .min = 1, .max = 100},
    };
    std::string composition_id;
    int version = 1;
    std::vector<std::string> formats;  ///< empty: all
    ImageFormat image_format = ImageFormat::png;
    int quality = 90;
};
BOOST_DESCRIBE_STRUCT(RenderArgs, (), (composition_id, version, formats, image_format, quality))

struct PreviewArgs {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "composition_id", .format = "uuid"},
        json::Rule{.field = "version", .min = 1, .max = 1'000'000'000},
    };
    std::string composition_id;
    int version = 1;  ///< one that brought a document
};
BOOST_DESCRIBE_STRUCT(PreviewArgs, (), (composition_id, version))

/// A file that a document was rendered to.
struct Render {
    int document_version = 1;
    std::string format;
    ImageFormat image_format = ImageFormat::png;
    int quality = 90;
    std::string file_id;
    std::string sha256;
    Time created_at;
};
BOOST_DESCRIBE_STRUCT(
    Render, (), (document_version, format, image_format, quality, file_id, sha256, created_at)
)

Task<> run_render(jobs::Run& run);
Task<> run_preview(jobs::Run& run);

Task<http::Response> start_render(api::Context& context);
Task<http::Response> list_the_renders(api::Context& context);
Task<http::Response> get_preview(api::Context& context);

/// The version that the path names; Error{Code::not_found} for what is no number.
[[nodiscard]] int version_param(api::Context const& context);

}  // namespace showrunner::compositions
