#include "files/types.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <fmt/ranges.h>
#include <magic.h>

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>

namespace showrunner::files {

namespace {

using Names = std::span<std::string_view const>;

constexpr std::array<std::string_view, 4> video_types{
    "video/", "application/mxf", "application/ogg", "application/vnd.rn-realmedia"
};
constexpr std::array<std::string_view, 19> video_extensions{
    "mp4",
    "m4v",
    "mov",
    "mkv",
    "webm",
    "avi",
    "mpg",
    "mpeg",
    "mxf",
    "mts",
    "m2ts",
    "ts",
    "ogv",
    "ogg",
    "wmv",
    "flv",
    "3gp",
    "rm",
    "m2v"
};
constexpr std::array<std::string_view, 1> image_types{"image/"};
constexpr std::array<std::string_view, 15> image_extensions{
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "avif",
    "heic",
    "heif",
    "tif",
    "tiff",
    "bmp",
    "svg",
    "psd",
    "jxl",
    "ico"
};
// A sound track alone in the container of a film is called a film by its bytes.
constexpr std::array<std::string_view, 5> audio_types{
    "audio/", "application/ogg", "video/mp4", "video/webm", "video/x-ms-asf"
};
constexpr std::array<std::string_view, 15> audio_extensions{
    "mp3",
    "wav",
    "flac",
    "ogg",
    "oga",
    "opus",
    "m4a",
    "aac",
    "aif",
    "aiff",
    "wma",
    "weba",
    "mka",
    "mid",
    "caf"
};
constexpr std::array<std::string_view, 11> script_types{
    "text/plain",
    "text/xml",
    "text/rtf",
    "text/x-",
    "text/markdown",
    "application/xml",
    "application/pdf",
    "application/rtf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text"
};
constexpr std::array<std::string_view, 10> script_extensions{
    "txt", "md", "fountain", "fdx", "pdf", "rtf", "doc", "docx", "odt", "xml"
};

struct Rules {
    Kind kind;
    Names types;  ///< or how they begin
    Names extensions;
};

constexpr std::array<Rules, 4> rules{
    Rules{Kind::video, video_types, video_extensions},
    Rules{Kind::image, image_types, image_extensions},
    Rules{Kind::audio, audio_types, audio_extensions},
    Rules{Kind::script, script_types, script_extensions},
};

Rules const* rules_of(Kind kind) {
    auto const* const found = std::ranges::find(rules, kind, &Rules::kind);
    return found == rules.end() ? nullptr : found;
}

bool has_type(Rules const& kind, std::string_view type) {
    return std::ranges::any_of(kind.types, [&](std::string_view known) {
        return known.ends_with('/') || known.ends_with('-') ? type.starts_with(known)
                                                            : type == known;
    });
}

bool has_extension(Rules const& kind, std::string_view extension) {
    return std::ranges::find(kind.extensions, extension) != kind.extensions.end();
}

struct CloseMagic {
    void operator()(magic_set* handle) const { magic_close(handle); }
};

using Magic = std::unique_ptr<magic_set, CloseMagic>;

Magic open_magic() {
    Magic handle{magic_open(MAGIC_MIME_TYPE)};
    if (!handle || magic_load(handle.get(), nullptr) != 0) {
        throw std::runtime_error{"libmagic's database could not be loaded"};
    }
    return handle;
}

}  // namespace

void tidy_name(std::string& name) {
    auto const first = name.find_first_not_of(" \t\r\n");
    auto const last = name.find_last_not_of(" \t\r\n");
    name = first == std::string::npos ? "" : name.substr(first, last - first + 1);
    bool const odd = std::ranges::any_of(name, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\';
    });
    if (odd || name == "." || name == "..") {
        throw invalid_field(
            "name", "FORMAT", "must be a file's name: no slashes, no control characters"
        );
    }
    if (name.empty()) throw invalid_field("name", "REQUIRED", "must not be empty");
    // Invisible letters that turn the rest around make `gpj.exe` look like `exe.jpg`.
    for (std::string_view const turn :
         {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"
         }) {
        if (name.find(turn) != std::string::npos) {
            throw invalid_field("name", "FORMAT", "must not turn the direction of its letters");
        }
    }
    if (name != valid_utf8(name, 255)) {
        throw invalid_field("name", "FORMAT", "must be UTF-8 of at most 255 bytes");
    }
}

std::string detect_type(std::string_view head) {
    thread_local Magic const handle = open_magic();
    char const* const type = magic_buffer(handle.get(), head.data(), head.size());
    return type == nullptr ? "application/octet-stream" : type;
}

std::string extension_of(std::string_view name) {
    auto const dot = name.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? "" : to_lower(name.substr(dot + 1));
}

Kind guess_kind(std::string_view name, std::string_view media_type) {
    std::string const extension = extension_of(name);
    for (Rules const& each : rules) {
        if (has_extension(each, extension)) return each.kind;
    }
    for (Rules const& each : rules) {
        if (has_type(each, media_type)) return each.kind;
    }
    return Kind::other;
}

Kind kind_of(std::string_view detected_type, std::string_view name) {
    Kind const guess = guess_kind(name, detected_type);
    Rules const* const guessed = rules_of(guess);
    if (guessed != nullptr && has_type(*guessed, detected_type)) return guess;
    // The name says what it is not: it is what it is, and no script (everything is text to
    // somebody).
    for (Rules const& each : rules) {
        if (each.kind != Kind::script && has_type(each, detected_type)) return each.kind;
    }
    return Kind::other;
}

void check_extension(Kind kind, std::string_view name) {
    Rules const* const allowed = rules_of(kind);
    std::string const extension = extension_of(name);
    if (allowed == nullptr || extension.empty() || has_extension(*allowed, extension)) return;
    Error error = invalid_field(
        "name",
        "EXTENSION_NOT_ALLOWED",
        fmt::format(
            "must end as {} files do: .{}",
            json::name_of(kind),
            fmt::join(allowed->extensions, ", .")
        )
    );
    error.token = "EXTENSION_NOT_ALLOWED";
    throw error;
}

void check_type(Kind kind, std::string_view detected_type, std::string_view name) {
    Rules const* const allowed = rules_of(kind);
    if (allowed == nullptr || has_type(*allowed, detected_type)) return;
    throw Error{
        Code::invalid,
        "TYPE_NOT_ALLOWED",
        fmt::format(
            "The content of {} is {}, which no {} file may be.",
            name,
            detected_type,
            json::name_of(kind)
        )
    };
}

bool is_safe_inline(std::string_view media_type) {
    static constexpr std::array<std::string_view, 8> safe{
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "text/plain",
        "application/pdf"
    };
    return media_type.starts_with("video/") || media_type.starts_with("audio/") ||
           std::ranges::find(safe, media_type) != safe.end();
}

}  // namespace showrunner::files
