// Requests that are cut, joined and damaged at random: whatever comes, the server answers or
// closes, and serves the next client. The seed is fixed, so that a failure can be repeated.
#include "http/test_server.hpp"

#include <array>
#include <random>

namespace showrunner::http::testing {

namespace {

constexpr std::array<std::string_view, 7> seeds{
    "GET /?a=1&b=%20 HTTP/1.1\r\nHost: t\r\nCookie: a=b\r\nX-Request-Id: r\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello",
    "POST /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: "
    "1\r\n\r\n",
    "HEAD /big HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip;q=0.5, *\r\n\r\n",
    "GET http://t/x HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "PUT /forbidden HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\nX-Forwarded-For: 1, "
    "2\r\n\r\n123456789",
};

std::string mutated(std::mt19937& random) {
    auto const below = [&](std::size_t bound) { return random() % bound; };
    std::string text{seeds[below(seeds.size())]};
    if (below(3) == 0) text += seeds[below(seeds.size())];
    static constexpr std::string_view interesting = "\r\n\0 :;,%\xff/09aZ\t";
    for (std::size_t edits = below(6); edits-- > 0 && !text.empty();) {
        std::size_t const at = below(text.size());
        switch (below(5)) {
            case 0:
                text[at] = interesting[below(interesting.size())];
                break;
            case 1:
                text.insert(at, 1, interesting[below(interesting.size())]);
                break;
            case 2:
                text.erase(at, below(8) + 1);
                break;
            case 3:
                text.insert(at, text.substr(below(text.size()), below(40)));
                break;
            default:
                text.resize(at);
                break;
        }
    }
    return text;
}

}  // namespace

TEST_CASE("http: damaged requests never harm the server") {
    Limits limits = short_limits();
    limits.header_bytes = 400;
    TestServer server{limits};
    server.application.big_bytes = 2000;
    server.server.trust_proxies({"127.0.0.1"});
    std::mt19937 random{20260101};
    for (int round = 0; round < 1500; ++round) {
        CAPTURE(round);
        std::string const text = mutated(random);
        Client client = server.connect();
        std::size_t const cut = random() % (text.size() + 1);
        client.send(text.substr(0, cut));
        if (random() % 2 == 0) client.send(text.substr(cut));
        client.half_close();
        std::string const answer = client.read_to_end();
        bool const plausible = answer.empty() || answer.starts_with("HTTP/1.1 ");
        CHECK(plausible);
        server.application.upgraded.reset();
    }
    Client client = server.connect();
    CHECK(client.get("/").status == 200);
}

}  // namespace showrunner::http::testing
