#include "base/metrics.hpp"
#include "socketio/engine/base64.hpp"
#include "socketio/engine/handshake.hpp"
#include "socketio/engine/origins.hpp"
#include "socketio/engine/outbox.hpp"
#include "socketio/engine/payload.hpp"

#include <doctest/doctest.h>

namespace showrunner::engineio {

TEST_CASE("the accept key is the one of RFC 6455") {
    CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("base64 is padded when written, and need not be when read") {
    std::string text;
    append_base64(text, "\x01\x02\x03\x04");
    CHECK(text == "AQIDBA==");
    CHECK(decode_base64("AQIDBA==") == "\x01\x02\x03\x04");
    CHECK(decode_base64("AQIDBA") == "\x01\x02\x03\x04");
    CHECK(decode_base64("") == "");
    CHECK_FALSE(decode_base64("A_I*"));
}

TEST_CASE("a message has a form for each transport") {
    std::vector<std::string> const attachments{"\x01\x02", std::string(300, 'b')};
    auto const both = message("hello", attachments);
    CHECK(
        both->frames().substr(0, 8) ==
        "\x81\x06"
        "4hello"
    );
    CHECK(both->frames().substr(8, 4) == "\x82\x02\x01\x02");
    CHECK(both->frames().substr(12, 4) == std::string_view{"\x82\x7e\x01\x2c", 4});
    CHECK(
        both->payload().substr(0, 13) ==
        "4hello\x1e"
        "bAQI=\x1e"
    );
    CHECK(packet("2")->payload() == "2");
    CHECK(binary_message("\x01")->payload() == "bAQ==");
}

TEST_CASE("a polling body is taken apart, or refused as a whole") {
    std::string const body =
        "4hello\x1e"
        "2\x1e"
        "bAQIDBA==\x1e"
        "4";
    auto const payload = Payload::parse(body);
    REQUIRE(payload);
    REQUIRE(payload->packets().size() == 4);
    CHECK(payload->packets()[0].data == "hello");
    CHECK(payload->packets()[1].type == PacketType::ping);
    CHECK(payload->packets()[2].kind == Kind::binary);
    CHECK(payload->packets()[2].data == "\x01\x02\x03\x04");
    CHECK(payload->packets()[3].data.empty());
    for (std::string_view const bad :
         {"",
          "abc",
          "7",
          "4a\x1e",
          "\x1e"
          "4a",
          "b*",
          "4\xff"}) {
        CAPTURE(bad);
        CHECK_FALSE(Payload::parse(bad));
    }
}

TEST_CASE("an outbox gives out its bytes in order, whatever part of them is taken") {
    Outbox outbox;
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        auto const item = message(std::to_string(i));
        outbox.push(item, i == 0 ? 2 : 0);
        expected += item->frames().substr(i == 0 ? 2 : 0);
    }
    std::string sent;
    while (!outbox.empty()) {
        CHECK(outbox.bytes() == expected.size() - sent.size());
        std::array<iovec, 3> vectors{};
        std::size_t const count = outbox.gather(vectors);
        std::string piece;
        for (std::size_t i = 0; i < count; ++i) {
            piece.append(static_cast<char const*>(vectors[i].iov_base), vectors[i].iov_len);
        }
        piece.resize(std::min<std::size_t>(piece.size(), 5));
        sent += piece;
        outbox.consume(piece.size());
    }
    CHECK(sent == expected);
    CHECK(outbox.bytes() == 0);
}

TEST_CASE("pages of other origins are let in by name only") {
    auto const request = [](std::string origin, std::string host) {
        Request made;
        made.headers = {{"Origin", std::move(origin)}, {"Host", std::move(host)}};
        return made;
    };
    Origins const listed{{"https://app.example"}};
    CHECK(listed.allows(request("https://app.example", "api.example")));
    CHECK(listed.allows(request("https://api.example", "api.example:443")));
    CHECK(listed.allows(request("http://localhost:3002", "localhost:3002")));
    CHECK(listed.allows(Request{}));
    CHECK_FALSE(listed.allows(request("https://evil.example", "api.example")));
    CHECK_FALSE(listed.allows(request("null", "api.example")));
    CHECK_FALSE(listed.allows(request("http://localhost:3003", "localhost:3002")));
    CHECK(Origins{{"*"}}.allows(request("https://evil.example", "api.example")));

    Response response;
    listed.add_headers(request("https://app.example", ""), response);
    CHECK(response.headers.size() == 3);
    Response other;
    listed.add_headers(request("https://evil.example", ""), other);
    CHECK(other.headers.size() == 1);
}

}  // namespace showrunner::engineio
