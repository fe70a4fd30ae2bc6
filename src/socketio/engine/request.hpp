// What the library needs to know of an HTTP request, and what it answers. Whoever serves HTTP
// translates; nothing here depends on how that is done.
#pragma once

#include "base/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::engineio {

enum class Transport : std::uint8_t { polling, websocket };

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Head of a request; `query` and `headers` stay with a session as its handshake.
struct Request {
    std::string method = "GET";
    Fields query;    ///< decoded, in order
    Fields headers;  ///< names compare without case
    std::string remote_address;
    bool secure = false;  ///< came by https

    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
    [[nodiscard]] std::string_view header(std::string_view name) const;  ///< first, or empty
};

/// The body of a POST, read when the session is known to take it.
class Body {
public:
    Body() = default;
    Body(Body const&) = delete;
    Body& operator=(Body const&) = delete;
    virtual ~Body() = default;

    /// The whole body. May throw when it is too large or the client goes away.
    virtual Task<std::string> read() = 0;
};

struct Response {
    unsigned status = 200;
    Fields headers;
    std::string body;
};

/// Compares names of headers, and tokens in them.
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b);

}  // namespace showrunner::engineio
