#include "files/types.hpp"

#include "base/error.hpp"

#include <doctest/doctest.h>

namespace showrunner::files {

namespace {

std::string token_of(void (*check)()) {
    try {
        check();
    } catch (Error const& error) {
        return error.token;
    }
    return "";
}

std::string const png{
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0\x1f\x15\xc4\x89", 33
};

}  // namespace

TEST_CASE("files: the bytes say what a file is") {
    CHECK(detect_type(png) == "image/png");
    CHECK(detect_type("GIF89a\1\0\1\0\0\0\0;<script>alert(1)</script>") == "image/gif");
    CHECK(detect_type("<!DOCTYPE html><html><script>alert(1)</script></html>") == "text/html");
    CHECK(detect_type("INT. HOUSE - DAY\n\nSomebody waits.\n") == "text/plain");
    CHECK(detect_type("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n") == "application/pdf");
    CHECK(detect_type(std::string_view{"\0\1\2\3", 4}) == "application/octet-stream");
}

TEST_CASE("files: a kind takes the types and the extensions that it is made of") {
    CHECK(guess_kind("a.MP4", "") == Kind::video);
    CHECK(guess_kind("a", "audio/mpeg") == Kind::audio);
    CHECK(guess_kind("a.zip", "application/zip") == Kind::other);
    CHECK(kind_of("image/png", "pilot.png") == Kind::image);
    CHECK(kind_of("image/png", "pilot.mp4") == Kind::image);
    CHECK(kind_of("text/html", "pilot.png") == Kind::other);
    CHECK(kind_of("text/plain", "pilot.fountain") == Kind::script);
    CHECK(kind_of("text/csv", "notes.csv") == Kind::other);
    CHECK(kind_of("text/plain", "notes") == Kind::script);
    CHECK_NOTHROW(check_type(Kind::image, "image/png", "a.png"));
    CHECK_NOTHROW(check_type(Kind::other, "text/html", "a.html"));
    CHECK(token_of([] { check_type(Kind::image, "text/html", "a.png"); }) == "TYPE_NOT_ALLOWED");
    CHECK(token_of([] { check_type(Kind::script, "text/html", "a.txt"); }) == "TYPE_NOT_ALLOWED");
    CHECK_NOTHROW(check_extension(Kind::image, "A.PNG"));
    CHECK_NOTHROW(check_extension(Kind::image, "no extension"));
    CHECK_NOTHROW(check_extension(Kind::other, "a.exe"));
    CHECK(token_of([] { check_extension(Kind::image, "a.exe"); }) == "EXTENSION_NOT_ALLOWED");
    CHECK(token_of([] { check_extension(Kind::image, "a.png.exe"); }) == "EXTENSION_NOT_ALLOWED");
}

TEST_CASE("files: a name is a name and no path") {
    auto const tidied = [](std::string name) {
        tidy_name(name);
        return name;
    };
    CHECK(tidied("  Pilot 01.mp4 ") == "Pilot 01.mp4");
    CHECK(tidied("Für Élise – ночь.wav") == "Für Élise – ночь.wav");
    CHECK(tidied("..hidden") == "..hidden");
    for (char const* bad :
         {"",
          "   ",
          ".",
          "..",
          "../../etc/passwd",
          "a/b.png",
          "a\\b.png",
          "a\nb.png",
          "\x7f",
          "a\u202egpj.exe",
          "\xff.png"}) {
        INFO(bad);
        CHECK_THROWS_AS(tidied(bad), Error);
    }
    CHECK_THROWS_AS(tidied(std::string{"a\0b", 3}), Error);
}

TEST_CASE("files: what would run in a browser is not shown in one") {
    CHECK(is_safe_inline("image/png"));
    CHECK(is_safe_inline("video/mp4"));
    for (char const* type : {"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"}) {
        CHECK_FALSE(is_safe_inline(type));
    }
}

}  // namespace showrunner::files
