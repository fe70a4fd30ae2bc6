#include "compositions/compare.hpp"

#include <doctest/doctest.h>

namespace showrunner::compositions {

namespace {

Document document(std::string const& layers, std::string const& more = {}) {
    return parse_document(
        R"({"canvas":{"width":100,"height":100},"background":"#000000","formats":[{"name":"a","width":100,"height":100}],"layers":[)" +
        layers + "]" + more + "}"
    );
}

std::string shape(std::string const& id, std::string const& more = {}) {
    return R"({"id":")" + id +
           R"(","type":"shape","x":0,"y":0,"width":10,"height":10,"shape":"ellipse")" + more + "}";
}

std::string text_of(Comparison comparison) {
    std::string out;
    for (Difference const& each : comparison.fields) out += each.field + " ";
    for (FormatDifference const& each : comparison.formats)
        out += each.change + ":" + each.name + " ";
    for (LayerDifference const& each : comparison.layers) {
        out += each.change + ":" + each.id + (each.moved ? "*" : "");
        for (Difference const& field : each.fields) {
            if (each.change != "changed") continue;
            out += "," + field.field + "=" + field.before.text + ">" + field.after.text;
        }
        out += " ";
    }
    for (OverrideDifference const& each : comparison.overrides) {
        out += each.format + "/" + each.layer_id + " ";
    }
    return out;
}

}  // namespace

TEST_CASE("what is only written differently is identical") {
    auto const same = compare(
        document(shape("a")),
        document(
            shape("a", R"(,"rotation":0,"opacity":1,"fill":null)"), R"(,"overrides":{"a":{"a":{}}})"
        )
    );
    CHECK(same.identical);
    CHECK(text_of(same).empty());
}

TEST_CASE("layers that are new, gone, changed and moved") {
    std::string const comma = ",";
    auto const different = compare(
        document(shape("a") + comma + shape("b") + comma + shape("c") + comma + shape("d")),
        document(
            shape("d") + comma + shape("a", R"(,"opacity":0.5,"fill":"#ff0000")") + comma +
            shape("c") + comma + shape("e")
        )
    );
    CHECK_FALSE(different.identical);
    CHECK(
        text_of(different) ==
        "moved:d* changed:a,opacity=1>0.5,fill=null>\"#ff0000\" added:e removed:b "
    );
    CHECK(different.layers[0].before_index == 3);
    CHECK(different.layers[0].after_index == 0);
    CHECK_FALSE(different.layers[3].after_index.has_value());
}

TEST_CASE("canvas, background, formats and overrides") {
    Document before = document(shape("a"), R"(,"overrides":{"a":{"a":{"x":1}}})");
    Document after = before;
    after.background = "#ffffff";
    after.canvas.width = 200;
    after.formats = {{"b", 10, 10}, {"a", 100, 200}};
    after.overrides->at("a").at("a").x = 2;
    auto const different = compare(before, after);
    CHECK(text_of(different) == "canvas background added:b changed:a a/a ");
    CHECK(different.fields[0].before.text == R"({"width":100,"height":100})");
    CHECK(different.formats[1].fields[0].after.text == "200");
    CHECK(different.overrides[0].fields[0].before.text == "1");
    // Stable: the same again gives the same text.
    CHECK(json::to_text(different) == json::to_text(compare(before, after)));
}

}  // namespace showrunner::compositions
