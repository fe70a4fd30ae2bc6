// Thousands of Socket.IO clients on one core: they join `/`, and count the bytes that come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::bench {

/// A frame as clients send it (the mask is zero, which is legal and costs nothing).
[[nodiscard]] std::string client_frame(std::string_view payload);

class Clients {
public:
    explicit Clients(std::uint16_t port);
    ~Clients();
    Clients(Clients const&) = delete;
    Clients& operator=(Clients const&) = delete;

    /// Connects `count` clients; returns when all of them have joined.
    void connect(std::size_t count);

    /// The first client sends `bytes`.
    void publish(std::string_view bytes);

    /// Reads until all clients together have received `bytes` bytes.
    void await(std::size_t bytes);

private:
    void open_one();
    void join(int descriptor);
    std::size_t read_ready(int timeout_ms);

    std::uint16_t port_;
    int epoll_;
    std::vector<int> descriptors_;
    std::vector<char> buffer_;
};

}  // namespace showrunner::bench
