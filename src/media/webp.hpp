// WebP without metadata: EXIF (places, cameras), XMP and colour profiles go. Not every version of
// libvips does this when it is told to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::media {

/// Empty: this is no WebP. The pixels must be sRGB, which WebP without a profile is.
[[nodiscard]] std::optional<std::string> strip_webp(std::string_view bytes);

}  // namespace showrunner::media
