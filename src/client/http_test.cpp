#include "client/http.hpp"

#include "support/http_peer.hpp"

#include <chrono>
#include <cstdlib>

namespace showrunner::client::testing {

using std::chrono::milliseconds;

TEST_CASE("client: an answer comes with its status, its headers and its body") {
    Stage stage;
    Response const response = stage.send(stage.get("/"));
    CHECK(response.status == 200);
    CHECK(response.body == "hello");
    CHECK(response.header("x-name") == "Value");
    CHECK(response.header("x-none").empty());
    CHECK(stage.send(stage.get("/error")).status == 500);
    CHECK(stage.send(stage.get("/empty")).status == 204);
    CHECK(stage.count("2xx") == 2);
    CHECK(stage.count("5xx") == 1);
    CHECK(stage.registry.render().find("request_seconds_count 3\n") != std::string::npos);
}

TEST_CASE("client: connections are used again") {
    Stage stage;
    for (int i = 0; i < 20; ++i) CHECK(stage.send(stage.get("/")).status == 200);
    CHECK(stage.tally->accepted == 1);
    CHECK(stage.tally->requests == 20);
}

TEST_CASE("client: a kept connection that has died is replaced") {
    Stage stage;
    stage.send(stage.get("/"));
    stage.tally->drop_all();
    CHECK(stage.send(stage.get("/")).status == 200);
    CHECK(stage.tally->accepted == 2);
}

TEST_CASE("client: what is sent is what was asked for, and nothing of libcurl's own") {
    Stage stage;
    Request request = stage.get("/a/../b//c?x=%20&y");
    request.method = "DELETE";
    request.headers = {{"X-One", "1"}, {"X-None", ""}};
    stage.send(request);
    CHECK(stage.tally->last.starts_with("DELETE /a/../b//c?x=%20&y HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(stage.tally->last.find("\r\nX-One: 1\r\nX-None:\r\n") != std::string::npos);
    CHECK(stage.tally->last.find("\r\nUser-Agent: showrunner/") != std::string::npos);
    CHECK(stage.tally->last.find("Content-") == std::string::npos);

    Request empty = stage.get("/echo");
    empty.method = "POST";
    stage.send(empty);
    CHECK(stage.tally->last.find("\r\nContent-Length: 0\r\n") != std::string::npos);
    CHECK(stage.tally->last.find("Content-Type") == std::string::npos);
}

TEST_CASE("client: bodies go both ways, with zeros in them and of any size") {
    Stage stage;
    for (std::size_t const size : {1U, 5'000U, 900'000U}) {
        for (char const* const method : {"POST", "PUT", "PATCH"}) {
            Request request = stage.get("/echo");
            request.method = method;
            request.body = std::string(size, 'b');
            request.body[size / 2] = '\0';
            request.headers = {{"Content-Type", "application/octet-stream"}};
            std::string const sent = request.body;
            Response const response = stage.send(std::move(request));
            CHECK(response.body == sent);
            CHECK(stage.tally->last.starts_with(method));
            CHECK(stage.tally->last.find("Expect") == std::string::npos);
        }
    }
    CHECK(stage.tally->accepted == 1);
}

TEST_CASE("client: other forms of answers") {
    Stage stage;
    Request head = stage.get("/big");
    head.method = "HEAD";
    head.response_bytes_max = 10;  // Its length is announced, but does not come.
    Response const announced = stage.send(head);
    CHECK(announced.header("content-length") == "100000");
    CHECK(announced.body.empty());
    CHECK(stage.send(stage.get("/until-close")).body == "all of it");
    Response const late = stage.send(stage.get("/early"));
    CHECK(late.status == 200);
    CHECK(late.header("x-early").empty());
    CHECK(late.header("x-name") == "Value");
}

TEST_CASE("client: a server that does not answer in time") {
    Stage stage;
    for (char const* const path : {"/hold", "/stall"}) {
        Request request = stage.get(path);
        request.timeout = milliseconds{50};
        CHECK(stage.fail(request) == "TIMEOUT");
    }
    CHECK(stage.count("timeout") == 2);
    REQUIRE(test::run_until(stage.io, [&] { return stage.tally->closed == 2; }));
}

TEST_CASE("client: an answer that is too large is cut off") {
    Stage stage;
    Request request = stage.get("/big");
    request.response_bytes_max = 99'999;
    CHECK(stage.fail(request) == "TOO_LARGE");
    request.response_bytes_max = 100'000;
    CHECK(stage.fail(request).empty());
    CHECK(stage.fail(stage.get("/headers")) == "TOO_LARGE");
}

TEST_CASE("client: servers that break off") {
    Stage stage;
    CHECK(stage.fail(stage.get("/partial")) == "CONNECTION_LOST");
    CHECK(stage.fail(stage.get("/drop")) == "CONNECTION_LOST");
    CHECK(stage.fail(stage.get("/nonsense")) == "REQUEST_FAILED");
    CHECK(stage.fail(stage.get("/")).empty());
}

TEST_CASE("client: nobody listens, or has the name") {
    Stage stage;
    Request const refused = stage.get("/");
    stage.acceptor->close();
    CHECK(stage.fail(refused) == "CONNECT_FAILED");
    Request unknown = refused;
    unknown.url = "http://" + std::string(70, 'a') + "/";  // No resolver needs to look for it.
    CHECK(stage.fail(unknown) == "NAME_UNRESOLVED");
    CHECK(stage.count("connect_failed") == 1);
    bool thrown = false;
    try {
        stage.send(refused);
    } catch (Error const& error) {
        thrown = error.code == Code::unavailable && error.token == "CONNECT_FAILED";
    }
    CHECK(thrown);
}

TEST_CASE("client: what cannot be sent is refused before anything is") {
    Stage stage;
    for (char const* const url :
         {"",
          "127.0.0.1/",
          "ftp://127.0.0.1/",
          "file:///etc/hostname",
          "http://",
          "http://a b/",
          "http://127.0.0.1/\r\nX: 1",
          "http://127.0.0.1:99999/",
          "unix://x"}) {
        INFO(url);
        Request request = stage.get("/");
        request.url = url;
        CHECK(stage.fail(request) == "URL_INVALID");
    }
    for (auto const& [name, value] : Headers{
             {"X-A", "1\r\nX-B: 2"},
             {"X A", "1"},
             {"", "1"},
             {"Content-Length", "3"},
             {"transfer-encoding", "chunked"}
         }) {
        INFO(name);
        Request request = stage.get("/");
        request.headers.emplace_back(name, value);
        CHECK(stage.fail(request) == "REQUEST_INVALID");
    }
    Request request = stage.get("/");
    request.method = "GET /x";
    CHECK(stage.fail(request) == "REQUEST_INVALID");
    CHECK(stage.tally->accepted == 0);
}

TEST_CASE("client: forbidden addresses are not connected to, however they are written") {
    Stage stage;
    auto const port = stage.acceptor->local_endpoint().port();
    for (char const* const host :
         {"127.0.0.1",
          "localhost",
          "2130706433",
          "0x7f.1",
          "127.1",
          "[::1]",
          "[::ffff:127.0.0.1]",
          "0"}) {
        INFO(host);
        Request request;
        request.url = fmt::format("http://{}:{}/", host, port);
        CHECK(stage.fail(request) == "ADDRESS_FORBIDDEN");
    }
    CHECK(stage.tally->accepted == 0);
}

TEST_CASE("client: a connection that one request was allowed is not another's way in") {
    Stage stage;
    stage.send(stage.get("/"));
    Request request = stage.get("/");
    request.allow = is_public;
    CHECK(stage.fail(request) == "ADDRESS_FORBIDDEN");
    request.allow = nullptr;
    CHECK(stage.fail(request) == "ADDRESS_FORBIDDEN");
    CHECK(stage.tally->accepted == 1);
    CHECK(stage.tally->requests == 1);
}

TEST_CASE("client: redirects are followed only when asked for, and never out of HTTP") {
    Stage stage;
    CHECK(stage.send(stage.get("/moved")).status == 302);
    Request request = stage.get("/moved");
    request.redirects_max = 3;
    CHECK(stage.send(request).status == 200);
    request.url = stage.url("/round");
    CHECK(stage.fail(request) == "TOO_MANY_REDIRECTS");
    request.url = stage.url("/file");
    CHECK(stage.fail(request) == "REQUEST_FAILED");
}

TEST_CASE("client: the environment's proxy is not used") {
    Stage stage;
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
    Request const request = stage.get("/");
    CHECK(stage.fail(request).empty());
    ::unsetenv("http_proxy");
}

TEST_CASE("client: fifty at once") {
    Stage stage;
    unsigned answered = 0;
    auto ask = [](Stage& on, unsigned& count) -> Task<> {
        for (int i = 0; i < 5; ++i) {
            Response const response = co_await on.http.send(on.get("/big"));
            if (response.body.size() == 100'000) ++count;
        }
    };
    for (int i = 0; i < 50; ++i) spawn(stage.io.get_executor(), "ask", ask(stage, answered));
    REQUIRE(test::run_until(stage.io, [&] { return answered == 250; }));
    CHECK(stage.tally->accepted <= 50);
    CHECK(stage.count("2xx") == 250);
}

}  // namespace showrunner::client::testing
