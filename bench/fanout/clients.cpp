#include "clients.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace showrunner::bench {

namespace {

constexpr std::string_view request =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

constexpr int patience_ms = 30'000;

void send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const n = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0) throw std::runtime_error{"the server closed the connection"};
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// Receives, while the socket still blocks, until `mark` has come.
void receive_until(int descriptor, std::string_view mark) {
    std::string received;
    std::array<char, 4096> buffer{};
    while (received.find(mark) == std::string::npos) {
        ssize_t const n = ::recv(descriptor, buffer.data(), buffer.size(), 0);
        if (n <= 0) throw std::runtime_error{"no answer from the server"};
        received.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

}  // namespace

std::string client_frame(std::string_view payload) {
    std::string frame{'\x81'};
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80U | payload.size());
    } else {
        frame += '\xfe';
        frame += static_cast<char>(payload.size() >> 8U);
        frame += static_cast<char>(payload.size() & 0xffU);
    }
    frame.append(4, '\0');
    frame += payload;
    return frame;
}

Clients::Clients(std::uint16_t port)
    : port_{port}, epoll_{::epoll_create1(0)}, buffer_(std::size_t{256} * 1024) {}

Clients::~Clients() {
    for (int const descriptor : descriptors_) ::close(descriptor);
    ::close(epoll_);
}

void Clients::connect(std::size_t count) {
    descriptors_.reserve(count);
    while (descriptors_.size() < count) open_one();
    for (int const descriptor : descriptors_) join(descriptor);
}

void Clients::open_one() {
    int const descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 ||
        ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error{"cannot connect"};
    }
    int const on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    descriptors_.push_back(descriptor);
    send_all(descriptor, request);
    receive_until(descriptor, "maxPayload");
}

void Clients::join(int descriptor) {
    send_all(descriptor, client_frame("40"));
    receive_until(descriptor, "auth");
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void Clients::publish(std::string_view bytes) {
    send_all(descriptors_.front(), bytes);
}

std::size_t Clients::read_ready(int timeout_ms) {
    std::array<epoll_event, 512> events{};
    int const count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count == 0) throw std::runtime_error{"the server stopped sending"};
    std::size_t total = 0;
    for (int i = 0; i < count; ++i) {
        ssize_t const n =
            ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer_.data(), buffer_.size(), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            throw std::runtime_error{"the server closed a connection"};
        }
        if (n > 0) total += static_cast<std::size_t>(n);
    }
    return total;
}

void Clients::await(std::size_t bytes) {
    std::size_t received = 0;
    while (received < bytes) received += read_ready(patience_ms);
    if (received > bytes) throw std::runtime_error{"the server sent more than it should"};
}

}  // namespace showrunner::bench
