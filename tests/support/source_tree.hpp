// The repository's own text files, for tests that check the code base.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::test {

struct File {
    std::string path;  ///< from the root, with '/'
    std::string text;

    [[nodiscard]] bool is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

    [[nodiscard]] bool is_test() const {
        return path.ends_with("test.cpp") || path.starts_with("tests/");
    }
};

using Files = std::vector<File>;

/// All text files below `root` but what is built, installed or data.
inline Files read_tree(std::filesystem::path const& root) {
    constexpr std::array skipped{
        ".git", "build", "data", ".cache", "node_modules", "dist", "test-results"
    };
    constexpr std::array text_files{
        ".cpp",
        ".hpp",
        ".sql",
        ".md",
        ".ts",
        ".vue",
        ".mjs",
        ".js",
        ".css",
        ".html",
        ".json",
        ".toml",
        ".yml",
        ".yaml",
        ".sh",
        ".cmake",
        ".txt",
        ""
    };
    Files files;
    namespace fs = std::filesystem;
    for (auto it = fs::recursive_directory_iterator{root}; it != fs::end(it); ++it) {
        if (it->is_directory() && std::ranges::count(skipped, it->path().filename()) > 0) {
            it.disable_recursion_pending();
        }
        bool const is_text = std::ranges::count(text_files, it->path().extension()) > 0;
        if (!it->is_regular_file() || !is_text) continue;
        std::ifstream in{it->path(), std::ios::binary};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        files.push_back({fs::relative(it->path(), root).generic_string(), std::move(text)});
    }
    return files;
}

/// The first group of every match of `pattern`; `literal` is in each of them, so that most files
/// are not searched at all.
inline std::vector<std::string> matches(
    std::string const& text, std::string_view literal, std::string const& pattern
) {
    std::vector<std::string> found;
    if (text.find(literal) == std::string::npos) return found;
    std::regex const regex{pattern};
    for (auto it = std::sregex_iterator{text.begin(), text.end(), regex};
         it != std::sregex_iterator{};
         ++it) {
        found.push_back((*it)[1].str());
    }
    return found;
}

}  // namespace showrunner::test
