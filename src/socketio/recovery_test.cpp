#include "socketio/recovery.hpp"

#include "socketio/test_client.hpp"

namespace showrunner::socketio {

namespace {

/// A namespace whose clients recover. `join:x` as the token's text joins room x.
class Recovering {
public:
    explicit Recovering(MemoryRecovery::Limits limits = {}) : recovery{limits} {
        fixture.handler.decide = [this](std::shared_ptr<Socket> socket) -> Task<Admission> {
            ConnectRequest const& request = fixture.handler.requests.back();
            Admission admission = recovery.admit(*socket, request);
            if (auto const* room = request.auth.if_contains("room")) {
                socket->join(std::string{room->as_string()});
            }
            co_return admission;
        };
    }

    void publish(std::string_view room, std::string_view arguments) {
        std::vector<std::string> const rooms{std::string{room}};
        recovery.broadcast(fixture.root, rooms, {.name = "ev", .arguments = arguments});
    }

    /// Connects a client in `room`; tells its pid.
    std::string join(PollingClient& client, std::string const& room) {
        client.send(R"(40{"room":")" + room + R"("})");
        client.receive();
        return fixture.handler.sockets.back()->pid();
    }

    /// The connection breaks, as the handler sees it.
    void cut(std::string const& pid) {
        for (auto const& socket : fixture.handler.sockets) {
            if (socket->pid() != pid || socket->is_gone()) continue;
            recovery.disconnected(*socket, {"transport close", true});
            socket->close_connection();
        }
    }

    Fixture fixture;
    MemoryRecovery recovery;
};

std::string resume(std::string const& pid, std::string const& offset) {
    return R"(40{"pid":")" + pid + R"(","offset":")" + offset + R"("})";
}

/// How many events a payload holds; -1 when the client was not recovered.
int replayed(std::string const& payload, std::string const& pid) {
    if (payload.find(pid) == std::string::npos) return -1;
    int count = 0;
    for (std::size_t at = 0; (at = payload.find("42[", at)) != std::string::npos; ++at) ++count;
    return count;
}

}  // namespace

TEST_CASE("only events that were really missed make a recovery fail") {
    Recovering server{{.events = 10}};
    PollingClient quiet{server.fixture};
    std::string const pid = server.join(quiet, "quiet");
    server.publish("quiet", "1");
    std::string const offset = server.recovery.offset();
    server.cut(pid);
    for (int i = 0; i < 50; ++i) server.publish("busy", "0");
    server.publish("quiet", "2");

    PollingClient back{server.fixture};
    back.send(resume(pid, offset));
    CHECK(replayed(back.receive(), pid) == 1);
    CHECK(server.fixture.handler.sockets.back()->rooms() == std::vector<std::string>{"quiet"});

    server.cut(pid);
    for (int i = 0; i < 50; ++i) server.publish("quiet", "0");
    PollingClient late{server.fixture};
    late.send(resume(pid, offset));
    CHECK(replayed(late.receive(), pid) == -1);
}

TEST_CASE("a replay is bounded in events and in bytes") {
    for (MemoryRecovery::Limits const& limits :
         {MemoryRecovery::Limits{.replay_events = 5}, MemoryRecovery::Limits{.replay_bytes = 150}
         }) {
        Recovering server{limits};
        PollingClient client{server.fixture};
        std::string const pid = server.join(client, "room");
        std::string const offset = server.recovery.offset();
        server.cut(pid);
        for (int i = 0; i < 5; ++i) server.publish("room", "0");
        PollingClient back{server.fixture};
        back.send(resume(pid, offset));
        CHECK(replayed(back.receive(), pid) == 5);
        server.cut(pid);
        for (int i = 0; i < 5; ++i) server.publish("room", "0");
        PollingClient again{server.fixture};
        again.send(resume(pid, offset));
        CHECK(replayed(again.receive(), pid) == -1);
    }
}

TEST_CASE("who is away for too long begins anew") {
    Recovering server{{.away_max = std::chrono::milliseconds{0}}};
    PollingClient client{server.fixture};
    std::string const pid = server.join(client, "room");
    server.cut(pid);
    PollingClient back{server.fixture};
    back.send(resume(pid, server.recovery.offset()));
    CHECK(replayed(back.receive(), pid) == -1);
}

TEST_CASE("a message to one socket is replayed to it alone") {
    Recovering server;
    PollingClient anna{server.fixture};
    std::string const pid = server.join(anna, "room");
    auto const socket = server.fixture.handler.sockets.back();
    PollingClient ben{server.fixture};
    std::string const other = server.join(ben, "room");
    std::string const offset = server.recovery.offset();
    server.recovery.emit(*socket, {.name = "private"});
    server.cut(pid);
    server.cut(other);
    PollingClient anna_again{server.fixture};
    anna_again.send(resume(pid, offset));
    CHECK(replayed(anna_again.receive(), pid) == 1);
    PollingClient ben_again{server.fixture};
    ben_again.send(resume(other, offset));
    CHECK(replayed(ben_again.receive(), other) == 0);
}

}  // namespace showrunner::socketio
