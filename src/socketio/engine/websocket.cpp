#include "socketio/engine/websocket.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

namespace showrunner::engineio {

namespace {

/// A socket on its way out; keeps itself until the peer has closed or the time is up.
class Closing final : public Deadline, public std::enable_shared_from_this<Closing> {
public:
    explicit Closing(TcpSocket socket) : socket_{std::move(socket)} {}

    void start(Deadlines& deadlines, std::chrono::milliseconds timeout) {
        boost::system::error_code error;
        socket_.shutdown(TcpSocket::shutdown_send, error);
        if (error) return;
        deadlines.arm(*this, timeout);
        wait();
    }

    void expire() override { socket_.close(); }

private:
    void wait() {
        socket_.async_wait(
            TcpSocket::wait_read,
            [self = shared_from_this()](boost::system::error_code error) {
                if (!error) self->discard();
            }
        );
    }

    void discard() {
        std::array<char, 4096> buffer{};
        ssize_t const n =
            ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) wait();
    }

    TcpSocket socket_;
};

}  // namespace

WebSocket::Read WebSocket::receive(std::span<char> buffer, std::span<char>& input) {
    ssize_t const n = ::recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n == 0) return Read::closed;
    if (n < 0) return errno == EAGAIN || errno == EINTR ? Read::nothing : Read::failed;
    input = reader.begin(buffer.first(static_cast<std::size_t>(n)));
    return Read::some;
}

bool prepare(TcpSocket& socket, int send_buffer_bytes) {
    boost::system::error_code error;
    socket.native_non_blocking(true, error);
    if (!error) socket.set_option(asio::ip::tcp::no_delay{true}, error);
    if (!error && send_buffer_bytes > 0) {
        socket.set_option(asio::socket_base::send_buffer_size{send_buffer_bytes}, error);
    }
    return !error;
}

std::optional<std::size_t> try_send(int descriptor, std::string_view bytes) {
    ssize_t const n = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EAGAIN || errno == EINTR) return 0;
    return std::nullopt;
}

void close_gracefully(TcpSocket socket, Deadlines& deadlines, std::chrono::milliseconds timeout) {
    if (!socket.is_open()) return;
    std::make_shared<Closing>(std::move(socket))->start(deadlines, timeout);
}

void close_abruptly(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket.close(ignored);
}

}  // namespace showrunner::engineio
