// For unit tests: a server in memory, and clients that speak to it by polling, without sockets.
#pragma once

#include "base/metrics.hpp"
#include "socketio/engine/engine.hpp"
#include "socketio/engine/payload.hpp"
#include "socketio/engine/session.hpp"
#include "socketio/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::socketio {

class TextBody final : public engineio::Body {
public:
    explicit TextBody(std::string text) : text_{std::move(text)} {}

    Task<std::string> read() override { co_return text_; }

private:
    std::string text_;
};

/// Does what a test tells it to.
class ScriptedHandler : public Handler {
public:
    Task<Admission> connect(std::shared_ptr<Socket> socket, ConnectRequest request) override {
        requests.push_back(request);
        latest = socket;
        Admission admission = co_await decide(socket);
        co_return admission;
    }

    void connected(Socket& socket) override {
        log.push_back("connected");
        sockets.push_back(socket.shared_from_this());
    }

    void received(Socket& socket, Event event) override {
        log.push_back(event.name + "(" + event.arguments_text + ")");
        if (on_event) on_event(socket, event);
    }

    void disconnected(Socket& socket, Disconnection how) override {
        log.push_back("disconnected: " + std::string{how.reason});
        rooms_at_the_end = socket.rooms();
    }

    static Task<Admission> admit(std::shared_ptr<Socket>) { co_return Admission{}; }

    std::function<Task<Admission>(std::shared_ptr<Socket>)> decide = admit;
    std::function<void(Socket&, Event&)> on_event;
    std::vector<ConnectRequest> requests;
    std::shared_ptr<Socket> latest;
    std::vector<std::shared_ptr<Socket>> sockets;
    std::vector<std::string> rooms_at_the_end;
    std::vector<std::string> log;
};

class Fixture {
public:
    explicit Fixture(Options options = {})
        : server{context.get_executor(), std::move(options), registry},
          root{server.add("/", handler)} {}

    /// Lets everything happen that is ready to.
    void settle() {
        context.restart();
        context.poll();
    }

    /// Lets time pass until `done`.
    void wait_until(std::function<bool()> const& done) {
        context.restart();
        while (!done() && context.run_one_for(std::chrono::seconds{5}) > 0) {
        }
        CHECK(done());
    }

    /// The answer, or nothing while the request is held.
    std::shared_ptr<std::optional<engineio::Response>> request(
        engineio::Request const& head, std::string body = {}
    ) {
        auto answer = std::make_shared<std::optional<engineio::Response>>();
        spawn(context.get_executor(), "request", serve(*this, head, std::move(body), answer));
        settle();
        return answer;
    }

    boost::asio::io_context context;
    metrics::Registry registry;
    ScriptedHandler handler;
    Server server;
    Namespace& root;

private:
    static Task<> serve(
        Fixture& fixture,
        engineio::Request head,
        std::string text,
        std::shared_ptr<std::optional<engineio::Response>> answer
    ) {
        TextBody body{std::move(text)};
        engineio::Response response = co_await fixture.server.engine().serve(head, body);
        answer->emplace(std::move(response));
    }
};

/// An engine session on polling.
class PollingClient {
public:
    explicit PollingClient(Fixture& fixture, std::string address = "192.0.2.1")
        : fixture_{fixture}, address_{std::move(address)} {
        auto const answer = fixture_.request(head("GET"));
        REQUIRE(answer->has_value());
        status = (*answer)->status;
        std::string const& hello = (*answer)->body;
        std::size_t const start = hello.find(R"("sid":")");
        if (start != std::string::npos) sid_ = hello.substr(start + 7, 20);
    }

    /// Sends engine packets; returns the status.
    unsigned send(std::string packets) {
        auto const answer = fixture_.request(head("POST"), std::move(packets));
        REQUIRE(answer->has_value());
        return (*answer)->status;
    }

    /// The packets that wait for this client, joined by spaces; "held" when there are none.
    std::string receive() {
        if (!held_) held_ = fixture_.request(head("GET"));
        fixture_.settle();
        if (!held_->has_value()) return "held";
        status = (*held_)->status;
        std::string text = std::move((*held_)->body);
        held_.reset();
        for (char& c : text) {
            if (c == engineio::packet_separator) c = ' ';
        }
        return text;
    }

    /// Joins `/` and swallows the answer.
    void join(std::string const& auth = {}) {
        send("40" + auth);
        CHECK(receive().starts_with("40"));
    }

    unsigned status = 0;

private:
    [[nodiscard]] engineio::Request head(std::string method) const {
        engineio::Request request;
        request.method = std::move(method);
        request.query = {{"EIO", "4"}, {"transport", "polling"}};
        if (!sid_.empty()) request.query.emplace_back("sid", sid_);
        request.remote_address = address_;
        return request;
    }

    Fixture& fixture_;
    std::string address_;
    std::string sid_;
    std::shared_ptr<std::optional<engineio::Response>> held_;
};

}  // namespace showrunner::socketio
