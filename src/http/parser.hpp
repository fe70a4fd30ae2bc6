// The request parser: Beast's grammar, our structs. Strict where leniency lets requests be
// smuggled.
#pragma once

#include "base/error.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::http {

class RequestParser {
public:
    explicit RequestParser(Limits const& limits);
    ~RequestParser();
    RequestParser(RequestParser const&) = delete;
    RequestParser& operator=(RequestParser const&) = delete;

    /// Begins the next request, whose head is written into `request`.
    void start(Request& request);

    /// Reads on from `bytes`, to the end of the headers first, then to the end of the body, which
    /// is appended to `body` (null discards it). Returns how many bytes are used up; the rest must
    /// be given again with what follows it.
    std::size_t put(std::string_view bytes, std::string* body);

    /// What is wrong with the request, once put() has found out.
    [[nodiscard]] std::optional<Error> const& failure() const;

    [[nodiscard]] bool header_done() const;
    [[nodiscard]] bool done() const;

    // After the headers:
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool http_1_0() const;
    [[nodiscard]] bool wants_websocket() const;
    [[nodiscard]] bool expects_continue() const;
    [[nodiscard]] bool chunked() const;
    /// Bytes of the body still to come; unknown when chunked.
    [[nodiscard]] std::uint64_t remaining() const;
    /// Bounds a chunked body.
    void limit_body(std::uint64_t bytes);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace showrunner::http
