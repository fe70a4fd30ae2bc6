// The beginning of a script, to be read at a glance: its bytes in whatever encoding as UTF-8.
#pragma once

#include "media/result.hpp"

#include <boost/describe/class.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace showrunner::media {

inline constexpr std::size_t text_preview_bytes = 32UL << 10U;

struct TextPreview {
    std::string text;      ///< lines end in \n
    std::string encoding;  ///< utf-8, utf-16le, utf-16be, windows-1252
    bool cut = false;      ///< the file goes on

    bool operator==(TextPreview const&) const = default;
};
BOOST_DESCRIBE_STRUCT(TextPreview, (), (text, encoding, cut))

/// `start`: the first bytes of a file. Unsupported, when they are no text.
[[nodiscard]] Result<TextPreview> decode_text(std::string_view start, bool cut);

/// Reads the first `text_preview_bytes` of a file.
[[nodiscard]] Result<TextPreview> text_preview(std::filesystem::path const& source);

}  // namespace showrunner::media
