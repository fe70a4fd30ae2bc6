// For tests: a server on loopback, an application with a path for every behaviour, and clients that
// speak raw text. All on one io_context that is pumped while a client waits: no threads, no sleeps.
#pragma once

#include "base/metrics.hpp"
#include "http/server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::http::testing {

using boost::asio::ip::tcp;

/// `pieces` of 30,000 bytes, then the end, or an exception.
class PieceSource final : public BodySource {
public:
    PieceSource(int pieces, bool breaks) : pieces_{pieces}, breaks_{breaks} {}

    Task<bool> read(std::string& chunk) override {
        co_await sleep_for(std::chrono::milliseconds{1});
        if (pieces_ == 0 && breaks_) throw std::runtime_error{"the source broke"};
        if (pieces_ == 0) co_return false;
        chunk.assign(30'000, static_cast<char>('a' + pieces_ % 26));
        --pieces_;
        co_return true;
    }

private:
    int pieces_;
    bool breaks_;
};

class TestApplication final : public Application {
public:
    Plan plan(Request const& request) override {
        ++plans;
        Plan plan;
        plan.body_limit = 1000;
        if (request.path == "/forbidden") throw Error{Code::forbidden, "not for you"};
        if (request.path == "/unplanned") throw std::runtime_error{"a bug in plan()"};
        if (request.path == "/hold") plan.deadline = std::chrono::milliseconds{0};
        if (request.path == "/late") plan.deadline = std::chrono::milliseconds{50};
        if (request.path == "/upload") plan.body_limit = 10'000'000;
        if (request.path.starts_with("/stream")) {
            plan.stream_body = true;
            plan.body_limit = 10'000'000;
            plan.deadline = stream_deadline;
        }
        return plan;
    }

    Task<Response> serve(Request& request) override {
        ++served;
        last = request;
        if (request.path == "/echo") co_return Response::text(200, request.body);
        if (request.path == "/upload") co_return Response::text(200, size_of(request.body));
        if (request.path == "/big") co_return Response::text(200, std::string(big_bytes, 'x'));
        if (request.path == "/source") co_return from_source(40, 40, false);
        if (request.path == "/source-breaks") co_return from_source(3, 40, true);
        if (request.path == "/source-short") co_return from_source(3, 40, false);
        if (request.path == "/empty") co_return Response::empty(204);
        if (request.path == "/close") co_return closing();
        if (request.path == "/inject") co_return injecting();
        if (request.path == "/json") co_return versioned();
        if (request.path == "/throw") throw std::runtime_error{"a bug"};
        if (request.path == "/conflict") throw Error{Code::conflict, "taken"};
        if (request.path == "/stream-ignored") co_return Response::text(200, "ignored");
        if (request.path == "/stream") {
            Response response = co_await count(request);
            co_return response;
        }
        bool const held =
            request.path == "/hold" || request.path == "/late" || request.path == "/wait";
        if (held) co_await hold();
        if (request.path == "/pause") co_await sleep_for(pause);
        co_return Response::text(200, "hello");
    }

    Response refuse(Request const& request, Error const& error) override {
        Response response = Response::text(info(error.code).status, error.token + '\n');
        if (error.retry_after_s > 0) {
            response.headers.set("Retry-After", std::to_string(error.retry_after_s));
        }
        last_refused_id = request.request_id;
        return response;
    }

    bool upgrade(Request& request, Upgrade& upgrade) override {
        if (request.path != "/socket") return false;
        upgraded.emplace(std::move(upgrade));
        return true;
    }

    unsigned plans = 0;
    unsigned served = 0;
    unsigned holding = 0;
    unsigned cancelled = 0;

    static Response from_source(int pieces, unsigned announced, bool breaks) {
        Response response;
        response.source = std::make_shared<PieceSource>(pieces, breaks);
        response.source_bytes = announced * 30'000ULL;
        return response;
    }

    std::size_t big_bytes = 100'000;
    std::chrono::milliseconds pause{60};
    std::chrono::milliseconds stream_deadline{5000};
    Request last;
    std::string last_refused_id;
    std::optional<Upgrade> upgraded;

private:
    struct CountCancelled {
        TestApplication& application;

        ~CountCancelled() {
            --application.holding;
            ++application.cancelled;
        }
    };

    static std::string size_of(std::string const& body) { return std::to_string(body.size()); }

    static Response closing() {
        Response response = Response::text(200, "bye");
        response.headers.set("Connection", "close");
        return response;
    }

    static Response injecting() {
        Response response = Response::text(200, "safe");
        response.headers.set("Location", "/x\r\nSet-Cookie: evil=1");
        response.headers.set("X-Bad\r\nName", "1");
        response.headers.set("Content-Length", "9999");
        response.headers.set("X-Fine", "yes");
        return response;
    }

    static Response versioned() {
        Response response = Response::json(200, '"' + std::string(5000, 'j') + '"');
        response.headers.set("ETag", "\"7\"");
        response.headers.set("Vary", "Origin");
        return response;
    }

    Task<> hold() {
        ++holding;
        CountCancelled const guard{*this};
        co_await sleep_for(std::chrono::hours{1});
    }

    Task<Response> count(Request& request) {
        std::size_t total = 0;
        std::size_t largest = 0;
        std::string chunk;
        for (;;) {
            bool const more = co_await request.stream->read(chunk);
            if (!more) break;
            total += chunk.size();
            largest = std::max(largest, chunk.size());
        }
        CHECK(largest <= 65536);
        co_return Response::text(200, std::to_string(total));
    }
};

/// Short limits, so that a test that waits for one waits a few sweeps.
inline Limits short_limits() {
    Limits limits;
    limits.sweep_interval = std::chrono::milliseconds{10};
    limits.header_timeout = limits.body_timeout = std::chrono::milliseconds{50};
    limits.write_timeout = std::chrono::milliseconds{50};
    limits.idle_timeout = std::chrono::milliseconds{1000};
    return limits;
}

class Loop {
public:
    /// Runs the event loop until `done()`; a test that hangs fails.
    template <typename Done>
    void until(Done done) {
        auto const give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!done()) {
            REQUIRE_MESSAGE(std::chrono::steady_clock::now() < give_up, "timed out");
            context.run_one_for(std::chrono::milliseconds{200});
        }
    }

    /// Lets the server work for a while, where a test needs time to pass.
    void run_for(std::chrono::milliseconds duration) {
        auto const end = std::chrono::steady_clock::now() + duration;
        while (std::chrono::steady_clock::now() < end) context.run_one_until(end);
    }

    boost::asio::io_context context{1};
};

struct Reply {
    unsigned status = 0;
    std::string head;  ///< status line and headers, as sent
    std::string body;

    [[nodiscard]] std::string header(std::string_view name) const {
        auto const at = head.find("\r\n" + std::string{name} + ": ");
        if (at == std::string::npos) return {};
        auto const begin = at + 4 + name.size();
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }
};

class Client {
public:
    Client(Loop& loop, tcp::endpoint server) : loop_{loop}, socket_{loop.context} {
        socket_.connect(server);
    }

    void send(std::string const& text) {
        bool sent = false;
        asio::async_write(socket_, asio::buffer(text), [&](boost::system::error_code, std::size_t) {
            sent = true;
        });
        loop_.until([&] { return sent; });
    }

    /// The next response. `method` tells whether it has a body.
    Reply read(Verb method = Verb::get) {
        while (inbox_.find("\r\n\r\n") == std::string::npos) {
            bool const more = receive();
            REQUIRE_MESSAGE(more, "closed without an answer; got: " << inbox_);
        }
        Reply reply;
        auto const end = inbox_.find("\r\n\r\n") + 4;
        reply.head = inbox_.substr(0, end);
        inbox_.erase(0, end);
        reply.status = static_cast<unsigned>(std::stoi(reply.head.substr(9, 3)));
        std::string const length = reply.header("Content-Length");
        if (method == Verb::head || length.empty()) return reply;
        std::size_t const bytes = std::stoul(length);
        while (inbox_.size() < bytes) {
            bool const more = receive();
            REQUIRE(more);
        }
        reply.body = inbox_.substr(0, bytes);
        inbox_.erase(0, bytes);
        return reply;
    }

    Reply ask(std::string const& text) {
        send(text);
        return read();
    }

    Reply get(std::string const& target, std::string const& headers = {}) {
        return ask("GET " + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n");
    }

    /// Everything up to the end of the connection.
    std::string read_to_end() {
        while (receive()) {
        }
        return std::exchange(inbox_, {});
    }

    /// Whether an answer, or the end of the connection, has come.
    [[nodiscard]] bool has_news() {
        char byte = 0;
        boost::system::error_code failed;
        socket_.non_blocking(true);
        socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, failed);
        return failed != asio::error::would_block;
    }

    [[nodiscard]] bool was_reset() const { return reset_; }

    void half_close() { socket_.shutdown(tcp::socket::shutdown_send); }

    void close() { socket_.close(); }

    tcp::socket& socket() { return socket_; }

private:
    bool receive() {
        std::optional<std::size_t> received;
        char bytes[65536];
        socket_.async_read_some(
            asio::buffer(bytes),
            [&](boost::system::error_code failed, std::size_t n) {
                reset_ = failed && failed != asio::error::eof;
                received = n;
            }
        );
        loop_.until([&] { return received.has_value(); });
        inbox_.append(bytes, *received);
        return *received > 0;
    }

    Loop& loop_;
    tcp::socket socket_;
    std::string inbox_;
    bool reset_ = false;
};

struct TestServer {
    explicit TestServer(Limits limits = short_limits())
        : server{loop.context.get_executor(), application, limits, registry},
          endpoint{server.listen("127.0.0.1:0")} {}

    ~TestServer() { application.upgraded.reset(); }

    TestServer(TestServer const&) = delete;
    TestServer& operator=(TestServer const&) = delete;

    Client connect() { return Client{loop, endpoint}; }

    [[nodiscard]] bool hit(std::string_view limit) const {
        std::string const series =
            "showrunner_http_limit_hits_total{limit=\"" + std::string{limit} + "\"} 1\n";
        return registry.render().find(series) != std::string::npos;
    }

    [[nodiscard]] bool idle() const {
        return registry.render().find("showrunner_http_connections 0\n") != std::string::npos;
    }

    // What a handler refers to outlives the loop, which destroys handlers that never ended.
    metrics::Registry registry;
    TestApplication application;
    Loop loop;
    Server server;
    tcp::endpoint endpoint;
};

}  // namespace showrunner::http::testing
