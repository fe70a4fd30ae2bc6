// WebP files put together by hand.
#include "media/webp.hpp"

#include <doctest/doctest.h>

namespace showrunner::media {

using namespace std::string_literals;

TEST_CASE("webp: metadata goes, and what says that it is there") {
    std::string const file =
        "RIFF\x44\0\0\0WEBP"s
        "VP8X\x0a\0\0\0\x3c\0\0\0\x01\0\0\x01\0\0"s
        "ICCP\x03\0\0\0abc\0"s
        "VP8 \x02\0\0\0xy"s
        "EXIF\x01\0\0\0e\0"s
        "XMP \x02\0\0\0no"s;
    std::string const stripped =
        "RIFF\x20\0\0\0WEBP"s
        "VP8X\x0a\0\0\0\x10\0\0\0\x01\0\0\x01\0\0"s
        "VP8 \x02\0\0\0xy"s;
    REQUIRE(strip_webp(file).has_value());
    CHECK(*strip_webp(file) == stripped);
    CHECK(*strip_webp(stripped) == stripped);
}

TEST_CASE("webp: what is none is none") {
    CHECK_FALSE(strip_webp("").has_value());
    CHECK_FALSE(strip_webp("RIFF\0\0\0\0WAVEfmt "s).has_value());
    CHECK_FALSE(strip_webp("RIFF\0\0\0\0WEBPVP8 \xff\xff\xff\xff"s).has_value());
    CHECK_FALSE(strip_webp("RIFF\0\0\0\0WEBPVP8"s).has_value());
}

}  // namespace showrunner::media
