#include "media/probe.hpp"

#include "media/workspace.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <initializer_list>

namespace showrunner::media {

namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t streams_max = 32;
constexpr std::int64_t pixels_max = 100'000'000;

value const* member(object const& from, std::string_view name) {
    return from.if_contains(name);
}

std::string text(object const& from, std::string_view name) {
    value const* const found = member(from, name);
    if (found == nullptr || !found->is_string()) return {};
    return std::string{found->get_string()}.substr(0, 100);
}

/// ffprobe writes some numbers as texts.
std::optional<double> number(object const& from, std::string_view name) {
    value const* const found = member(from, name);
    if (found == nullptr) return {};
    if (found->is_number()) return found->to_number<double>();
    if (!found->is_string()) return {};
    std::string const written{found->get_string()};
    char* end = nullptr;
    double const number = std::strtod(written.c_str(), &end);
    if (end == written.c_str() || !std::isfinite(number)) return {};
    return number;
}

std::optional<std::int64_t> whole(object const& from, std::string_view name, double factor = 1) {
    auto const found = number(from, name);
    if (!found || *found < 0 || *found * factor > 1e15) return {};
    return std::llround(*found * factor);
}

int small(object const& from, std::string_view name) {
    auto const found = number(from, name);
    return found && *found >= 0 && *found < 1e9 ? static_cast<int>(*found) : 0;
}

/// `30000/1001`, `4:3`
std::optional<double> ratio(object const& from, std::string_view name, char between) {
    std::string const written = text(from, name);
    auto const middle = written.find(between);
    if (middle == std::string::npos) return {};
    double const above = std::strtod(written.c_str(), nullptr);
    double const below = std::strtod(written.c_str() + middle + 1, nullptr);
    if (below <= 0 || above <= 0 || !std::isfinite(above / below)) return {};
    return above / below;
}

int rotation_of(object const& stream) {
    double degrees = 0;
    value const* const sides = member(stream, "side_data_list");
    if (sides != nullptr && sides->is_array()) {
        for (value const& side : sides->get_array()) {
            if (side.is_object()) degrees = number(side.get_object(), "rotation").value_or(degrees);
        }
    }
    if (std::abs(degrees) > 360) return 0;
    int const quarters = static_cast<int>(std::lround(degrees / 90));
    return (quarters % 4 + 4) % 4 * 90;
}

VideoStream video_of(object const& stream) {
    VideoStream video{
        .codec = text(stream, "codec_name"),
        .profile = text(stream, "profile"),
        .width = small(stream, "width"),
        .height = small(stream, "height"),
        .rotation = rotation_of(stream),
        .frame_rate = ratio(stream, "avg_frame_rate", '/').value_or(0),
        .bit_rate = whole(stream, "bit_rate"),
    };
    video.frame_rate = std::round(video.frame_rate * 1000) / 1000;
    double const shape = ratio(stream, "sample_aspect_ratio", ':').value_or(1);
    if (shape > 0.1 && shape < 10) {
        video.width = static_cast<int>(std::lround(video.width * shape));
    }
    if (video.rotation % 180 != 0) std::swap(video.width, video.height);
    return video;
}

AudioStream audio_of(object const& stream) {
    return {
        text(stream, "codec_name"),
        small(stream, "channels"),
        text(stream, "channel_layout"),
        small(stream, "sample_rate"),
        whole(stream, "bit_rate"),
    };
}

bool is_cover(object const& stream) {
    value const* const disposition = member(stream, "disposition");
    return disposition != nullptr && disposition->is_object() &&
           small(disposition->get_object(), "attached_pic") != 0;
}

/// `mov,mp4,m4a,3gp,3g2,mj2` → mp4: the names of a family, by what people call it.
std::string container_of(std::string const& names, bool has_video) {
    if (names.starts_with("mov,")) return has_video ? "mp4" : "m4a";
    if (names.starts_with("matroska,")) return "matroska";
    return names.substr(0, names.find(','));
}

Problem unsupported() {
    return {Failure::unsupported, "This is no video or audio that can be looked into here."};
}

}  // namespace

std::vector<std::string> input_arguments() {
    return {
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        "aac,ac3,aiff,amr,asf,avi,caf,dv,eac3,flac,flv,gxf,matroska,mov,mp3,mpeg,mpegts,mxf,ogg,"
        "w64,wav,wv",
        "-max_pixels",
        std::to_string(pixels_max),
    };
}

Result<Probe> read_probe(std::string_view answer) {
    boost::system::error_code error;
    value const parsed = boost::json::parse(answer, error);
    if (error || !parsed.is_object()) return unsupported();
    object const& all = parsed.get_object();
    value const* const format = member(all, "format");
    value const* const streams = member(all, "streams");
    if (format == nullptr || !format->is_object() || streams == nullptr || !streams->is_array()) {
        return unsupported();
    }
    Probe found;
    for (value const& each : streams->get_array()) {
        if (!each.is_object() || found.video.size() + found.audio.size() >= streams_max) continue;
        object const& stream = each.get_object();
        std::string const type = text(stream, "codec_type");
        if (type == "audio") found.audio.push_back(audio_of(stream));
        if (type == "video" && !is_cover(stream)) found.video.push_back(video_of(stream));
    }
    if (found.audio.empty() && found.video.empty()) return unsupported();
    for (VideoStream const& video : found.video) {
        if (std::int64_t{video.width} * video.height > pixels_max) {
            return Problem{
                Failure::too_large,
                fmt::format("The video has {} × {} pixels.", video.width, video.height)
            };
        }
    }
    found.container = container_of(text(format->get_object(), "format_name"), !found.video.empty());
    found.duration_ms = whole(format->get_object(), "duration", 1000);
    found.bit_rate = whole(format->get_object(), "bit_rate");
    return found;
}

Task<Result<Probe>> probe(Tools const& tools, std::filesystem::path const& source) {
    if (tools.ffprobe.empty()) co_return not_installed("ffprobe");
    Workspace const workspace{source};
    std::vector<std::string> arguments{"-v", "error"};
    std::vector<std::string> const input = input_arguments();
    arguments.insert(arguments.end(), input.begin(), input.end());
    arguments.insert(
        arguments.end(),
        {"-print_format",
         "json=compact=1",
         "-show_entries",
         "format=format_name,duration,bit_rate:"
         "stream=codec_type,codec_name,profile,width,height,sample_aspect_ratio,avg_frame_rate,"
         "bit_rate,channels,channel_layout,sample_rate:"
         "stream_disposition=attached_pic:stream_tags=:format_tags=:stream_side_data=rotation",
         "file:input"}
    );
    std::string answer;
    auto const keep = [&answer](std::string_view line) { answer += line; };
    Terms const terms{.time = std::chrono::seconds{60}};
    Outcome const outcome =
        co_await workspace.run(tools.ffprobe, std::move(arguments), terms, keep);
    if (outcome.succeeded()) co_return read_probe(answer);
    // What follows is said of a whitelist; of a file that begins like one of ours, the other.
    bool const unknown = outcome.complains_of("not in allowed list") ||
                         outcome.complains_of("not on whitelist") ||
                         outcome.complains_of("Protocol");
    if (unknown) co_return unsupported();
    co_return outcome.problem("ffprobe", "The file");
}

}  // namespace showrunner::media
