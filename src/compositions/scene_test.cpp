#include "compositions/scene.hpp"

#include <doctest/doctest.h>

namespace showrunner::compositions {

namespace {

std::string drawn(std::string const& layers, Pictures const& pictures = {}) {
    Document const document = parse_document(
        R"({"canvas":{"width":100,"height":50},"background":"#10111280","formats":[{"name":"a","width":100,"height":50}],"layers":[)" +
        layers + "]}"
    );
    std::string svg = draw_svg(document, document.formats[0], {}, pictures);
    CHECK(svg == draw_svg(document, document.formats[0], {}, pictures));
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    return svg;
}

bool has(std::string const& svg, std::string_view part) {
    CAPTURE(svg);
    return svg.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the background may be transparent") {
    CHECK(has(drawn(""), R"(<rect width="100" height="50" fill="#101112" fill-opacity="0.502"/>)"));
}

TEST_CASE("text is escaped and anchored") {
    std::string const svg = drawn(
        R"({"id":"t","type":"text","x":10,"y":0,"width":80,"height":40,"rotation":45,"opacity":0.5,"text":"<a> & \"b\"","font":"Roboto Slab","weight":700,"size":10,"color":"#ffffff","align":"center","box":{"color":"#000000","shape":"pill"}})"
    );
    CHECK(has(svg, R"svg(<g transform="rotate(45 50 20)" opacity="0.5">)svg"));
    CHECK(has(svg, R"(<rect x="10" y="0" width="80" height="40" rx="20" fill="#000000"/>)"));
    CHECK(has(
        svg, R"(font-family="Roboto Slab" font-weight="700" font-size="10" text-anchor="middle")"
    ));
    CHECK(has(svg, ">&lt;a&gt; &amp; &quot;b&quot;</text>"));
}

TEST_CASE("images are clipped to their boxes, and grey while there is none") {
    std::string const layer =
        R"({"id":"i","type":"image","x":0,"y":0,"width":10,"height":10,"radius":3,"file_id":"01890000-0000-7000-8000-000000000001"})";
    CHECK(has(drawn(layer), R"(fill="#808080")"));
    std::string const svg = drawn(layer, {{"i", "0.png"}});
    CHECK(has(
        svg, R"(<clipPath id="clip1"><rect x="0" y="0" width="10" height="10" rx="3"/></clipPath>)"
    ));
    CHECK(has(
        svg,
        R"svg(preserveAspectRatio="xMidYMid slice" clip-path="url(#clip1)" xlink:href="0.png")svg"
    ));
}

TEST_CASE("shapes") {
    std::string const svg = drawn(
        R"({"id":"a","type":"shape","x":0,"y":0,"width":10,"height":10,"shape":"line","stroke":"#ff0000"},)"
        R"({"id":"b","type":"shape","x":0,"y":0,"width":10,"height":10,"shape":"ellipse","fill":"#00ff00"},)"
        R"({"id":"c","type":"shape","x":0,"y":0,"width":10,"height":10,"shape":"rectangle","fill":"#0000ff","hidden":true})"
    );
    CHECK(has(
        svg, R"(<line x1="0" y1="5" x2="10" y2="5" fill="none" stroke="#ff0000" stroke-width="1"/>)"
    ));
    CHECK(has(svg, R"(<ellipse cx="5" cy="5" rx="5" ry="5" fill="#00ff00"/>)"));
    CHECK_FALSE(has(svg, "#0000ff"));
}

}  // namespace showrunner::compositions
