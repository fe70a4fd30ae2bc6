// Scripts in the encodings that people's programs write.
#include "media/text.hpp"

#include <doctest/doctest.h>

namespace showrunner::media {

namespace {

using namespace std::string_literals;

TextPreview decoded(std::string_view bytes, bool cut = false) {
    auto const result = decode_text(bytes, cut);
    REQUIRE(result.has_value());
    return *result;
}

}  // namespace

TEST_CASE("text: UTF-8, with and without a mark") {
    CHECK(
        decoded("INT. CAF\xc3\x89 \xe2\x80\x94 DAY") ==
        TextPreview{"INT. CAF\xc3\x89 \xe2\x80\x94 DAY", "utf-8", false}
    );
    CHECK(decoded("\xEF\xBB\xBFtext").text == "text");
    CHECK(decoded("").encoding == "utf-8");
    CHECK(decoded("\xf0\x9f\x8e\xac").text == "\xf0\x9f\x8e\xac");
}

TEST_CASE("text: a last character that is cut is left out") {
    for (std::string const part : {"\xc3", "\xe2\x80", "\xe2", "\xf0\x9f\x8e", "\xf0"}) {
        CHECK(decoded("abc" + part, true) == TextPreview{"abc", "utf-8", true});
        CHECK(decoded("abc" + part, false).encoding == "windows-1252");
    }
}

TEST_CASE("text: Latin-1 as Windows writes it") {
    CHECK(
        decoded("Caf\xe9 \x93quoted\x94 \x80") ==
        TextPreview{
            "Caf\xc3\xa9 \xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x82\xac", "windows-1252", false
        }
    );
    // What looks like UTF-8 but isn't: too long, half a pair, beyond the last.
    for (std::string const bad : {"\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
        CHECK(decoded("abc" + bad + "def").encoding == "windows-1252");
    }
}

TEST_CASE("text: UTF-16 by its mark or by its zeros") {
    CHECK(
        decoded("\xFF\xFE"
                "a\0\xe9\0"s) == TextPreview{"a\xc3\xa9", "utf-16le", false}
    );
    CHECK(decoded("\xFE\xFF\0a\0\xe9"s) == TextPreview{"a\xc3\xa9", "utf-16be", false});
    CHECK(decoded("F\0A\0D\0E\0"s) == TextPreview{"FADE", "utf-16le", false});
    CHECK(decoded("\0F\0A\0D\0E"s) == TextPreview{"FADE", "utf-16be", false});
    CHECK(decoded("\xFF\xFE\x3c\xd8\xac\xdf"s).text == "\xf0\x9f\x8e\xac");
    CHECK(
        decoded(
            "\xFF\xFE"
            "a\0\x3c\xd8"s,
            true
        )
            .text == "a"
    );
    CHECK(
        decoded("\xFF\xFE\x3c\xd8"
                "a\0"s)
            .text ==
        "\xef\xbf\xbd"
        "a"
    );
}

TEST_CASE("text: lines end as they do here; bytes that are no text are none") {
    CHECK(decoded("a\r\nb\rc\n\td\f").text == "a\nb\nc\n\td\f");
    for (std::string const& bytes :
         {"\x7f"
          "ELF\x02\x01\x01\0"s,
          "PK\x03\x04"s,
          "a\x1b[2J"s}) {
        auto const result = decode_text(bytes, false);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().kind == Failure::unsupported);
    }
}

}  // namespace showrunner::media
