#include "floor_server.hpp"

#include "process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace showrunner::bench {

namespace {

constexpr std::string_view greeting = "HTTP/1.1 101 Switching Protocols\r\n\r\nmaxPayload";

/// What the clients expect to each read: the handshake, the answer to CONNECT, then events.
enum class Stage { handshake, connect, events };

class FloorServer {
public:
    int run() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_, 4096);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        watch(listener_);
        std::printf("ready http://127.0.0.1:%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
        for (;;) turn();
    }

private:
    void watch(int descriptor) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    }

    void turn() {
        std::array<epoll_event, 64> events{};
        int const count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            int const descriptor = events[static_cast<std::size_t>(i)].data.fd;
            descriptor == listener_ ? accept() : read(descriptor);
        }
    }

    void accept() {
        int const descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (descriptor < 0) return;
        int const on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(descriptor);
        stages_[descriptor] = Stage::handshake;
        clients_.push_back(descriptor);
    }

    void read(int descriptor) {
        ssize_t const n = ::recv(descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (n <= 0) {
            ::close(descriptor);
            return;
        }
        Stage& stage = stages_[descriptor];
        if (stage == Stage::handshake) {
            ::send(descriptor, greeting.data(), greeting.size(), MSG_NOSIGNAL);
            stage = Stage::connect;
        } else if (stage == Stage::connect) {
            ::send(descriptor, "auth", 4, MSG_NOSIGNAL);
            stage = Stage::events;
        } else {
            broadcast(static_cast<std::size_t>(n));
        }
    }

    /// What was read is a masked `42["pub",…]`; `42["ev",…]` unmasked is 5 bytes shorter.
    void broadcast(std::size_t read) {
        std::string const frame(read - 5, 'x');
        for (int const client : clients_) {
            ::send(client, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }

    int epoll_ = ::epoll_create1(0);
    int listener_ = -1;
    std::vector<char> buffer_ = std::vector<char>(std::size_t{64} * 1024);
    std::vector<int> clients_;
    std::unordered_map<int, Stage> stages_;
};

}  // namespace

int serve_floor() {
    raise_file_limit();
    return FloorServer{}.run();
}

}  // namespace showrunner::bench
