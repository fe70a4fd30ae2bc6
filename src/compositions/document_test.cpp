#include "compositions/document.hpp"

#include <doctest/doctest.h>

namespace showrunner::compositions {

namespace {

std::string with(std::string const& layers, std::string const& more = {}) {
    return R"({"canvas":{"width":1920,"height":1080},"background":"#000000","formats":[{"name":"a","width":100,"height":100}],"layers":[)" +
           layers + "]" + more + "}";
}

std::string mistakes_in(std::string const& text) {
    try {
        (void)parse_document(text, "");
    } catch (Error const& error) {
        std::string out;
        for (FieldError const& field : error.fields) out += field.field + ":" + field.code + " ";
        return out.empty() ? error.token : out;
    }
    return "";
}

constexpr char const* image =
    R"({"id":"i","type":"image","x":0,"y":0,"width":10,"height":10,"file_id":"01890000-0000-7000-8000-000000000001"})";
constexpr char const* text =
    R"({"id":"t","type":"text","x":0.5,"y":-3,"width":10,"height":10,"text":"Hi","font":"Inter","size":20,"color":"#fff000"})";
constexpr char const* shape =
    R"({"id":"s","type":"shape","x":0,"y":0,"width":10,"height":10,"shape":"ellipse","fill":"#ff000080"})";

}  // namespace

TEST_CASE("a document of every type of layer") {
    std::string const layers = std::string{image} + "," + text + "," + shape;
    Document const document =
        parse_document(with(layers, R"(,"overrides":{"a":{"t":{"size":9}}})"));
    REQUIRE(document.layers.size() == 3);
    CHECK(document.layers[1].x == 0.5);
    CHECK(document.overrides->at("a").at("t").size == 9.0);
    CHECK(file_ids(document) == std::vector<std::string>{"01890000-0000-7000-8000-000000000001"});
    CHECK(document == parse_document(json::to_text(document)));
}

TEST_CASE("what is wrong with a document is told by its path") {
    CHECK(mistakes_in("[]") == ":TYPE ");
    CHECK(mistakes_in("{}") == "canvas:REQUIRED background:REQUIRED ");
    CHECK(mistakes_in(with("", R"(,"colour":1)")) == "colour:UNKNOWN_FIELD ");
    CHECK(
        mistakes_in(
            R"({"canvas":{"width":15,"height":9000},"background":"red","formats":[],"layers":[]})"
        ) == "canvas.width:RANGE canvas.height:RANGE formats:TOO_SHORT "
    );
    CHECK(
        mistakes_in(R"({"canvas":{"width":16,"height":16},"background":"red"})") ==
        "background:FORMAT formats:TOO_SHORT "
    );
    CHECK(mistakes_in(with(std::string{shape} + "," + shape)) == "layers[1].id:REPEATED ");
    CHECK(
        mistakes_in(
            with(R"({"id":"a b","type":"blob","x":1e9,"y":0,"width":-1,"height":1,"opacity":2})")
        ) ==
        "layers[0].type:ENUM layers[0].id:FORMAT layers[0].x:RANGE layers[0].width:RANGE "
        "layers[0].opacity:RANGE "
    );
    CHECK(
        mistakes_in(
            with(R"({"id":"a","type":"text","x":0,"y":0,"width":1,"height":1,"fill":"#000000"})")
        ) ==
        "layers[0].fill:UNKNOWN_FIELD layers[0].text:REQUIRED layers[0].font:REQUIRED "
        "layers[0].size:REQUIRED layers[0].color:REQUIRED "
    );
    CHECK(
        mistakes_in(with(text, R"(,"overrides":{"b":{},"a":{"x":{},"t":{"size":0}}})")) ==
        "overrides.a.t.size:RANGE overrides.a.x:UNKNOWN_LAYER overrides.b:UNKNOWN_FORMAT "
    );
    std::string controls{text};
    controls.replace(controls.find("Hi"), 2, "H\\u0007");
    CHECK(mistakes_in(with(controls)) == "layers[0].text:CHARACTER ");
    CHECK(mistakes_in(std::string(document_bytes_max + 1, ' ')) == ":TOO_LONG ");
}

TEST_CASE("a document has bounds") {
    std::string layers;
    for (int i = 0; i < 101; ++i) {
        std::string layer{shape};
        layer.replace(layer.find("\"s\""), 3, "\"s" + std::to_string(i) + "\"");
        layers += (i > 0 ? "," : "") + layer;
    }
    CHECK(mistakes_in(with(layers)) == "layers:TOO_LONG ");
}

}  // namespace showrunner::compositions
