#include "media/image.hpp"

#include "media/webp.hpp"
#include "media/workspace.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>

namespace showrunner::media {

namespace {

constexpr std::string_view picture = "The picture";
constexpr Terms look{.time = std::chrono::seconds{20}};
constexpr Terms look_at_anything{.time = std::chrono::seconds{20}, .loaders = Loaders::any};

using Header = std::map<std::string, std::string, std::less<>>;

int number(Header const& header, std::string_view name, int otherwise) {
    auto const found = header.find(name);
    if (found == header.end()) return otherwise;
    int value = 0;
    std::string const& text = found->second;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? value : otherwise;
}

/// `jpegload_source` → `jpeg`
std::string format_of(Header const& header) {
    auto const found = header.find("vips-loader");
    if (found == header.end()) return {};
    return found->second.substr(0, found->second.find("load"));
}

/// By the lines of `vipsheader -a`: its own fields come first, so what a file's metadata adds
/// under their names is not heard.
Task<Result<Header>> read_header(
    Tools const& tools, Workspace const& workspace, std::string name, Terms terms = look
) {
    Header header;
    auto const take = [&header](std::string_view line) {
        auto const colon = line.find(": ");
        if (colon == std::string_view::npos || header.size() > 200) return;
        header.emplace(line.substr(0, colon), line.substr(colon + 2, 200));
    };
    std::vector<std::string> arguments{"-a", std::move(name)};
    Outcome const outcome =
        co_await workspace.run(tools.vipsheader, std::move(arguments), terms, take);
    if (outcome.succeeded()) co_return header;
    if (outcome.complains_of("is not a known file format") ||
        outcome.complains_of("operation is blocked")) {
        co_return Problem{Failure::unsupported, "This is no picture that can be shown here."};
    }
    co_return outcome.problem("vipsheader", picture);
}

Result<ImageInfo> info_of(Header const& header, ImageLimits const& limits) {
    ImageInfo info{
        .format = format_of(header),
        .width = number(header, "width", 0),
        .height = number(header, "height", 0),
        .pages = number(header, "n-pages", 1),
    };
    int const bands = number(header, "bands", 3);
    info.transparent = bands == 2 || (bands == 4 && header.contains("interpretation") &&
                                      header.find("interpretation")->second != "cmyk");
    if (info.width <= 0 || info.height <= 0) {
        return Problem{Failure::broken, "The picture has no size."};
    }
    if (std::int64_t{info.width} * info.height > limits.pixels) {
        return Problem{
            Failure::too_large,
            fmt::format(
                "The picture has {} × {} pixels; at most {} million are decoded.",
                info.width,
                info.height,
                limits.pixels / 1'000'000
            )
        };
    }
    if (info.pages > limits.pages) {
        return Problem{
            Failure::too_large,
            fmt::format(
                "The picture has {} pages or frames; at most {} are looked into.",
                info.pages,
                limits.pages
            )
        };
    }
    if (number(header, "orientation", 1) >= 5) std::swap(info.width, info.height);
    return info;
}

Task<Result<ImageInfo>> look_into(
    Tools const& tools, Workspace const& workspace, ImageLimits limits
) {
    Result<Header> const header = co_await read_header(tools, workspace, "input");
    if (!header) co_return header.error();
    co_return info_of(*header, limits);
}

/// As vips is told how to save by the name of a file.
std::string output_of(fs::path const& target) {
    if (target.extension() == ".png") return "output.png[strip]";
    if (target.extension() == ".jpg") return "output.jpg[Q=85,strip,background=255]";
    return "output.webp[Q=80,strip]";
}

std::vector<std::string> thumbnail_of(std::string input, fs::path const& target, Box box) {
    return {
        "thumbnail",
        std::move(input),
        output_of(target),
        std::to_string(box.width),
        "--height",
        std::to_string(box.height),
        "--size",
        "down",
        // Of those without a profile; taken for anything else their colours would shift.
        "--import-profile",
        "srgb",
        "--export-profile",
        "srgb",
        "--fail-on",
        "truncated"
    };
}

Task<Result<Box>> deliver(
    Tools const& tools, Workspace const& workspace, Outcome const& outcome, fs::path const& target
) {
    if (!outcome.succeeded()) co_return outcome.problem("vips", picture);
    std::string const name = "output" + target.extension().string();
    Result<Header> const header = co_await read_header(tools, workspace, name);
    if (!header) co_return header.error();
    if (target.extension() == ".webp") {
        std::optional<std::string> const stripped = strip_webp(workspace.read(name));
        if (!stripped) co_return Problem{Failure::broken, "The picture could not be made."};
        workspace.write(name, *stripped);
    }
    Box const made{number(*header, "width", 0), number(*header, "height", 0)};
    if (!workspace.deliver(name, target)) co_return outcome.problem("vips", picture);
    co_return made;
}

}  // namespace

Task<Result<ImageInfo>> image_info(
    Tools const& tools, std::filesystem::path const& source, ImageLimits limits
) {
    if (tools.vipsheader.empty()) co_return not_installed("vipsheader");
    Workspace const workspace{source};
    co_return co_await look_into(tools, workspace, limits);
}

Task<Result<Box>> resize(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Box box,
    ImageLimits limits
) {
    if (!tools.pictures()) co_return not_installed("vips");
    Workspace const workspace{source, target.parent_path()};
    Result<ImageInfo> const info = co_await look_into(tools, workspace, limits);
    if (!info) co_return info.error();
    std::vector<std::string> arguments = thumbnail_of("input", target, box);
    Outcome const outcome = co_await workspace.run(tools.vips, std::move(arguments));
    co_return co_await deliver(tools, workspace, outcome, target);
}

Task<Result<Box>> pdf_page(
    Tools const& tools,
    std::filesystem::path const& source,
    std::filesystem::path const& target,
    Box box
) {
    if (!tools.pictures()) co_return not_installed("vips");
    Workspace const workspace{source, target.parent_path()};
    std::string start(5, '\0');
    std::ifstream{source, std::ios::binary}.read(start.data(), 5);
    if (start != "%PDF-") co_return Problem{Failure::unsupported, "This is no PDF."};
    // What reads PDF is not hardened; but here it has no network, little time and nothing to write.
    Result<Header> const header = co_await read_header(tools, workspace, "input", look_at_anything);
    if (!header && header.error().kind == Failure::unsupported) {
        co_return Problem{Failure::unavailable, "Pages of PDF are not drawn on this server."};
    }
    if (!header) co_return header.error();
    int const longest = std::max(number(*header, "width", 1), number(*header, "height", 1));
    double const scale = std::min(10.0, std::max(box.width, box.height) / double(longest));
    std::vector<std::string> arguments{"pdfload", "input", "page.png", "--n", "1"};
    arguments.insert(arguments.end(), {"--scale", fmt::format("{:.4f}", std::max(scale, 0.001))});
    Outcome const page = co_await workspace.run(tools.vips, std::move(arguments), look_at_anything);
    if (!page.succeeded()) co_return page.problem("vips", "The PDF");
    arguments = thumbnail_of("page.png", target, box);
    Outcome const outcome = co_await workspace.run(tools.vips, std::move(arguments));
    co_return co_await deliver(tools, workspace, outcome, target);
}

Task<Result<Box>> draw(
    Tools const& tools, std::string_view svg, std::filesystem::path const& target
) {
    if (!tools.pictures()) co_return not_installed("vips");
    Workspace const workspace = Workspace::empty(target.parent_path());
    workspace.write("drawing.svg", svg);
    std::vector<std::string> arguments{"svgload", "drawing.svg", output_of(target)};
    Outcome const outcome =
        co_await workspace.run(tools.vips, std::move(arguments), look_at_anything);
    co_return co_await deliver(tools, workspace, outcome, target);
}

}  // namespace showrunner::media
