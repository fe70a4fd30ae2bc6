// For tests: another server on loopback, with a path for every way in which it may behave. Raw text
// over Asio: it misbehaves as no HTTP library would.
#pragma once

#include "base/task.hpp"
#include "client/http.hpp"
#include "support/run.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace showrunner::client::testing {

using boost::asio::ip::tcp;

/// What has happened at the peer; its connections keep it.
struct Tally {
    unsigned accepted = 0;
    unsigned closed = 0;
    unsigned requests = 0;
    unsigned holding = 0;
    unsigned holding_max = 0;
    std::string last;                 ///< the last request, as received
    std::vector<std::string> script;  ///< whole answers to the next requests, whatever they ask
    std::vector<std::weak_ptr<tcp::socket>> open;

    /// Breaks all connections from this side.
    void drop_all() {
        for (auto const& each : open) {
            if (auto const socket = each.lock()) socket->close();
        }
        open.clear();
    }
};

inline std::string answer(unsigned status, std::string_view body, std::string_view headers = {}) {
    return fmt::format(
        "HTTP/1.1 {} Said\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body
    );
}

/// 100 KB of them, and no end.
inline std::string many_headers() {
    std::string text = "HTTP/1.1 200 Fine\r\n";
    std::string const line = "X-Big: " + std::string(1000, 'x') + "\r\n";
    for (int i = 0; i < 100; ++i) text += line;
    return text;
}

class Connection {
public:
    Connection(tcp::socket socket, std::shared_ptr<Tally> tally)
        : socket_{std::make_shared<tcp::socket>(std::move(socket))}, tally_{std::move(tally)} {
        tally_->open.emplace_back(socket_);
    }

    ~Connection() {
        if (socket_) ++tally_->closed;
    }

    Connection(Connection&&) = default;
    Connection& operator=(Connection&&) = delete;
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    /// The next request, with its body; empty at the end of the connection.
    Task<std::string> next() {
        auto const [failed, bytes] = co_await asio::async_read_until(
            *socket_, asio::dynamic_buffer(inbox_), "\r\n\r\n", as_result
        );
        if (failed) co_return std::string{};
        std::size_t total = bytes;
        auto const at = inbox_.find("Content-Length: ");
        if (at < bytes) total += std::stoul(inbox_.substr(at + 16));
        std::size_t const missing = total > inbox_.size() ? total - inbox_.size() : 0;
        if (missing > 0) {
            auto const [cut, read] = co_await asio::async_read(
                *socket_, asio::dynamic_buffer(inbox_), asio::transfer_at_least(missing), as_result
            );
            if (cut) co_return std::string{};
        }
        std::string request = inbox_.substr(0, total);
        inbox_.erase(0, total);
        ++tally_->requests;
        tally_->last = request;
        co_return request;
    }

    Task<bool> write(std::string text) {
        auto const [failed, bytes] =
            co_await asio::async_write(*socket_, asio::buffer(text), as_result);
        co_return !failed;
    }

    /// Says nothing more until the other side leaves.
    Task<> hold() {
        tally_->holding_max = std::max(tally_->holding_max, ++tally_->holding);
        char byte = 0;
        co_await socket_->async_read_some(asio::buffer(&byte, 1), as_result);
        --tally_->holding;
    }

    [[nodiscard]] std::shared_ptr<Tally> const& tally() const { return tally_; }

private:
    std::shared_ptr<tcp::socket> socket_;
    std::shared_ptr<Tally> tally_;
    std::string inbox_;
};

inline Task<> serve(Connection connection) {
    for (;;) {
        std::string const request = co_await connection.next();
        if (request.empty()) co_return;
        std::string const path =
            request.substr(request.find(' ') + 1, request.find(" HTTP/") - request.find(' ') - 1);
        std::string const body = request.substr(request.find("\r\n\r\n") + 4);
        bool const head = request.starts_with("HEAD ");
        std::string text = answer(200, "hello", "X-Name:  Value \r\n");
        if (path == "/echo") text = answer(200, body);
        if (path == "/error") text = answer(500, "sorry");
        if (path == "/empty") text = "HTTP/1.1 204 Nothing\r\n\r\n";
        if (path == "/early") text.insert(0, "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n");
        if (path == "/big") text = answer(200, std::string(100'000, 'x'));
        if (path == "/headers") text = many_headers();
        if (path == "/partial") text = "HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\nhalf";
        if (path == "/until-close") text = "HTTP/1.1 200 Fine\r\n\r\nall of it";
        if (path == "/nonsense") text = "I am no HTTP server\r\n\r\n";
        if (path == "/stall") text = "HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\nhalf";
        if (path == "/moved") text = answer(302, "", "Location: /echo\r\n");
        if (path == "/round") text = answer(302, "", "Location: /round\r\n");
        if (path == "/file") text = answer(302, "", "Location: file:///etc/hostname\r\n");
        if (path == "/hold") text.clear();
        if (head) text.resize(text.find("\r\n\r\n") + 4);
        if (path == "/drop") co_return;
        auto& script = connection.tally()->script;
        if (!script.empty()) {
            text = script.front();
            script.erase(script.begin());
        }
        bool const written = co_await connection.write(text);
        if (!written) co_return;
        bool const waits = path == "/hold" || path == "/stall" || path == "/headers";
        if (waits) co_await connection.hold();
        bool const closes = path == "/partial" || path == "/until-close" || path == "/nonsense";
        if (closes || waits) co_return;
    }
}

inline Task<> accept(std::shared_ptr<tcp::acceptor> acceptor, std::shared_ptr<Tally> tally) {
    for (;;) {
        auto [failed, socket] = co_await acceptor->async_accept(as_result);
        if (failed) co_return;
        ++tally->accepted;
        Connection connection{std::move(socket), tally};
        spawn(acceptor->get_executor(), "test peer", serve(std::move(connection)));
    }
}

/// A peer and a client on one event loop.
struct Stage {
    explicit Stage(Limits limits = {}) : http{io.get_executor(), registry, limits} {
        spawn(io.get_executor(), "test peer", accept(acceptor, tally));
    }

    ~Stage() { acceptor->close(); }

    Stage(Stage const&) = delete;
    Stage& operator=(Stage const&) = delete;

    [[nodiscard]] std::string url(std::string_view path) const {
        return fmt::format("http://127.0.0.1:{}{}", acceptor->local_endpoint().port(), path);
    }

    [[nodiscard]] Request get(std::string_view path) const {
        Request request;
        request.url = url(path);
        request.allow = is_any;
        return request;
    }

    Response send(Request request) { return test::run(io, http.send(std::move(request))); }

    /// The token that the request fails with; empty when it does not.
    std::string fail(Request request) {
        auto const result = test::run(io, http.attempt(std::move(request)));
        auto const* const failure = std::get_if<Error>(&result);
        return failure == nullptr ? std::string{} : failure->token;
    }

    [[nodiscard]] std::uint64_t count(std::string_view outcome) {
        return registry.counter(requests_spec, outcome).value();
    }

    metrics::Registry registry;
    asio::io_context io{1};
    std::shared_ptr<Tally> tally = std::make_shared<Tally>();
    std::shared_ptr<tcp::acceptor> acceptor =
        std::make_shared<tcp::acceptor>(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0});
    Http http;
};

}  // namespace showrunner::client::testing
