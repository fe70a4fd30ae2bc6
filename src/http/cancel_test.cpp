// Handlers that are cut short: the client leaves, time is up, the server stops. And upgrades.
#include "http/test_server.hpp"

namespace showrunner::http::testing {

namespace {

std::string const hold = "GET /hold HTTP/1.1\r\nHost: t\r\n\r\n";

Client hold_one(TestServer& server) {
    Client client = server.connect();
    client.send(hold);
    server.loop.until([&] { return server.application.holding == 1; });
    return client;
}

}  // namespace

TEST_CASE("http: a held request whose client closes is cancelled at once") {
    Limits limits = short_limits();
    limits.sweep_interval = std::chrono::hours{1};  // A long poll does not wait for the sweep.
    TestServer server{limits};
    Client client = hold_one(server);
    client.close();
    server.loop.until([&] { return server.application.cancelled == 1; });
    server.loop.until([&] { return server.idle(); });
}

TEST_CASE("http: a held request whose client resets the connection is cancelled") {
    TestServer server;
    Client client = hold_one(server);
    client.socket().set_option(boost::asio::socket_base::linger{true, 0});
    client.close();
    server.loop.until([&] { return server.application.cancelled == 1; });
}

TEST_CASE("http: a slow handler whose client closes is cancelled") {
    TestServer server;
    Client client = server.connect();
    client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n");
    server.loop.until([&] { return server.application.holding == 1; });
    client.close();
    server.loop.until([&] { return server.application.cancelled == 1; });
    server.loop.until([&] { return server.idle(); });
}

TEST_CASE("http: pipelined bytes do not hide that the client left") {
    TestServer server;
    Client client = server.connect();
    client.send(hold);
    server.loop.until([&] { return server.application.holding == 1; });
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    client.close();
    server.loop.until([&] { return server.application.cancelled == 1; });
    CHECK(server.application.served == 1);
}

TEST_CASE("http: watching a slow handler eats none of the next request") {
    TestServer server;
    Client client = server.connect();
    client.send("GET /pause HTTP/1.1\r\nHost: t\r\n\r\nPOST /echo HT");
    client.send("TP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nnext");
    CHECK(client.read().body == "hello");
    CHECK(client.read().body == "next");
    // And a connection that was watched once serves on.
    CHECK(client.get("/pause").body == "hello");
    CHECK(client.get("/").body == "hello");
}

TEST_CASE("http: a handler that takes too long is cancelled and answered with 503") {
    TestServer server;
    Client client = server.connect();
    Reply const reply = client.get("/late");
    CHECK(reply.status == 503);
    CHECK(reply.body == "DEADLINE_EXCEEDED\n");
    CHECK(server.application.cancelled == 1);
    CHECK(server.hit("deadline"));
    // The cancellation is over with the request.
    CHECK(client.get("/pause").body == "hello");
}

TEST_CASE("http: a client that leaves within its body ends the handler that reads it") {
    TestServer server;
    Client client = server.connect();
    client.send("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nstart");
    server.loop.until([&] { return server.application.served == 1; });
    client.close();
    server.loop.until([&] { return server.idle(); });
}

TEST_CASE("http: an upgrade takes the socket and the bytes behind the headers") {
    TestServer server;
    Client client = server.connect();
    CHECK(client.get("/").status == 200);
    client.send(
        "GET /socket?x=1 HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\n"
        "Upgrade: websocket\r\n\r\nfirst frame"
    );
    server.loop.until([&] { return server.application.upgraded.has_value(); });
    server.loop.until([&] { return server.idle(); });
    Upgrade& upgrade = *server.application.upgraded;
    CHECK(upgrade.buffered == "first frame");
    CHECK(upgrade.socket.is_open());
    boost::system::error_code failed;
    upgrade.socket.write_some(asio::buffer("raw", 3), failed);
    upgrade.socket.close();
    CHECK(client.read_to_end() == "raw");
}

TEST_CASE("http: an upgrade works on a connection that was watched") {
    TestServer server;
    Client client = server.connect();
    CHECK(client.get("/pause").status == 200);
    client.send(
        "GET /socket HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    );
    server.loop.until([&] { return server.application.upgraded.has_value(); });
    std::optional<std::size_t> got;
    std::string bytes(10, '\0');
    server.application.upgraded->socket.async_read_some(
        asio::buffer(bytes), [&](boost::system::error_code, std::size_t n) { got = n; }
    );
    client.send("ping");
    server.loop.until([&] { return got.has_value(); });
    CHECK(*got == 4);
}

TEST_CASE("http: an upgrade that nobody takes is an ordinary request") {
    TestServer server;
    Client client = server.connect();
    std::string const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    CHECK(client.get("/", upgrade).body == "hello");
    CHECK(client.get("/", upgrade).body == "hello");
    CHECK(client.get("/socket", "Upgrade: websocket\r\n").body == "hello");
}

TEST_CASE("http: drain lets requests finish, closes idle connections and takes no more") {
    TestServer server;
    Client idle = server.connect();
    CHECK(idle.get("/").status == 200);
    Client busy = server.connect();
    busy.send("GET /pause HTTP/1.1\r\nHost: t\r\n\r\n");
    server.loop.until([&] { return server.application.served == 2; });
    bool drained = false;
    spawn(server.loop.context.get_executor(), "drain", [](TestServer& it, bool& done) -> Task<> {
        co_await it.server.drain(std::chrono::seconds{5});
        done = true;
    }(server, drained));
    CHECK(idle.read_to_end().empty());
    Reply const last = busy.read();
    CHECK(last.body == "hello");
    CHECK(last.header("Connection") == "close");
    server.loop.until([&] { return drained; });
    CHECK(server.idle());
    CHECK_THROWS(server.connect());
}

TEST_CASE("http: drain cancels what is left at its deadline") {
    TestServer server;
    Client client = hold_one(server);
    bool drained = false;
    spawn(server.loop.context.get_executor(), "drain", [](TestServer& it, bool& done) -> Task<> {
        co_await it.server.drain(std::chrono::milliseconds{20});
        done = true;
    }(server, drained));
    Reply const reply = client.read();
    CHECK(reply.status == 503);
    CHECK(reply.header("Connection") == "close");
    server.loop.until([&] { return drained; });
    CHECK(server.application.cancelled == 1);
}

TEST_CASE("http: a server may go while requests are under way") {
    auto server = std::make_unique<TestServer>();
    Client client = hold_one(*server);
    Client idle = server->connect();
    CHECK(idle.get("/").status == 200);
    // Destroyed with its loop: the held coroutine is unwound where it stands.
    client.close();
    idle.close();
    server.reset();
}

}  // namespace showrunner::http::testing
