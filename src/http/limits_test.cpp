// What a client may send, and for how long it may send nothing.
#include "http/test_server.hpp"

#include <array>

namespace showrunner::http::testing {

namespace {

/// Sends `request` and expects one refusal, readable to its end, and then the end.
void refused(TestServer& server, std::string const& request, unsigned status) {
    CAPTURE(request.substr(0, 200));
    Client client = server.connect();
    client.send(request);
    Reply const reply = client.read();
    CHECK(reply.status == status);
    CHECK(reply.header("Connection") == "close");
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
}

}  // namespace

TEST_CASE("http: malformed and smuggled requests are refused with 400") {
    TestServer server;
    std::string const host = "Host: t\r\n";
    std::string const get = "GET / HTTP/1.1\r\n";
    std::string const post = "POST /echo HTTP/1.1\r\n" + host;
    std::vector<std::string> const table{
        // Two framings, or one that is understood differently elsewhere.
        post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding:\r\n\r\n",
        post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        post + "Content-Length: 3, 4\r\n\r\nabc",
        post + "Content-Length: 3, 3\r\n\r\nabc",
        post + "Content-Length: +3\r\n\r\nabc",
        post + "Content-Length: -3\r\n\r\nabc",
        post + "Content-Length: 0x3\r\n\r\nabc",
        post + "Content-Length: 3 3\r\n\r\nabc",
        post + "Content-Length: 99999999999999999999\r\n\r\nabc",
        post + "Content-Length:\r\n\r\n",
        // Chunks.
        post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        // Host.
        get + "\r\n",
        get + host + host + "\r\n",
        // Lines.
        get + host + "No colon\r\n\r\n",
        get + host + "Bad\tname: x\r\n\r\n",
        get + host + ": no name\r\n\r\n",
        get + " Host: t\r\n\r\n",
        get + host + "X: a\rb\r\n\r\n",
        get + host + "X: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\nHost: t\n\n",
        get + host + "X: a" + std::string(1, '\0') + "b\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTX/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET / x HTTP/1.1\r\nHost: t\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        // Targets.
        "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /%4 HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /?a=%f HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /#fragment HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET relative HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET http:// HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET ftp://host/ HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET http://user@host/ HTTP/1.1\r\nHost: t\r\n\r\n",
        "CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n",
    };
    for (std::string const& request : table) refused(server, request, 400);
    CHECK(server.application.served == 0);
}

TEST_CASE("http: a target that is too long is 414, wherever it ends") {
    Limits limits = short_limits();
    limits.target_bytes = 100;
    limits.header_bytes = 1000;
    TestServer server{limits};
    refused(server, "GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n", 414);
    CHECK(server.hit("target_bytes"));
    refused(server, "GET /" + std::string(100'000, 'a'), 414);
    Client client = server.connect();
    CHECK(client.get("/" + std::string(99, 'a')).status == 200);
}

TEST_CASE("http: headers that are too large are 431") {
    Limits limits = short_limits();
    limits.header_bytes = 2000;
    TestServer server{limits};
    std::string const head = "GET / HTTP/1.1\r\nHost: t\r\n";
    std::string many;
    for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": some value\r\n";
    refused(server, head + "X: " + std::string(2000, 'x') + "\r\n\r\n", 431);
    CHECK(server.hit("header_bytes"));
    refused(server, head + "X: " + std::string(2000, 'x'), 431);
    refused(server, head + many + "\r\n", 431);
    refused(server, head + many, 431);
    Client client = server.connect();
    CHECK(client.get("/", "X: " + std::string(1500, 'x') + "\r\n").status == 200);
    for (std::size_t i = 0; i + 40 < many.size(); i += 300) {
        client.send(i == 0 ? head : "X-Piece: " + std::string(280, 'p') + "\r\n");
    }
    CHECK(client.read().status == 431);
}

TEST_CASE("http: a body that is too large is 413, by its length or while it comes") {
    TestServer server;
    std::string const head = "POST /echo HTTP/1.1\r\nHost: t\r\n";
    refused(server, head + "Content-Length: 70001\r\n\r\n", 413);
    CHECK(server.hit("body_bytes"));
    refused(server, head + "Content-Length: 200000\r\n\r\n" + std::string(200'000, 'x'), 413);
    refused(server, head + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413);
    std::string chunks;
    for (int i = 0; i < 500; ++i) chunks += "3\r\nabc\r\n";
    refused(server, head + "Transfer-Encoding: chunked\r\n\r\n" + chunks, 413);
    CHECK(server.application.served == 0);
    Client client = server.connect();
    CHECK(
        client.ask(head + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x')).body.size() ==
        1000
    );
    // One that is only a little too large is read to its end, and the connection kept.
    CHECK(client.ask(head + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x')).status == 413);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("http: chunks whose lines end in a bare line feed are never taken for chunks") {
    TestServer server;
    std::string const head = "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    refused(server, head + "3\nabc\n0\n\n", 408);
}

TEST_CASE("http: endless chunk extensions and trailers are refused") {
    TestServer server;
    std::string const head = "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    refused(server, head + "3;" + std::string(100'000, 'e'), 431);
    refused(server, head + "3\r\nabc\r\n0\r\nX: " + std::string(100'000, 't'), 431);
}

TEST_CASE("http: compressed request bodies are 415") {
    TestServer server;
    Client client = server.connect();
    std::string const head = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n";
    CHECK(client.ask(head + "Content-Encoding: gzip\r\n\r\nxx").status == 415);
    CHECK(client.ask(head + "Content-Encoding: identity\r\n\r\nok").body == "ok");
}

TEST_CASE("http: slow headers are 408") {
    TestServer server;
    refused(server, "GET / HTTP/1.1\r\nHo", 408);
    CHECK(server.hit("header_timeout"));
}

TEST_CASE("http: a slow body is 408, streamed or not") {
    TestServer server;
    std::string const tail = " HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nstart";
    refused(server, "POST /echo" + tail, 408);
    CHECK(server.hit("body_timeout"));
    refused(server, "POST /stream" + tail, 408);
}

TEST_CASE("http: a body that drips in is 408 although each byte is in time") {
    TestServer server;
    for (std::string const path : {"/echo", "/stream"}) {
        Client client = server.connect();
        client.send("POST " + path + " HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n");
        for (int i = 0; i < 100 && !client.has_news(); ++i) {
            client.send("x");
            server.loop.run_for(std::chrono::milliseconds{10});
        }
        CHECK(client.read().status == 408);
    }
}

TEST_CASE("http: the deadline of a handler stands still while it waits for the body") {
    Limits limits = short_limits();
    limits.body_timeout = std::chrono::milliseconds{5000};
    TestServer server{limits};
    server.application.stream_deadline = std::chrono::milliseconds{50};
    Client client = server.connect();
    client.send("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
    server.loop.run_for(std::chrono::milliseconds{120});
    client.send("cd");
    CHECK(client.read().body == "4");
}

TEST_CASE("http: an idle connection is closed without a word") {
    Limits limits = short_limits();
    limits.idle_timeout = std::chrono::milliseconds{50};
    TestServer server{limits};
    Client fresh = server.connect();
    CHECK(fresh.read_to_end().empty());
    CHECK(server.hit("idle_timeout"));
    Client used = server.connect();
    CHECK(used.get("/").status == 200);
    CHECK(used.read_to_end().empty());
}

TEST_CASE("http: a client that does not read its answer is given up on") {
    TestServer server;
    server.application.big_bytes = 50'000'000;
    Client client = server.connect();
    client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
    server.loop.until([&] { return server.hit("write_timeout"); });
    server.loop.until([&] { return server.idle(); });
}

TEST_CASE("http: connections beyond the limit are told so") {
    Limits limits = short_limits();
    limits.connections = 1;
    TestServer server{limits};
    Client first = server.connect();
    CHECK(first.get("/").status == 200);
    Client second = server.connect();
    Reply const reply = second.read();
    CHECK(reply.status == 503);
    CHECK(reply.header("Retry-After") == "1");
    CHECK(reply.header("Connection") == "close");
    CHECK(server.hit("connections"));
    CHECK(first.get("/").status == 200);
}

TEST_CASE("http: requests beyond the limit in flight are told so") {
    Limits limits = short_limits();
    limits.requests_in_flight = 1;
    TestServer server{limits};
    Client first = server.connect();
    first.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
    server.loop.until([&] { return server.application.holding == 1; });
    Client second = server.connect();
    Reply const reply = second.get("/");
    CHECK(reply.status == 503);
    CHECK(reply.header("Retry-After") == "1");
    CHECK(server.hit("requests_in_flight"));
    first.close();
    server.loop.until([&] { return server.application.cancelled == 1; });
    CHECK(second.get("/").status == 200);
}

TEST_CASE("http: bodies in memory are bounded over all connections") {
    Limits limits = short_limits();
    limits.body_memory_bytes = 100'000;
    limits.body_timeout = std::chrono::milliseconds{5000};
    TestServer server{limits};
    std::string const head = "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 80000\r\n\r\n";
    Client first = server.connect();
    first.send(head + std::string(70'000, 'a'));
    Client second = server.connect();
    CHECK(second.ask(head + std::string(80'000, 'b')).status == 503);
    CHECK(server.hit("body_memory"));
    first.send(std::string(10'000, 'a'));
    CHECK(first.read().body == "80000");
    Client third = server.connect();
    CHECK(third.ask(head + std::string(80'000, 'd')).body == "80000");
}

}  // namespace showrunner::http::testing
