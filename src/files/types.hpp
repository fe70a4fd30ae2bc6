// What a file is: decided by its bytes (libmagic), and checked against what its kind may be.
#pragma once

#include "files/file.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace showrunner::files {

/// As much of a file's beginning as is looked at.
inline constexpr std::size_t head_bytes = std::size_t{256} * 1024;

/// The media type of what begins with `head`: `image/png`. Blocking; on any thread, each of which
/// keeps a libmagic handle of its own. Throws std::runtime_error without libmagic's database.
[[nodiscard]] std::string detect_type(std::string_view head);

/// In lower case, without the dot; empty when there is none.
[[nodiscard]] std::string extension_of(std::string_view name);

/// Before there are bytes: by the extension, else by what the client says.
[[nodiscard]] Kind guess_kind(std::string_view name, std::string_view media_type);

/// By the bytes.
[[nodiscard]] Kind kind_of(std::string_view detected_type, std::string_view name);

/// Throws Error{Code::invalid} with the token EXTENSION_NOT_ALLOWED.
void check_extension(Kind kind, std::string_view name);

/// Throws Error{Code::invalid} with the token TYPE_NOT_ALLOWED.
void check_type(Kind kind, std::string_view detected_type, std::string_view name);

/// What a browser shows without running any of it.
[[nodiscard]] bool is_safe_inline(std::string_view media_type);

}  // namespace showrunner::files
