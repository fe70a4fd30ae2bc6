#include "compositions/layout.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace showrunner::compositions {

namespace {

boost::json::value read_json(std::filesystem::path const& path) {
    std::ifstream in{path, std::ios::binary};
    return boost::json::parse(std::string{std::istreambuf_iterator<char>{in}, {}});
}

/// Only what `expected` names.
void check_number(boost::json::object const& expected, char const* name, double actual) {
    auto const* const value = expected.if_contains(name);
    if (value == nullptr) return;
    CAPTURE(name);
    CHECK(actual == doctest::Approx(value->to_number<double>()).epsilon(1e-5));
}

void check_lines(boost::json::object const& expected, std::vector<Line> const& actual) {
    auto const* const value = expected.if_contains("lines");
    if (value == nullptr) return;
    boost::json::array const& lines = value->as_array();
    REQUIRE(actual.size() == lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        boost::json::object const& line = lines[i].as_object();
        CHECK(actual[i].text == std::string{line.at("text").as_string()});
        check_number(line, "x", actual[i].x);
        check_number(line, "y", actual[i].y);
    }
}

void check_layer(boost::json::object const& expected, ResolvedLayer const& actual) {
    std::string const id{expected.at("id").as_string()};
    CAPTURE(id);
    REQUIRE(actual.layer->id == id);
    check_number(expected, "x", actual.box.x);
    check_number(expected, "y", actual.box.y);
    check_number(expected, "width", actual.box.width);
    check_number(expected, "height", actual.box.height);
    check_number(expected, "rotation", actual.rotation);
    check_number(expected, "size", actual.size);
    check_number(expected, "radius", actual.radius);
    check_number(expected, "padding", actual.padding);
    check_number(expected, "stroke_width", actual.stroke_width);
    auto const* const hidden = expected.if_contains("hidden");
    CHECK(actual.hidden == (hidden != nullptr && hidden->as_bool()));
    check_lines(expected, actual.lines);
}

}  // namespace

TEST_CASE("the fixtures that server and web app share") {
    int files = 0;
    std::filesystem::path const folder =
        std::filesystem::path{SHOWRUNNER_SOURCE_DIR} / "tests/fixtures/compositions";
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.path().extension() != ".json") continue;
        std::string const name = entry.path().filename();
        CAPTURE(name);
        boost::json::value const fixture = read_json(entry.path());
        auto const document = parse_document(boost::json::serialize(fixture.at("document")));
        auto const format = json::parse<Format>(boost::json::serialize(fixture.at("format")));
        auto const metrics = Metrics::parse(boost::json::serialize(fixture.at("metrics")));
        auto const layers = resolve(document, format, metrics);
        boost::json::array const& expected = fixture.at("expected").as_array();
        REQUIRE(layers.size() == expected.size());
        for (std::size_t i = 0; i < layers.size(); ++i) {
            check_layer(expected[i].as_object(), layers[i]);
        }
        ++files;
    }
    CHECK(files >= 5);
}

TEST_CASE("the safe area of stories leaves room for what lies over them") {
    Rectangle const wide = safe_area(1000, 500);
    CHECK(wide.x == doctest::Approx(50));
    CHECK(wide.y == doctest::Approx(25));
    CHECK(wide.bottom() == doctest::Approx(475));
    Rectangle const story = safe_area(1000, 1600);
    CHECK(story.right() == doctest::Approx(950));
    CHECK(story.y == doctest::Approx(224));
    CHECK(story.bottom() == doctest::Approx(1280));
    CHECK(safe_area(1000, 1599).y == doctest::Approx(79.95));
}

TEST_CASE("text breaks even where nothing fits") {
    FontMetrics const font{
        .ascent = 0.8, .descent = 0.2, .default_advance = 1, .advances = {}, .file = {}
    };
    using Lines = std::vector<std::string>;
    CHECK(break_lines("", font, 10, 100) == Lines{""});
    CHECK(break_lines("abc", font, 10, 0) == Lines{"a", "b", "c"});
    CHECK(break_lines("a b", font, 10, 5) == Lines{"a", "b"});
    CHECK(break_lines("  ", font, 10, 5) == Lines{""});
    CHECK(break_lines("a\n", font, 10, 50) == Lines{"a", ""});
    CHECK(
        break_lines("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", font, 10, 20) ==
        Lines{"\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x98\x80"}
    );
}

}  // namespace showrunner::compositions
