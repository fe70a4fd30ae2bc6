// showrunner-echo: the real-time server on its own, for protocol tests and load drivers.
// `/socket.io/` serves the namespaces `/` and `/custom`, `/engine.io/` the bare engine.
#include "app/engine_over_http.hpp"
#include "base/json.hpp"
#include "http/server.hpp"
#include "socketio/recovery.hpp"
#include "socketio/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace showrunner {

namespace {

constexpr std::string_view usage =
    "usage: showrunner-echo [--listen HOST:PORT] [--ping-interval MS] [--ping-timeout MS]\n"
    "                       [--max-payload BYTES] [--connect-timeout MS] [--recovery]\n"
    "                       [--cors ORIGIN] [--drain MS]\n";

struct Settings {
    std::string listen = "127.0.0.1:0";
    socketio::Options options;
    bool recovery = false;
    std::chrono::milliseconds drain{0};
};

std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool set_number(Settings& settings, std::string_view flag, std::size_t number) {
    std::chrono::milliseconds const duration{number};
    if (flag == "--ping-interval") {
        settings.options.engine.ping_interval = duration;
    } else if (flag == "--ping-timeout") {
        settings.options.engine.ping_timeout = duration;
    } else if (flag == "--connect-timeout") {
        settings.options.connect_timeout = duration;
    } else if (flag == "--drain") {
        settings.drain = duration;
    } else if (flag == "--max-payload") {
        settings.options.engine.max_payload = number;
    } else {
        return false;
    }
    return true;
}

std::optional<Settings> parse(std::span<char* const> arguments) {
    Settings settings;
    settings.options.engine.connections = 0;
    settings.options.engine.pending_polls = 0;
    settings.options.engine.messages_per_second = 0;  // Load drivers are meant to be fast.
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        std::string_view const flag = arguments[i];
        if (flag == "--recovery") {
            settings.recovery = true;
            continue;
        }
        if (++i == arguments.size()) return std::nullopt;
        std::string_view const value = arguments[i];
        if (flag == "--listen") {
            settings.listen = value;
        } else if (flag == "--cors") {
            settings.options.engine.origins.emplace_back(value);
        } else {
            auto const number = number_in(value);
            if (!number || !set_number(settings, flag, *number)) return std::nullopt;
        }
    }
    return settings;
}

/// Sends every message back.
class EngineEcho final : public engineio::Handler {
public:
    void opened(engineio::Session&) override {}

    void received(engineio::Session& session, engineio::Kind kind, std::string_view bytes)
        override {
        bool const text = kind == engineio::Kind::text;
        session.send(text ? engineio::message(bytes) : engineio::binary_message(bytes));
    }

    void closed(engineio::Session&, engineio::CloseReason) override {}
};

class SocketEcho final : public socketio::Handler {
public:
    explicit SocketEcho(socketio::MemoryRecovery* recovery) : recovery_{recovery} {}

    Task<socketio::Admission> connect(
        std::shared_ptr<socketio::Socket> socket, socketio::ConnectRequest request
    ) override {
        socket->data = std::make_shared<std::string>(boost::json::serialize(request.auth));
        if (recovery_ == nullptr) co_return socketio::Admission{};
        co_return recovery_->admit(*socket, request);
    }

    void connected(socketio::Socket& socket) override {
        auto const auth = std::static_pointer_cast<std::string>(std::move(socket.data));
        emit(socket, {.name = "auth", .arguments = *auth});
    }

    void received(socketio::Socket& socket, socketio::Event event) override {
        if (event.name == "message") {
            emit(
                socket,
                {.name = "message-back",
                 .arguments = event.arguments_text,
                 .attachments = event.attachments}
            );
        } else if (event.name == "message-with-ack") {
            event.acknowledge(event.arguments_text, event.attachments);
        } else if (event.name == "pub" && socket.nsp().name() == "/") {
            publish(
                socket.nsp(),
                {.name = "ev", .arguments = event.arguments_text, .attachments = event.attachments}
            );
        }
    }

    void disconnected(socketio::Socket& socket, socketio::Disconnection how) override {
        if (recovery_ != nullptr) recovery_->disconnected(socket, how);
    }

private:
    void emit(socketio::Socket& socket, socketio::Outgoing const& event) {
        recovery_ != nullptr ? recovery_->emit(socket, event) : socket.emit(event);
    }

    void publish(socketio::Namespace& nsp, socketio::Outgoing const& event) {
        if (recovery_ != nullptr) {
            recovery_->broadcast(nsp, {}, event);
        } else {
            nsp.broadcast(std::span<std::string const>{}, encode_event(nsp.name(), event));
        }
    }

    socketio::MemoryRecovery* recovery_;
};

class EchoApplication final : public http::Application {
public:
    EchoApplication(engineio::Engine& sockets, engineio::Engine& bare)
        : sockets_{sockets}, bare_{bare} {}

    http::Plan plan(http::Request const& request) override {
        app::EngineOverHttp* const engine = engine_for(request);
        if (engine == nullptr) throw Error{Code::not_found, "nothing is here"};
        return engine->plan();
    }

    Task<http::Response> serve(http::Request& request) override {
        http::Response response = co_await engine_for(request)->serve(request);
        co_return response;
    }

    http::Response refuse(http::Request const&, Error const& error) override {
        return http::Response::text(info(error.code).status, error.what());
    }

    bool upgrade(http::Request& request, http::Upgrade& upgrade) override {
        app::EngineOverHttp* const engine = engine_for(request);
        if (engine != nullptr) engine->upgrade(request, upgrade);
        return engine != nullptr;
    }

private:
    app::EngineOverHttp* engine_for(http::Request const& request) {
        if (sockets_.matches(request)) return &sockets_;
        return bare_.matches(request) ? &bare_ : nullptr;
    }

    app::EngineOverHttp sockets_;
    app::EngineOverHttp bare_;
};

/// Every client is an open file.
void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Waits for the signal to stop, then sends the clients away.
Task<> stop_on_signal(
    socketio::Server& server,
    http::Server& http,
    asio::io_context& context,
    std::chrono::milliseconds drain
) {
    asio::signal_set signals{context, SIGINT, SIGTERM};
    co_await signals.async_wait(as_result);
    co_await server.drain(drain);
    co_await http.drain(std::chrono::milliseconds{500});
    context.stop();
}

int run(Settings const& settings) {
    raise_file_limit();
    asio::io_context context{1};
    metrics::Registry registry;

    std::optional<socketio::MemoryRecovery> recovery;
    if (settings.recovery) recovery.emplace(socketio::MemoryRecovery::Limits{});
    SocketEcho socket_echo{recovery ? &*recovery : nullptr};
    socketio::Server server{context.get_executor(), settings.options, registry};
    server.add("/", socket_echo);
    server.add("/custom", socket_echo);

    engineio::Options bare_options = settings.options.engine;
    bare_options.path = "/engine.io/";
    EngineEcho engine_echo;
    engineio::Engine bare{context.get_executor(), bare_options, engine_echo, registry};

    EchoApplication application{server.engine(), bare};
    http::Limits limits;
    limits.connections = 1'000'000;
    limits.requests_in_flight = 1'000'000;
    http::Server http{context.get_executor(), application, limits, registry};
    auto const endpoint = http.listen(settings.listen);
    spawn(context.get_executor(), "stop", stop_on_signal(server, http, context, settings.drain));
    fmt::print("ready http://{}:{}\n", endpoint.address().to_string(), endpoint.port());
    std::fflush(stdout);
    context.run();
    return 0;
}

}  // namespace

}  // namespace showrunner

int main(int count, char** arguments) {
    auto const settings = showrunner::parse({arguments, static_cast<std::size_t>(count)});
    if (!settings) {
        fmt::print(stderr, "{}", showrunner::usage);
        return 2;
    }
    try {
        return showrunner::run(*settings);
    } catch (std::exception const& error) {
        fmt::print(stderr, "showrunner-echo: {}\n", error.what());
        return 1;
    }
}
