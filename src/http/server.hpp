// The HTTP/1.1 server: connections, limits, deadlines, compression, drain. Knows no routes.
#pragma once

#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "http/message.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace showrunner::http {

/// Each limit that is hit counts in showrunner_http_limit_hits_total{limit=…}.
struct Limits {
    unsigned connections = 20'000;                   ///< beyond: 503 and close
    unsigned requests_in_flight = 4096;              ///< beyond: 503 with Retry-After
    std::uint32_t header_bytes = 16 * 1024;          ///< beyond: 431
    std::uint64_t target_bytes = 8192;               ///< beyond: 414
    std::uint64_t body_memory_bytes = 512ULL << 20;  ///< of all buffered bodies; beyond: 503
    /// From the first byte to the end of the headers; beyond: 408.
    std::chrono::milliseconds header_timeout{10'000};
    /// Without a byte of progress, or at less than 1 KiB/s when it lasts longer; beyond: 408.
    std::chrono::milliseconds body_timeout{30'000};
    /// Keep-alive; beyond: closed without a word.
    std::chrono::milliseconds idle_timeout{75'000};
    /// As body_timeout, for the reader of the answer; beyond: closed.
    std::chrono::milliseconds write_timeout{30'000};
    /// Deadlines are looked at this often: one is met up to two intervals late, never early.
    std::chrono::milliseconds sweep_interval{100};
    std::uint64_t compress_from_bytes = 1024;
};

/// What the connection must know before it reads the body of a request.
struct Plan {
    std::uint64_t body_limit = std::uint64_t{1024} * 1024;  ///< beyond: 413
    bool stream_body = false;
    /// For the handler; stands still while it waits for a streamed body. 0 = none: a long poll,
    /// whose client is watched from the start rather than from the first sweep on.
    std::chrono::milliseconds deadline{30'000};
};

/// A connection that asked for `Upgrade: websocket`, handed over whole: non-blocking, with
/// TCP_NODELAY, no operation outstanding. It counts towards no limit of this server any more.
struct Upgrade {
    boost::asio::ip::tcp::socket socket;
    std::string buffered;  ///< bytes read after the request's headers
};

/// What the server serves. One instance, on the event loop's thread.
class Application {
public:
    Application() = default;
    Application(Application const&) = delete;
    Application& operator=(Application const&) = delete;
    virtual ~Application() = default;

    /// Headers are complete, the body is not read. May throw Error to refuse early (401, 404, 413).
    virtual Plan plan(Request const& request) = 0;

    /// Answers. Never throws but on cancellation: the client went away, the deadline passed or the
    /// server stops. (The guard in api/ turns errors into problem documents.)
    virtual Task<Response> serve(Request& request) = 0;

    /// Turns an Error thrown by plan(), or one of the connection's own (408, 413, 414, 431, 503),
    /// into the answer that this application gives.
    virtual Response refuse(Request const& request, Error const& error) = 0;

    /// Asked for every upgrade request; true when taken over (the socket has been moved away), else
    /// the request is served as an ordinary one.
    virtual bool upgrade(Request& request, Upgrade& upgrade) = 0;
};

class Server {
public:
    /// `application` and `registry` outlive the handlers under way: drain() first, or destroy the
    /// event loop before them.
    Server(
        asio::any_io_executor executor,
        Application& application,
        Limits limits,
        metrics::Registry& registry
    );
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    /// Binds and starts to accept; `host:port`, `[v6]:port`, port 0 picks a free one. Throws
    /// std::runtime_error with a sentence for the operator. The bound address is returned.
    boost::asio::ip::tcp::endpoint listen(std::string const& address);

    /// Addresses or networks (CIDR) whose X-Forwarded-For and -Proto are believed.
    void trust_proxies(std::vector<std::string> const& networks);

    /// Stops accepting, lets requests under way finish (Connection: close), then closes what is
    /// left after `deadline`.
    Task<> drain(std::chrono::milliseconds deadline);

    /// Ends the waiting of drain(), begun or to come.
    void hurry();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace showrunner::http
