// What a well-behaved client sees.
#include "http/test_server.hpp"

namespace showrunner::http::testing {

TEST_CASE("http: keep-alive serves one request after the other") {
    TestServer server;
    Client client = server.connect();
    for (int i = 0; i < 3; ++i) {
        Reply const reply = client.get("/?a=1&b=x%20y");
        CHECK(reply.status == 200);
        CHECK(reply.body == "hello");
        CHECK(reply.head.starts_with("HTTP/1.1 200 OK\r\nDate: "));
        CHECK(reply.header("Connection").empty());
    }
    CHECK(server.application.served == 3);
    CHECK(server.application.last.path == "/");
    CHECK(server.application.last.query_value("b") == "x y");
    CHECK(server.application.last.remote_address == "127.0.0.1");
}

TEST_CASE("http: pipelined requests are answered in order, with bodies between them") {
    TestServer server;
    Client client = server.connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none"
        "GET / HTTP/1.1\r\nHost: t\r\n\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2;ext=\"v\"\r\ntw\r\n1\r\no\r\n0\r\nTrailer: x\r\n\r\n"
        "GET /pause HTTP/1.1\r\nHost: t\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nthree"
    );
    CHECK(client.read().body == "one");
    CHECK(client.read().body == "hello");
    CHECK(client.read().body == "two");
    CHECK(client.read().body == "hello");
    CHECK(client.read().body == "three");
    CHECK_FALSE(server.application.last.headers.has("Trailer"));
}

TEST_CASE("http: a request may arrive byte by byte") {
    TestServer server;
    Client client = server.connect();
    std::string const text =
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n3\r\n, x\r\n0\r\n\r\n";
    for (char const c : text) client.send(std::string{c});
    CHECK(client.read().body == "hello, x");
}

TEST_CASE("http: HEAD has the length of the answer and no body") {
    TestServer server;
    Client client = server.connect();
    client.send("HEAD /big HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n");
    Reply const head = client.read(Verb::head);
    CHECK(head.status == 200);
    CHECK(head.header("Content-Length") == "100000");
    CHECK(client.read().body == "hello");
}

TEST_CASE("http: a body that is made while it is sent") {
    TestServer server;
    Client client = server.connect();
    Reply const reply = client.get("/source");
    CHECK(reply.status == 200);
    CHECK(reply.header("Content-Length") == "1200000");
    CHECK(reply.body.size() == 1'200'000);
    CHECK(reply.body.front() == 'a' + 40 % 26);
    CHECK(reply.body.back() == 'b');
    client.send("HEAD /source HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client.read(Verb::head).header("Content-Length") == "1200000");
    CHECK(client.get("/").body == "hello");
}

TEST_CASE("http: a body that breaks off is seen to be cut off") {
    for (char const* path : {"/source-breaks", "/source-short"}) {
        TestServer server;
        Client client = server.connect();
        client.send(std::string{"GET "} + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
        std::string const all = client.read_to_end();
        CHECK(all.find("Content-Length: 1200000") != std::string::npos);
        CHECK(all.size() < 100'000);
    }
}

TEST_CASE("http: an answer without a body has no length") {
    TestServer server;
    Client client = server.connect();
    Reply const reply = client.get("/empty");
    CHECK(reply.status == 204);
    CHECK(reply.head.find("Content-Length") == std::string::npos);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("http: HTTP/1.0 closes unless asked to keep the connection") {
    TestServer server;
    Client once = server.connect();
    once.send("GET / HTTP/1.0\r\n\r\n");
    std::string const answer = once.read_to_end();
    CHECK(answer.find("Connection: close") != std::string::npos);
    CHECK(answer.ends_with("hello"));

    Client kept = server.connect();
    for (int i = 0; i < 2; ++i) {
        Reply const reply = kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(reply.header("Connection") == "keep-alive");
    }
}

TEST_CASE("http: Connection: close is honoured from both sides") {
    TestServer server;
    Client asks = server.connect();
    asks.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    CHECK(asks.read_to_end().find("Connection: close") != std::string::npos);
    Client told = server.connect();
    told.send("GET /close HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(told.read_to_end().ends_with("bye"));
    CHECK_FALSE(told.was_reset());
}

TEST_CASE("http: every answer has a request id, the client's when it is sane") {
    TestServer server;
    Client client = server.connect();
    CHECK(client.get("/", "X-Request-Id: abc-1.2_3\r\n").header("X-Request-Id") == "abc-1.2_3");
    std::string const first = client.get("/", "X-Request-Id: a b\r\n").header("X-Request-Id");
    std::string const second =
        client.get("/", "X-Request-Id: " + std::string(65, 'x') + "\r\n").header("X-Request-Id");
    CHECK(first.size() > 16);
    CHECK(first.find(' ') == std::string::npos);
    CHECK(first != second);
    CHECK(server.application.last.request_id == second);
    Reply const refused = client.get("/forbidden");
    CHECK(refused.status == 403);
    CHECK(refused.header("X-Request-Id") == server.application.last_refused_id);
}

TEST_CASE("http: absolute-form targets are accepted and name the host") {
    TestServer server;
    Client client = server.connect();
    Reply const reply =
        client.ask("GET http://example.test:80/a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(reply.status == 200);
    CHECK(server.application.last.path == "/a/b");
    CHECK(server.application.last.query_value("c") == "d");
    CHECK(server.application.last.headers.get("host") == "example.test:80");
}

TEST_CASE("http: a body on GET is tolerated") {
    TestServer server;
    Client client = server.connect();
    CHECK(client.ask("GET /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok").body == "ok");
}

TEST_CASE("http: headers of a response cannot be broken out of") {
    TestServer server;
    Client client = server.connect();
    Reply const reply = client.get("/inject");
    CHECK(reply.head.find("Set-Cookie") == std::string::npos);
    CHECK(reply.head.find("X-Bad") == std::string::npos);
    CHECK(reply.header("Content-Length") == "4");
    CHECK(reply.header("X-Fine") == "yes");
    CHECK(reply.body == "safe");
}

TEST_CASE("http: a handler that fails is answered, and the connection lives on") {
    TestServer server;
    Client client = server.connect();
    CHECK(client.get("/throw").status == 500);
    CHECK(client.get("/unplanned").status == 500);
    CHECK(client.get("/conflict").body == "CONFLICT\n");
    CHECK(client.get("/").status == 200);
}

TEST_CASE("http: Expect: 100-continue is answered once the plan allows the body") {
    TestServer server;
    Client client = server.connect();
    std::string const head =
        " HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    client.send("POST /echo" + head);
    CHECK(client.read().status == 100);
    client.send("body");
    CHECK(client.read().body == "body");

    client.send("POST /forbidden" + head);
    Reply const refused = client.read();
    CHECK(refused.status == 403);
    CHECK(refused.header("Connection") == "close");
}

TEST_CASE("http: a streamed body arrives in bounded chunks") {
    TestServer server;
    Client client = server.connect();
    std::string const megabyte(1'000'000, 's');
    CHECK(
        client.ask("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" + megabyte)
            .body == "1000000"
    );
    CHECK(
        client
            .ask(
                "POST /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nF4240\r\n" +
                megabyte + "\r\n5\r\nabcde\r\n0\r\n\r\n"
            )
            .body == "1000005"
    );
    CHECK(client.ask("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n").body == "0");
}

TEST_CASE("http: a body that nobody read does not spoil the connection") {
    TestServer server;
    Client client = server.connect();
    std::string const body(5000, 'u');
    std::string const head = " HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n";
    CHECK(client.ask("POST /stream-ignored" + head + body).body == "ignored");
    CHECK(client.ask("POST /forbidden" + head + body).status == 403);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("http: a client that closes its half after the request is answered") {
    TestServer server;
    Client client = server.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nlast");
    client.half_close();
    CHECK(client.read().body == "last");
    CHECK(client.read_to_end().empty());
}

TEST_CASE("http: large answers arrive whole") {
    Limits limits = short_limits();
    limits.write_timeout = std::chrono::seconds{10};  // A sanitised client takes its time.
    TestServer server{limits};
    server.application.big_bytes = 20'000'000;
    Client client = server.connect();
    CHECK(client.get("/big").body.size() == 20'000'000);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("http: an address that cannot be had is refused with a sentence") {
    TestServer server;
    std::string const taken = "127.0.0.1:" + std::to_string(server.endpoint.port());
    auto const why = [&](std::string const& address) -> std::string {
        try {
            server.server.listen(address);
        } catch (std::runtime_error const& e) {
            return e.what();
        }
        return "accepted";
    };
    CHECK(why(taken) == "cannot listen on " + taken + ": Address already in use");
    CHECK(why("nonsense").find("host:port") != std::string::npos);
    CHECK(why("127.0.0.1:99999").find("no port number") != std::string::npos);
    CHECK(why("127.0.0.1:").find("no port number") != std::string::npos);
    CHECK(why("[::1]:0") == "accepted");
    CHECK(why("localhost:0") == "accepted");
}

TEST_CASE("http: a trusted proxy names the client") {
    TestServer server;
    std::string const headers =
        "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-For: 10.1.1.1\r\n"
        "X-Forwarded-Proto: https\r\n";
    Client client = server.connect();
    client.get("/", headers);
    CHECK(server.application.last.remote_address == "127.0.0.1");
    CHECK_FALSE(server.application.last.secure);
    server.server.trust_proxies({"127.0.0.0/8", "10.0.0.0/8", "::1"});
    client.get("/", headers);
    CHECK(server.application.last.remote_address == "1.2.3.4");
    CHECK(server.application.last.secure);
    client.get("/", "X-Forwarded-For: 9.9.9.9, junk\r\n");
    CHECK(server.application.last.remote_address == "127.0.0.1");
    CHECK_THROWS_AS(server.server.trust_proxies({"10.0.0.0/40"}), std::runtime_error);
}

}  // namespace showrunner::http::testing
