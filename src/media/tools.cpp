#include "media/tools.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace showrunner::media {

namespace {

bool is_program(std::string const& path) {
    struct stat found{};

    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string find_program(std::string_view folders, std::string_view name) {
    while (!folders.empty()) {
        auto const colon = folders.find(':');
        std::string_view const folder = folders.substr(0, colon);
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        if (!folder.starts_with('/')) continue;
        std::string path = fmt::format("{}/{}", folder, name);
        if (is_program(path)) return path;
    }
    return {};
}

std::vector<std::string> Tools::missing() const {
    using Named = std::pair<std::string_view, std::string const&>;
    std::vector<std::string> names;
    for (auto const& [name, path] : std::array{
             Named{"vips", vips},
             Named{"vipsheader", vipsheader},
             Named{"ffmpeg", ffmpeg},
             Named{"ffprobe", ffprobe}
         }) {
        if (path.empty()) names.emplace_back(name);
    }
    return names;
}

Tools find_tools(std::string_view folders) {
    return {
        find_program(folders, "vips"),
        find_program(folders, "vipsheader"),
        find_program(folders, "ffmpeg"),
        find_program(folders, "ffprobe")
    };
}

Problem not_installed(std::string_view program) {
    return {
        Failure::unavailable,
        fmt::format("The program {} is not installed on this server.", program)
    };
}

}  // namespace showrunner::media
