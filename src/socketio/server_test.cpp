#include "socketio/server.hpp"

#include "socketio/test_client.hpp"

#include <boost/asio/steady_timer.hpp>

namespace showrunner::socketio {

namespace {

/// A decision that a test makes when it wants to.
class Gate {
public:
    explicit Gate(Fixture& fixture)
        : timer_{fixture.context.get_executor(), engineio::SteadyTime::max()} {}

    Task<Admission> wait(Admission admission) {
        co_await timer_.async_wait(as_result);
        co_return admission;
    }

    void open() { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

MessagePtr event(std::string_view name, std::string_view arguments = {}) {
    return encode_event("/", {.name = name, .arguments = arguments});
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("rooms decide who gets a broadcast, and nobody gets it twice") {
    Fixture fixture;
    PollingClient anna{fixture};
    anna.join();
    PollingClient ben{fixture};
    ben.join();
    PollingClient carl{fixture};
    carl.join();
    auto const& sockets = fixture.handler.sockets;
    CHECK(sockets[0]->join("a"));
    CHECK(sockets[0]->join("b"));
    CHECK(sockets[0]->join("b"));
    CHECK(sockets[1]->join("b"));
    CHECK(fixture.root.count_in("b") == 2);

    Strings const both{"a", "b", "nobody"};
    CHECK(fixture.root.broadcast(both, event("one")) == 2);
    CHECK(fixture.root.broadcast("b", event("two"), {.except = sockets[0].get()}) == 1);
    CHECK(fixture.root.broadcast(Strings{}, event("three")) == 3);
    CHECK(anna.receive() == R"(42["one"] 42["three"])");
    CHECK(ben.receive() == R"(42["one"] 42["two"] 42["three"])");
    CHECK(carl.receive() == R"(42["three"])");

    sockets[0]->leave("b");
    CHECK(sockets[0]->rooms() == Strings{"a"});
    CHECK(fixture.root.sockets_in("b") == std::vector{sockets[1]});
    sockets[1]->leave("b");
    CHECK(fixture.root.count_in("b") == 0);
    anna.send("1");
    CHECK(fixture.handler.log.back() == "disconnected: transport close");
    CHECK(fixture.handler.rooms_at_the_end == Strings{"a"});
    CHECK(fixture.root.count_in("a") == 0);
    CHECK(fixture.root.count() == 2);
}

TEST_CASE("what is broadcast during a replay is held, and sent unless the replay has it") {
    Fixture fixture;
    Gate gate{fixture};
    Admission admission;
    admission.sid = "same";
    admission.pid = "secret";
    admission.replay = {event("missed", "1"), event("missed", "2")};
    admission.replayed_through = 2;
    fixture.handler.decide = [&](std::shared_ptr<Socket> socket) {
        socket->join("room");
        return gate.wait(admission);
    };
    PollingClient client{fixture};
    client.send(R"(40{"token":"t","pid":"secret","offset":"0"})");
    REQUIRE(fixture.handler.requests.size() == 1);
    REQUIRE(fixture.handler.requests[0].resume);
    CHECK(fixture.handler.requests[0].resume->pid == "secret");
    CHECK(fixture.handler.requests[0].resume->offset == "0");
    fixture.root.broadcast("room", event("missed", "2"), {.sequence = 2});
    fixture.root.broadcast("room", event("live", "3"), {.sequence = 3});
    fixture.root.broadcast("room", event("notice"));
    fixture.root.broadcast("room", event("cursor"), {.is_volatile = true});
    CHECK(client.receive() == "held");
    gate.open();
    CHECK(
        client.receive() ==
        R"(40{"sid":"same","pid":"secret"} 42["missed",1] 42["missed",2] 42["live",3] 42["notice"])"
    );
    CHECK(fixture.root.find("same") == fixture.handler.sockets[0]);
}

TEST_CASE("a client that resumes takes its id over from the connection that is left") {
    Fixture fixture;
    fixture.handler.decide = [](std::shared_ptr<Socket>) -> Task<Admission> {
        Admission admission;
        admission.sid = "same";
        co_return admission;
    };
    PollingClient old{fixture};
    old.join();
    PollingClient fresh{fixture};
    fresh.join();
    CHECK(fixture.handler.log == Strings{"connected", "disconnected: forced close", "connected"});
    CHECK(fixture.root.find("same") == fixture.handler.sockets[1]);
    CHECK(fixture.handler.sockets[0]->is_gone());
    CHECK(old.receive() == "1");
}

TEST_CASE("an undecided client cannot send events, connect again or outlive its connection") {
    Fixture fixture;
    Gate gate{fixture};
    fixture.handler.decide = [&](std::shared_ptr<Socket>) { return gate.wait({}); };
    PollingClient eager{fixture};
    eager.send(R"(40)");
    eager.send(R"(42["message"])");
    eager.receive();
    CHECK(eager.status == 400);
    PollingClient twice{fixture};
    twice.send(
        "40\x1e"
        "40"
    );
    twice.receive();
    CHECK(twice.status == 400);
    PollingClient leaving{fixture};
    leaving.send(
        "40\x1e"
        "41"
    );
    PollingClient patient{fixture};
    patient.send("40");
    gate.open();
    CHECK(patient.receive().starts_with("40"));
    CHECK(leaving.receive() == "held");
    CHECK(fixture.handler.log == Strings{"connected"});
    CHECK(fixture.root.count() == 1);
}

TEST_CASE("a refusal carries its reason; after a decision that throws the client may come back") {
    Fixture fixture;
    PollingClient client{fixture};
    fixture.handler.decide = [](std::shared_ptr<Socket>) -> Task<Admission> {
        co_return Admission::refuse("expired", R"({"code":"TOKEN_EXPIRED"})");
    };
    client.send("40");
    CHECK(client.receive() == R"(44{"message":"expired","data":{"code":"TOKEN_EXPIRED"}})");
    fixture.handler.decide = [](std::shared_ptr<Socket>) -> Task<Admission> {
        throw std::runtime_error{"no database"};
        co_return Admission{};
    };
    client.send("40");
    CHECK(client.receive() == "1");
    fixture.handler.decide = ScriptedHandler::admit;
    PollingClient again{fixture};
    again.join();
    CHECK(fixture.handler.log == Strings{"connected"});
}

TEST_CASE("acks: answered once, late or never") {
    Fixture fixture;
    PollingClient client{fixture};
    client.join();
    Socket& socket = *fixture.handler.sockets[0];
    Strings answers;
    auto const note = [&](std::optional<Reply> reply) {
        answers.push_back(reply ? reply->arguments_text : "none");
    };
    socket.emit_with_ack({.name = "ask", .arguments = "1"}, std::chrono::seconds{5}, note);
    CHECK(client.receive() == R"(420["ask",1])");
    client.send(R"(430["yes",2])");
    client.send(R"(430["again"])");
    client.send(R"(4399["unknown"])");
    CHECK(answers == Strings{R"("yes",2)"});
    socket.emit_with_ack({.name = "ask"}, std::chrono::milliseconds{1}, note);
    fixture.wait_until([&] { return answers.size() == 2; });
    client.send("431[]");
    socket.emit_with_ack({.name = "ask"}, std::chrono::seconds{5}, note);
    client.send("41");
    CHECK(answers == Strings{R"("yes",2)", "none", "none"});
    socket.emit_with_ack({.name = "ask"}, std::chrono::seconds{5}, note);
    CHECK(answers.size() == 4);
}

TEST_CASE("an event may be answered later, and its handler may throw") {
    Fixture fixture;
    PollingClient client{fixture};
    client.join();
    Acknowledge kept;
    fixture.handler.on_event = [&](Socket&, Event& event) {
        if (event.name == "throw") throw std::runtime_error{"oops"};
        CHECK(event.acknowledge);
        kept = std::move(event.acknowledge);
    };
    client.send(R"(42["throw",{"a":[1]}])");
    client.send(R"(427["keep"])");
    kept("1,2");
    kept("3");
    CHECK(client.receive() == "437[1,2]");
    CHECK(fixture.handler.log == Strings{"connected", R"(throw({"a":[1]}))", "keep()"});
}

TEST_CASE("volatile events are for clients that are ready") {
    Fixture fixture;
    PollingClient client{fixture};
    client.join();
    Socket& socket = *fixture.handler.sockets[0];
    socket.emit_volatile({.name = "dropped"});
    CHECK(client.receive() == "held");
    socket.emit_volatile({.name = "ready"});
    CHECK(client.receive() == R"(42["ready"])");
}

TEST_CASE("the two ways to end a connection from here") {
    Fixture fixture;
    PollingClient client{fixture};
    client.join();
    fixture.handler.sockets[0]->disconnect();
    CHECK(client.receive() == "41");
    CHECK(fixture.handler.log.back() == "disconnected: server namespace disconnect");
    client.join();
    fixture.handler.sockets[1]->emit({.name = "last"});
    CHECK(fixture.server.close_connection(fixture.handler.sockets[1]->id()));
    CHECK(client.receive() == R"(42["last"] 1)");
    CHECK(fixture.handler.log.back() == "disconnected: forced close");
    client.receive();
    CHECK(client.status == 400);
    CHECK_FALSE(fixture.server.close_connection("unknown"));
}

TEST_CASE("limits are kept, and counted") {
    Options options;
    options.engine.connections = 3;
    options.engine.connections_per_address = 2;
    options.engine.messages_burst = 5;
    options.engine.messages_per_second = 1;
    options.engine.queue_bytes = 1000;
    options.rooms_per_socket = 2;
    Fixture fixture{options};
    auto const hits = [&](std::string_view limit) {
        std::string const line =
            "showrunner_socketio_limits_total{limit=\"" + std::string{limit} + "\"} ";
        std::string const text = fixture.registry.render();
        return text.substr(text.find(line) + line.size(), 1);
    };

    PollingClient first{fixture};
    PollingClient second{fixture};
    CHECK(PollingClient{fixture}.status == 429);
    PollingClient third{fixture, "192.0.2.2"};
    CHECK(PollingClient{fixture, "192.0.2.3"}.status == 503);
    CHECK(hits("connections_per_address") == "1");
    CHECK(hits("connections") == "1");

    first.join();
    Socket& socket = *fixture.handler.sockets[0];
    CHECK(socket.join("a"));
    CHECK(socket.join("b"));
    CHECK_FALSE(socket.join("c"));
    CHECK(hits("rooms") == "1");

    second.join();
    CHECK(
        second.send(R"(42["1"])"
                    "\x1e"
                    R"(42["2"])") == 200
    );
    second.send(R"(42["3"])"
                "\x1e"
                R"(42["4"])"
                "\x1e"
                R"(42["5"])");
    CHECK(fixture.handler.log.back() == "disconnected: too many messages");
    CHECK(hits("messages_per_second") == "1");

    std::string const large = '"' + std::string(1500, 'x') + '"';
    fixture.root.broadcast(Strings{}, event("large", large));
    fixture.settle();
    CHECK(socket.is_connected());
    fixture.root.broadcast(Strings{}, event("one more"));
    fixture.settle();
    CHECK(fixture.handler.log.back() == "disconnected: slow reader");
    CHECK(hits("queue_bytes") == "1");
}

TEST_CASE("draining ends every connection and opens no more") {
    Fixture fixture;
    PollingClient client{fixture};
    client.join();
    CHECK(client.receive() == "held");
    spawn(
        fixture.context.get_executor(), "drain", fixture.server.drain(std::chrono::milliseconds{0})
    );
    CHECK(client.receive() == "1");
    CHECK(fixture.handler.log.back() == "disconnected: server shutting down");
    CHECK(PollingClient{fixture}.status == 503);
}

}  // namespace showrunner::socketio
