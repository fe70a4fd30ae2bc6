// What is asked of another server, and what it answers.
#pragma once

#include "client/address.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::client {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "GET";
    std::string url;  ///< http or https, percent-encoded; the path is sent as it is
    Headers headers;
    std::string body;
    std::shared_ptr<std::string const> shared_body = {};  ///< instead: large, or sent repeatedly
    std::chrono::milliseconds timeout{10'000};  ///< from send() to the last byte of the answer
    std::chrono::milliseconds connect_timeout{3'000};  ///< resolve, connect, TLS
    std::size_t response_bytes_max = 1'048'576;        ///< of the body
    /// Redirects that are followed. Headers go along, but for Authorization and Cookie to another
    /// host; `allow` is asked again.
    unsigned redirects_max = 0;
    AddressFilter allow = is_public;

    [[nodiscard]] std::string const& content() const { return shared_body ? *shared_body : body; }
};

struct Response {
    unsigned status = 0;
    Headers headers;  ///< names in lower case
    std::string body;

    /// The first header of this (lower-case) name; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace showrunner::client
