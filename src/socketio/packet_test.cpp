#include "socketio/packet.hpp"

#include <doctest/doctest.h>

#include <random>

namespace showrunner::socketio {

namespace {

std::string_view text_of(MessagePtr const& message) {
    return message->payload();
}

}  // namespace

TEST_CASE("packets are read as their clients wrote them") {
    auto const connect = parse_packet(R"(0/admin,{"token":"123"})");
    REQUIRE(connect);
    CHECK(connect->type == PacketType::connect);
    CHECK(connect->nsp == "/admin");
    CHECK(connect->auth.at("token") == "123");
    CHECK(parse_packet("0/admin")->nsp == "/admin");
    CHECK(parse_packet("1/admin,")->type == PacketType::disconnect);

    auto const event = parse_packet(R"(2/admin,456[ "ev\"1\\" , 1.50 , {"a":[]} ])");
    REQUIRE(event);
    CHECK(event->nsp == "/admin");
    CHECK(event->id == 456);
    CHECK(event->name == R"(ev"1\)");
    CHECK(event->arguments.size() == 2);
    CHECK(event->arguments_text == R"(1.50 , {"a":[]} )");
    CHECK(parse_packet(R"(2 [ "a,b" ,1])")->arguments_text == "1");
    CHECK(parse_packet(R"(2["x"])")->arguments_text.empty());
    CHECK(parse_packet(R"(2[12,"a"])")->name == "12");
    CHECK(parse_packet(R"(2[12,"a"])")->arguments_text == R"("a")");

    auto const binary = parse_packet(R"(52-/admin,7["x",{"_placeholder":true,"num":1},{"num":9}])");
    REQUIRE(binary);
    CHECK(binary->attachments == 2);
    CHECK(binary->id == 7);

    CHECK(parse_packet("313[]")->arguments_text.empty());
    CHECK(parse_packet(R"(313["a",1])")->arguments_text == R"("a",1)");
}

TEST_CASE("half a surrogate pair is no reason to end a connection") {
    auto const event = parse_packet(R"(2["x","\ud83c\udfa8 \ud83c \udfa8 \\ud83c"])");
    REQUIRE(event);
    CHECK(event->arguments_text == R"("\ud83c\udfa8 \ufffd \ufffd \\ud83c")");
    CHECK(event->arguments.at(0) == "\xf0\x9f\x8e\xa8 \xef\xbf\xbd \xef\xbf\xbd \\ud83c");
}

TEST_CASE("whatever comes in is taken or refused, and never read beyond its end") {
    std::mt19937 random{1};
    std::string const valid = R"(52-/admin,7["x\u00e9",{"_placeholder":true,"num":1},[1.5,null]])";
    for (int round = 0; round < 20'000; ++round) {
        std::string text = valid;
        for (unsigned changes = random() % 4; changes-- > 0;) {
            std::size_t const at = random() % text.size();
            if (random() % 3 == 0) {
                text.erase(at, random() % 8);
            } else {
                text[at] = R"([]{}",:\u01239-/)"[random() % 16];
            }
            if (text.empty()) break;
        }
        auto const packet = parse_packet(text);
        if (packet && !packet->arguments_text.empty()) {
            auto const again = boost::json::parse("[" + packet->arguments_text + "]");
            CHECK(again == packet->arguments);
        }
    }
}

TEST_CASE("what the protocol does not allow is no packet") {
    for (std::string_view const text : {
             "",
             "7",
             "x",
             "0[]",
             "0null",
             R"(0"a")",
             "1{}",
             "1[]",
             "2",
             "2{}",
             "2[]",
             "2[null]",
             "2[{}]",
             R"(2["connect"])",
             R"(2["connect_error"])",
             R"(2["disconnect"])",
             R"(2["disconnecting"])",
             R"(2["newListener"])",
             R"(2["removeListener"])",
             R"(2["a")",
             R"(2["a"]])",
             R"(2abc["a"])",
             "3[]",
             "3",
             "31{}",
             "31",
             "4",
             "4{}",
             R"(5["a"])",
             R"(5-["a"])",
             R"(511-["a"])",
             R"(51["a"])",
             R"(51-["a",{"_placeholder":true,"num":1}])",
             R"(51-["a",[{"_placeholder":true,"num":-1}]])",
             R"(51-["a",{"b":{"_placeholder":true,"num":"0"}}])",
             R"(51-["a",{"_placeholder":true}])",
             R"(2123456789012345678901["a"])",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_packet(text));
    }
}

TEST_CASE("packets are written as the official parser reads them") {
    std::vector<std::string> const bytes{"\x01\x02"};
    CHECK(text_of(encode_event("/", {.name = "ev"})) == R"(42["ev"])");
    CHECK(
        text_of(encode_event("/a", {.name = "e\"v", .arguments = "1,{}", .offset = "o.1"})) ==
        R"(42/a,["e\"v",1,{},"o.1"])"
    );
    Outgoing ask{.name = "ask", .arguments = R"({"_placeholder":true,"num":0})"};
    ask.attachments = bytes;
    ask.id = 12;
    CHECK(
        text_of(encode_event("/", ask)) == R"(451-12["ask",{"_placeholder":true,"num":0}])"
                                           "\x1e"
                                           "bAQI="
    );
    Outgoing ack{.name = {}, .arguments = "1"};
    ack.id = 5;
    CHECK(text_of(encode_ack("/a", ack)) == "43/a,5[1]");
    CHECK(text_of(encode_connected("/", "s", "")) == R"(40{"sid":"s"})");
    CHECK(text_of(encode_connected("/a", "s", "p")) == R"(40/a,{"sid":"s","pid":"p"})");
    CHECK(
        text_of(encode_connect_error("/a", "no", R"({"b":1})")) ==
        R"(44/a,{"message":"no","data":{"b":1}})"
    );
    CHECK(text_of(encode_disconnect("/a")) == "41/a,");
}

}  // namespace showrunner::socketio
