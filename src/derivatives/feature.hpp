// The derivatives feature: what is made from files so that they can be shown. Everything
// declarative.
#pragma once

#include "api/route.hpp"
#include "db/failure.hpp"
#include "derivatives/job.hpp"
#include "media/text.hpp"
#include "media/waveform.hpp"

#include <boost/mp11.hpp>

namespace showrunner::derivatives {

struct ThumbnailQuery {
    static constexpr std::array rules{
        json::Rule{
            .field = "width",
            .min = 1,
            .max = 4096,
            .about = "At least, where there is one; 320 when absent."
        },
        json::Rule{
            .field = "v",
            .max = 64,
            .about = "As in the file's record: the answer may be kept for ever."
        },
    };
    std::optional<int> width;
    std::optional<std::string> v;
};
BOOST_DESCRIBE_STRUCT(ThumbnailQuery, (), (width, v))

struct VersionQuery {
    static constexpr std::array rules{
        json::Rule{
            .field = "v",
            .max = 64,
            .about = "As in the file's record: the answer may be kept for ever."
        },
    };
    std::optional<std::string> v;
};
BOOST_DESCRIBE_STRUCT(VersionQuery, (), (v))

Task<http::Response> get_thumbnail(api::Context& context);
Task<http::Response> get_preview(api::Context& context);
Task<http::Response> get_waveform(api::Context& context);
Task<http::Response> get_text(api::Context& context);
Task<http::Response> make_again(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "derivatives";
    using Events = boost::mp11::mp_list<>;
    static constexpr std::span<db::ConstraintMeaning const> constraints{};
    static constexpr std::array consumers{events::ConsumerSpec{"derivatives", follow}};

    static constexpr std::array handlers{jobs::Handler{
        .type = job_type,
        .summary = "Make thumbnails and previews of a file",
        .run = run_media,
        .args = jobs::args<MediaArgs>("MediaArgs"),
        .queue = "media",
        .max_attempts = 3,
        .timeout = std::chrono::hours{1},
        .direct = false,
    }};

    static constexpr std::array routes{
        api::Route{get, "/api/v1/files/{id}/thumbnail", "getFileThumbnail",
                   "A small picture of a file, as WebP (404 with the reason while there is none)",
                   viewer, get_thumbnail, bare, {}, Body::none, {},
                   api::parameters_of<ThumbnailQuery>},
        api::Route{get, "/api/v1/files/{id}/preview", "getFilePreview",
                   "A large picture of a file, as WebP: of an image, a frame of a video, a page",
                   viewer, get_preview, bare, {}, Body::none, {}, api::parameters_of<VersionQuery>},
        api::Route{get, "/api/v1/files/{id}/waveform", "getFileWaveform",
                   "How loud a sound is at each of about a thousand moments", viewer, get_waveform,
                   one, api::type<media::Waveform>("Waveform"), Body::none, {},
                   api::parameters_of<VersionQuery>},
        api::Route{get, "/api/v1/files/{id}/text", "getFileText", "The beginning of a script",
                   viewer, get_text, one, api::type<media::TextPreview>("TextPreview"), Body::none,
                   {}, api::parameters_of<VersionQuery>},
        api::Route{post, "/api/v1/files/{id}/derivatives", "makeFileDerivatives",
                   "Make a file's thumbnails and previews again: the job that does it", editor,
                   make_again, one, api::type<jobs::Job>("Job"), Body::none, {}, nullptr, 202},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::derivatives
