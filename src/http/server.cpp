#include "http/server.hpp"

#include "base/log.hpp"
#include "http/connection.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <charconv>
#include <stdexcept>

namespace showrunner::http {

using boost::asio::ip::tcp;

struct Server::State : Context {
    using Context::Context;

    std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
    asio::steady_timer sweep_timer{executor};
    bool sweeping = false;
    bool hurried = false;

    static Task<> accept(std::shared_ptr<State> state, tcp::acceptor& acceptor);
    static Task<> keep_sweeping(std::shared_ptr<State> state);
    void stop_accepting();
    Task<> wait_until_empty(std::chrono::milliseconds at_most);
};

namespace {

/// `host:port` or `[v6]:port`, resolved.
tcp::endpoint parse_address(asio::any_io_executor executor, std::string const& address) {
    auto const colon = address.rfind(':');
    if (colon == std::string::npos) {
        throw std::runtime_error{"\"" + address + "\" is no address to listen on: give host:port"};
    }
    std::string host = address.substr(0, colon);
    std::string const port_text = address.substr(colon + 1);
    std::uint16_t port = 0;
    auto const [end, bad] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (port_text.empty() || bad != std::errc{} || end != port_text.data() + port_text.size()) {
        throw std::runtime_error{"\"" + port_text + "\" is no port number (0 to 65535)"};
    }
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host == "*") host = "0.0.0.0";
    boost::system::error_code failed;
    auto const literal = asio::ip::make_address(host, failed);
    if (!failed) return {literal, port};
    auto const found = tcp::resolver{executor}.resolve(host, port_text, failed);
    if (failed || found.empty()) {
        throw std::runtime_error{"cannot resolve the host \"" + host + "\": " + failed.message()};
    }
    return found.begin()->endpoint();
}

}  // namespace

Server::Server(
    asio::any_io_executor executor,
    Application& application,
    Limits limits,
    metrics::Registry& registry
)
    : state_{std::make_shared<State>(std::move(executor), application, limits, registry)} {}

Server::~Server() {
    state_->stop_accepting();
    state_->draining = true;
    state_->application = nullptr;
    for (std::size_t i = state_->connections.size(); i-- > 0;) {
        if (i < state_->connections.size()) state_->connections[i]->abort();
    }
    state_->sweeping = false;
    state_->sweep_timer.cancel();
}

tcp::endpoint Server::listen(std::string const& address) {
    tcp::endpoint const endpoint = parse_address(state_->executor, address);
    auto acceptor = std::make_unique<tcp::acceptor>(state_->executor);
    boost::system::error_code failed;
    acceptor->open(endpoint.protocol(), failed);
    if (!failed) acceptor->set_option(tcp::acceptor::reuse_address{true}, failed);
    if (!failed) acceptor->bind(endpoint, failed);
    if (!failed) acceptor->listen(4096, failed);
    if (failed) {
        throw std::runtime_error{"cannot listen on " + address + ": " + failed.message()};
    }
    tcp::endpoint const bound = acceptor->local_endpoint();
    tcp::acceptor& ready = *acceptor;
    state_->acceptors.push_back(std::move(acceptor));
    spawn(state_->executor, "http.accept", State::accept(state_, ready));
    if (!state_->sweeping) {
        state_->sweeping = true;
        spawn(state_->executor, "http.sweep", State::keep_sweeping(state_));
    }
    return bound;
}

void Server::trust_proxies(std::vector<std::string> const& networks) {
    state_->proxies = TrustedProxies{networks};
}

Task<> Server::drain(std::chrono::milliseconds deadline) {
    auto const state = state_;
    constexpr std::chrono::milliseconds grace{2000};
    state->stop_accepting();
    state->draining = true;
    for (Connection* connection : state->connections) connection->drain();
    if (!state->hurried) co_await state->wait_until_empty(deadline);
    for (std::size_t i = state->connections.size(); i-- > 0;) {
        if (i < state->connections.size()) state->connections[i]->stop();
    }
    co_await state->wait_until_empty(grace);
    for (std::size_t i = state->connections.size(); i-- > 0;) {
        if (i < state->connections.size()) state->connections[i]->abort();
    }
    co_await state->wait_until_empty(grace);
    state->sweeping = false;
    state->sweep_timer.cancel();
}

void Server::hurry() {
    state_->hurried = true;
    state_->emptied.cancel();
}

Task<> Server::State::accept(std::shared_ptr<State> state, tcp::acceptor& acceptor) {
    constexpr std::chrono::milliseconds pause{100};
    while (acceptor.is_open()) {
        auto [failed, socket] = co_await acceptor.async_accept(as_result);
        if (!failed) {
            Connection::start(state, std::move(socket));
        } else if (acceptor.is_open()) {
            // Out of descriptors, most likely: what is open must end before more can be taken.
            log::warning("accept_failed", {{"error", failed.message()}});
            co_await sleep_for(pause);
        }
    }
}

Task<> Server::State::keep_sweeping(std::shared_ptr<State> state) {
    while (state->sweeping) {
        state->sweep_timer.expires_after(state->limits.sweep_interval);
        co_await state->sweep_timer.async_wait(as_result);
        if (state->sweeping) state->sweep();
    }
}

void Server::State::stop_accepting() {
    boost::system::error_code gone;
    for (auto const& acceptor : acceptors) acceptor->close(gone);
}

Task<> Server::State::wait_until_empty(std::chrono::milliseconds at_most) {
    if (connections.empty()) co_return;
    emptied.expires_after(at_most);
    co_await emptied.async_wait(as_result);
}

}  // namespace showrunner::http
