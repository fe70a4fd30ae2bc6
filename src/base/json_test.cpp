#include "base/json.hpp"

#include <doctest/doctest.h>

namespace showrunner {

namespace {

enum class Colour : std::uint8_t { red, dark_green };
BOOST_DESCRIBE_ENUM(Colour, red, dark_green)

struct Input {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "title", .min = 1, .max = 5},
        json::Rule{.field = "number", .min = 1, .max = 10},
        json::Rule{.field = "tags", .max = 2, .item_max = 3},
    };
    std::string title;
    std::optional<int> number;
    std::vector<std::string> tags;
    json::Change<int> season_number;
    std::optional<Colour> colour;
};
BOOST_DESCRIBE_STRUCT(Input, (), (title, number, tags, season_number, colour))

std::string mistakes_in(std::string_view text) {
    try {
        (void)json::parse<Input>(text);
    } catch (Error const& error) {
        std::string out;
        for (FieldError const& field : error.fields) out += field.field + ":" + field.code + " ";
        return out.empty() ? error.token : out;
    }
    return "";
}

}  // namespace

TEST_CASE("reading reports every mistake by its path") {
    CHECK(mistakes_in(R"({"title":"a"})").empty());
    CHECK(mistakes_in("{") == "MALFORMED");
    CHECK(mistakes_in("[]") == ":TYPE ");
    CHECK(mistakes_in("{}") == "title:REQUIRED ");
    CHECK(
        mistakes_in(R"({"title":"","number":11,"tags":["a","",3,"long"],"x":1})") ==
        "title:TOO_SHORT number:RANGE tags:TOO_LONG tags[1]:TOO_SHORT tags[2]:TYPE "
        "tags[3]:TOO_LONG x:UNKNOWN_FIELD "
    );
    CHECK(mistakes_in(R"({"title":"  "})") == "title:BLANK ");
    CHECK(mistakes_in(R"({"title":"a","number":1.5})") == "number:TYPE ");
    CHECK(mistakes_in(R"({"title":"a","colour":"blue"})") == "colour:ENUM ");
    CHECK(mistakes_in("{\"title\":\"a\\u0000b\"}") == "title:FORMAT ");
}

TEST_CASE("a change tells absent from null") {
    CHECK_FALSE(json::parse<Input>(R"({"title":"a"})").season_number.present);
    auto const cleared = json::parse<Input>(R"({"title":"a","season_number":null})").season_number;
    CHECK(cleared.present);
    CHECK_FALSE(cleared.value.has_value());
    CHECK(json::parse<Input>(R"({"title":"a","season_number":3})").season_number.value == 3);
}

TEST_CASE("writing escapes, keeps UTF-8 and mends what is not") {
    std::string out;
    json::write_string(out, "a\"\\\n\x01 \xc3\xa9 \xff");
    CHECK(out == "\"a\\\"\\\\\\n\\u0001 \xc3\xa9 \xef\xbf\xbd\"");
    CHECK(json::to_camel("changed_fields") == "changedFields");
    CHECK(
        json::to_text<json::Case::camel>(Input{"x", {}, {"t"}, {}, Colour::dark_green}.tags) ==
        R"(["t"])"
    );
}

TEST_CASE("what needs an escape is found at every place of a string") {
    for (std::size_t at = 0; at < 20; ++at) {
        for (unsigned byte = 0; byte < 0x80; ++byte) {
            std::string text(20, 'x');
            text[at] = static_cast<char>(byte);
            std::string out;
            json::write_string(out, text);
            bool const plain = byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\';
            REQUIRE((out == '"' + text + '"') == plain);
            REQUIRE(boost::json::parse(out).as_string() == text);
        }
    }
}

TEST_CASE("the schema shows the limits") {
    std::string const schema = json::schema<Input>();
    CHECK(
        schema.find(R"("title":{"type":"string","minLength":1,"maxLength":5})") != std::string::npos
    );
    CHECK(schema.find(R"("required":["title"])") != std::string::npos);
    CHECK(schema.find(R"("enum":["red","dark_green"])") != std::string::npos);
}

TEST_CASE("json: what was accepted can be read again when it is wrapped") {
    std::string const deepest =
        std::string(json::input_depth_max, '[') + std::string(json::input_depth_max, ']');
    CHECK_NOTHROW((void)json::parse_value(deepest, json::input_depth_max));
    CHECK_THROWS_AS((void)json::parse_value("[" + deepest + "]", json::input_depth_max), Error);
    CHECK_NOTHROW((void)json::parse_value("[[[" + deepest + "]]]"));
}

TEST_CASE("json: zero characters are found wherever they hide") {
    for (char const* text :
         {R"("a\u0000")", R"([1,["\u0000"]])", R"({"a":{"\u0000":1}})", R"({"a":[{"b":"\u0000"}]})"
         }) {
        CHECK_MESSAGE(json::has_zero_character(json::parse_value(text)), text);
    }
    for (char const* text : {R"("\\u0000")", R"({"a":[0,null,false,""]})"}) {
        CHECK_FALSE_MESSAGE(json::has_zero_character(json::parse_value(text)), text);
    }
}

}  // namespace showrunner
