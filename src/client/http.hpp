// An HTTP/1.1 client on the event loop: libcurl's multi interface, driven by Asio's readiness and
// timers. Connections are kept and used again. No thread of ours; libcurl resolves names on one of
// its own.
#pragma once

#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "client/message.hpp"

#include <cstddef>
#include <memory>
#include <variant>

namespace showrunner::client {

inline constexpr metrics::Spec requests_spec{
    .name = "showrunner_client_requests_total",
    .kind = metrics::Kind::counter,
    .help = "Requests to other servers by outcome: the class of the status, or what went wrong.",
    .label = "outcome",
};

inline constexpr metrics::Spec seconds_spec{
    .name = "showrunner_client_request_seconds",
    .kind = metrics::Kind::histogram,
    .help = "Time from asking another server to the end of its answer, with the wait for a turn.",
};

struct Limits {
    std::size_t active_max = 64;    ///< requests under way
    std::size_t waiting_max = 256;  ///< requests that wait for their turn
    std::size_t idle_max = 32;      ///< connections kept beyond those
};

class Download;
class Loop;

class Http {
public:
    /// `registry` and the event loop outlive it.
    Http(asio::any_io_executor executor, metrics::Registry& registry, Limits limits = {});

    /// Requests under way end as cancelled.
    ~Http();

    Http(Http const&) = delete;
    Http& operator=(Http const&) = delete;

    /// The answer, whatever its status. Throws Error{Code::unavailable} with the token
    ///   TIMEOUT, CONNECT_FAILED, NAME_UNRESOLVED, TLS_FAILED, CONNECTION_LOST, TOO_LARGE,
    ///   TOO_MANY_REDIRECTS, ADDRESS_FORBIDDEN, CLIENT_BUSY or REQUEST_FAILED,
    /// or Error{Code::invalid} with URL_INVALID or REQUEST_INVALID before anything is sent.
    ///
    /// Cancelling the awaiting coroutine closes the connection and throws operation_aborted. A
    /// request on a kept connection that turns out to be dead is sent again on a new one: the
    /// other side may see any request twice.
    [[nodiscard]] Task<Response> send(Request request);

    /// The same for whoever branches on the failure: it comes back as a value.
    [[nodiscard]] Task<std::variant<Response, Error>> attempt(Request request);

    /// For an answer too large to be held: when its headers have come. A failure up to there comes
    /// back as a value. `response_bytes_max` does not apply, and `timeout` is for the headers and
    /// then for each piece.
    [[nodiscard]] Task<std::variant<std::shared_ptr<Download>, Error>> open(Request request);

private:
    // Coroutines that are cancelled or destroyed after this object refer to it until their end.
    std::shared_ptr<Loop> loop_;
};

}  // namespace showrunner::client
