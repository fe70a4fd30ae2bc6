// The answer's way to the client: from memory, from a source, or from a file by the kernel.
#include "base/log.hpp"
#include "http/connection.hpp"

#include <boost/asio/this_coro.hpp>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace showrunner::http {

namespace {

/// A reader slower than this is given up on, once the time-out has passed.
constexpr std::uint64_t write_bytes_per_second_min = 1024;

constexpr std::chrono::milliseconds stop_write_timeout{1000};

/// Of a file at once: the rest of the loop has its turn in between.
constexpr std::uint64_t file_piece_bytes = std::uint64_t{1} << 20U;

/// While it lives, the kernel fills segments. Without, the end of every 64 KiB that sendfile moves
/// goes out as a small segment of its own: half the speed to a reader on the same machine.
class Cork {
public:
    explicit Cork(int socket) : socket_{socket} { set(1); }

    ~Cork() { set(0); }

    Cork(Cork const&) = delete;
    Cork& operator=(Cork const&) = delete;

private:
    void set(int on) const { ::setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

    int socket_;
};

}  // namespace

std::chrono::milliseconds Connection::write_limit() const {
    return stop_ == Stop::server_stops ? stop_write_timeout : context_->limits.write_timeout;
}

std::chrono::milliseconds Connection::write_allowance(
    std::chrono::steady_clock::time_point started, std::uint64_t written
) const {
    using namespace std::chrono;
    return write_limit() + seconds{written / write_bytes_per_second_min} -
           duration_cast<milliseconds>(context_->now - started);
}

Task<bool> Connection::write(std::string_view body) {
    std::array<asio::const_buffer, 2> parts{asio::buffer(out_), asio::buffer(body)};
    auto const started = context_->now;
    std::uint64_t written = 0;
    std::uint64_t const total = out_.size() + body.size();
    for (;;) {
        auto const allowance = write_allowance(started, written);
        if (allowance.count() <= 0) co_return false;
        enter(Phase::write, std::min(write_limit(), allowance));
        auto const [failed, n] = co_await socket_.async_write_some(parts, as_result);
        context_->meters.sent_bytes.add(n);
        written += n;
        if (written == total) co_return true;
        if (failed) co_return false;
        for (std::size_t rest = n; auto& part : parts) {
            std::size_t const cut = std::min(rest, part.size());
            part += cut;
            rest -= cut;
        }
    }
}

Task<bool> Connection::send(std::shared_ptr<BodySource> source, std::uint64_t bytes) {
    out_.clear();
    enter(Phase::write, write_limit());
    bool whole = false;
    try {
        auto const span = source->file();
        if (span) {
            whole = co_await send_file(*source, *span, bytes);
        } else {
            whole = co_await send_from(*source, bytes);
        }
    } catch (std::exception const& e) {
        log::error("body_failed", {{"request_id", request_.request_id}, {"error", e.what()}});
    }
    co_return whole;
}

Task<bool> Connection::send_from(BodySource& source, std::uint64_t bytes) {
    std::string chunk;
    std::uint64_t sent = 0;
    for (;;) {
        bool const more = co_await source.read(chunk);
        if (!more) break;
        sent += chunk.size();
        if (sent > bytes) break;
        if (chunk.empty()) continue;
        bool const written = co_await write(chunk);
        if (!written) co_return false;
    }
    co_return sent == bytes;
}

Task<bool> Connection::send_file(BodySource& source, FileSpan span, std::uint64_t bytes) {
    sending_since_ = context_->now;
    Cork const cork{socket_.native_handle()};
    for (std::uint64_t sent = 0; sent < bytes;) {
        std::uint64_t const piece = std::min(bytes - sent, file_piece_bytes);
        FileSpan const part{span.fd, span.offset + sent};
        enter(Phase::write, write_limit());
        co_await source.warm(part.offset, piece);
        bool const written = co_await send_piece(part, static_cast<std::size_t>(piece), sent);
        if (!written) co_return false;
        sent += piece;
        // A reader on this machine may keep up with us, and nobody else would have a turn.
        if (sent < bytes) {
            auto const executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::use_awaitable);
        }
    }
    co_return true;
}

Task<bool> Connection::send_piece(FileSpan span, std::size_t bytes, std::uint64_t sent_before) {
    auto offset = static_cast<off_t>(span.offset);
    std::size_t sent = 0;
    while (sent < bytes) {
        ssize_t const n = ::sendfile(socket_.native_handle(), span.fd, &offset, bytes - sent);
        if (n > 0) {
            sent += static_cast<std::size_t>(n);
            context_->meters.sent_bytes.add(static_cast<std::uint64_t>(n));
            continue;
        }
        if (n == 0) co_return false;  // The file has become shorter.
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return false;
        auto const allowance = write_allowance(sending_since_, sent_before + sent);
        if (allowance.count() <= 0) co_return false;
        enter(Phase::write, std::min(write_limit(), allowance));
        auto const [failed] = co_await socket_.async_wait(Socket::wait_write, as_result);
        if (failed) co_return false;
    }
    co_return true;
}

}  // namespace showrunner::http
