// Why a session ended, in the words of the official server.
#pragma once

#include <cstdint>
#include <string_view>

namespace showrunner::engineio {

enum class CloseReason : std::uint8_t {
    transport_close,  ///< the client, or the network, closed it
    transport_error,
    ping_timeout,
    parse_error,
    overlap,       ///< two polls, or two posts, at once
    forced_close,  ///< the application closed it
    shutting_down,
    slow_reader,  ///< Options::queue_bytes
    too_fast,     ///< Options::messages_per_second
};

[[nodiscard]] constexpr std::string_view name_of(CloseReason reason) {
    switch (reason) {
        case CloseReason::transport_close:
            return "transport close";
        case CloseReason::transport_error:
            return "transport error";
        case CloseReason::ping_timeout:
            return "ping timeout";
        case CloseReason::parse_error:
            return "parse error";
        case CloseReason::overlap:
            return "overlapping requests";
        case CloseReason::forced_close:
            return "forced close";
        case CloseReason::shutting_down:
            return "server shutting down";
        case CloseReason::slow_reader:
            return "slow reader";
        case CloseReason::too_fast:
            return "too many messages";
    }
    return "unknown";
}

}  // namespace showrunner::engineio
