#include "compositions/studio.hpp"

#include "base/log.hpp"
#include "media/image.hpp"
#include "process/child.hpp"

#include <cmath>
#include <fstream>
#include <iterator>

namespace showrunner::compositions {

namespace {

namespace fs = std::filesystem;

constexpr int picture_side_max = 8192;

std::string escaped(fs::path const& path) {
    std::string out;
    for (char const c : fs::absolute(path).string()) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else {
            out += c;
        }
    }
    return out;
}

/// Only our fonts, drawn the same on every machine: nothing of the system's settings is read.
std::string fonts_configuration(fs::path const& fonts, fs::path const& cache) {
    return fmt::format(
        R"(<?xml version="1.0"?>
<fontconfig>
  <dir>{}</dir>
  <cachedir>{}</cachedir>
  <match target="font">
    <edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="hinting" mode="assign"><bool>false</bool></edit>
    <edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit>
  </match>
</fontconfig>
)",
        escaped(fonts),
        escaped(cache)
    );
}

/// `background`: what JPEG, which knows no transparency, has behind it.
std::string encoder_options(Easel::Options const& options) {
    if (options.image_format == ImageFormat::jpeg) {
        return fmt::format("[Q={},strip,background=255]", options.quality);
    }
    return fmt::format("[Q={},strip]", options.quality);
}

Flaw failed(std::string_view program, process::Exit const& exit, std::string_view complaint) {
    log::warning(
        "composition_drawing_failed",
        {{"program", program}, {"end", exit.describe()}, {"complaint", complaint}}
    );
    // A program that says no will say no again; one that was killed may have had bad luck.
    bool const for_good = exit.how == process::Exit::How::exited;
    return Flaw{for_good, fmt::format("{} {}.", program, exit.describe())};
}

}  // namespace

std::string_view media_type_of(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return "image/jpeg";
        case ImageFormat::webp:
            return "image/webp";
        case ImageFormat::png:
            break;
    }
    return "image/png";
}

std::string_view extension_of(ImageFormat format) {
    return format == ImageFormat::jpeg ? "jpg" : json::name_of(format);
}

Studio::Studio(fs::path fonts, std::string_view media_path)
    : fonts_{std::move(fonts)},
      tools_{media::find_tools(media_path)},
      rsvg_convert_{media::find_program(media_path, "rsvg-convert")} {
    if (fonts_.empty()) return;
    std::ifstream in{fonts_ / "metrics.json", std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{in}, {}};
    metrics_ = Metrics::parse(text);
}

std::optional<std::string> Studio::missing() const {
    if (fonts_.empty()) return "The fonts of compositions are not installed on this server.";
    if (rsvg_convert_.empty()) return "The program rsvg-convert is not installed on this server.";
    if (!tools_.pictures()) return "The program vips is not installed on this server.";
    return std::nullopt;
}

Easel::Easel(Studio const& studio) : studio_{studio}, workspace_{media::Workspace::empty({})} {
    workspace_.write("fonts.conf", fonts_configuration(studio.fonts(), workspace_.path("cache")));
}

fs::path Easel::original(std::string_view file_id) const {
    return workspace_.path(fmt::format("original-{}", file_id));
}

Task<std::optional<std::string>> Easel::prepare_picture(
    ResolvedLayer const& resolved, std::string name, double scale
) {
    Layer const& layer = *resolved.layer;
    fs::path const source = original(*layer.file_id);
    std::error_code error;
    if (!fs::exists(source, error)) co_return "Its file is not there any more.";
    auto const info = co_await media::image_info(studio_.tools(), source);
    if (!info) co_return info.error().message;
    // As large as it will be seen: the whole picture, of which `cover` cuts something off.
    double const across = resolved.box.width * scale / info->width;
    double const down = resolved.box.height * scale / info->height;
    double const factor = layer.fit == "contain" ? std::min(across, down) : std::max(across, down);
    auto const side = [factor](int length) {
        double const wanted = std::clamp(std::ceil(length * factor), 1.0, double{picture_side_max});
        return static_cast<int>(wanted);
    };
    media::Box const box{side(info->width), side(info->height)};
    auto const made = co_await media::resize(studio_.tools(), source, workspace_.path(name), box);
    if (!made) co_return made.error().message;
    pictures_[layer.id] = name;
    co_return std::nullopt;
}

Task<std::vector<std::string>> Easel::prepare(
    Document const& document, Format const& format, double scale
) {
    pictures_.clear();
    std::vector<std::string> unusable;
    auto const layers = resolve(document, format, studio_.metrics());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!layers[i].layer->file_id || layers[i].hidden) continue;
        auto const problem =
            co_await prepare_picture(layers[i], fmt::format("picture-{}.png", i), scale);
        if (!problem) continue;
        Layer const& layer = *layers[i].layer;
        unusable.push_back(fmt::format("{}: {}", layer.name.value_or(layer.id), *problem));
    }
    co_return unusable;
}

Task<Drawing> Easel::draw(Document const& document, Format const& format, Options options) {
    workspace_.write("scene.svg", draw_svg(document, format, studio_.metrics(), pictures_));
    process::Command command;
    command.program = studio_.rsvg_convert();
    command.arguments = {"--format=png", "--output=drawn.png"};
    if (options.width_max > 0 && format.width > options.width_max) {
        command.arguments.push_back(fmt::format("--width={}", options.width_max));
        command.arguments.push_back("--keep-aspect-ratio");
    }
    command.arguments.push_back("scene.svg");
    command.working_directory = workspace_.path("");
    command.network = process::Network::refused;
    command.environment = {{"FONTCONFIG_FILE", workspace_.path("fonts.conf").string()}};
    command.limits = {
        .cpu_seconds = 120,
        .memory_bytes = 4ULL << 30U,
        .file_bytes = 1ULL << 30U,
        .open_files = 128,
        .niceness = 10,
        .wall_limit = options.time_max,
        .kill_grace = std::chrono::seconds{1},
        .output_bytes = 64ULL << 10U,
    };
    std::string complaint;
    auto const complain = [&complaint](std::string_view line) {
        if (complaint.size() < 2000) complaint.append(line.substr(0, 500)).append("\n");
    };
    process::Exit const exit = co_await process::run(std::move(command), complain, complain);
    if (!exit.succeeded()) co_return failed("rsvg-convert", exit, complaint);
    if (options.image_format == ImageFormat::png) co_return workspace_.path("drawn.png");
    std::string const target = fmt::format("drawn.{}", extension_of(options.image_format));
    std::vector<std::string> arguments{"copy", "drawn.png", target + encoder_options(options)};
    media::Terms const terms{.loaders = media::Loaders::any};
    media::Outcome const outcome =
        co_await workspace_.run(studio_.tools().vips, std::move(arguments), terms);
    if (!outcome.succeeded()) co_return failed("vips", outcome.exit, outcome.complaint);
    co_return workspace_.path(target);
}

}  // namespace showrunner::compositions
