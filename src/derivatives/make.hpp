// Makes everything that there is to be made of one file, from local path to local paths.
#pragma once

#include "base/task.hpp"
#include "derivatives/derivative.hpp"
#include "files/files.hpp"
#include "media/tools.hpp"

#include <functional>

namespace showrunner::derivatives {

struct Output {
    Facts facts;
    std::vector<Made> made;
};

using Progress = std::function<void(int percent, std::string_view message)>;

/// Is there anything to be made of such a file?
[[nodiscard]] bool is_shown(files::Kind kind, std::string_view media_type);

struct Source {
    std::filesystem::path path;
    files::Kind kind = files::Kind::other;
    std::string media_type;
};

/// `folder`: for what is made, and for that alone.
Task<Output> make(
    media::Tools const& tools, Source source, std::filesystem::path folder, Progress progress
);

}  // namespace showrunner::derivatives
