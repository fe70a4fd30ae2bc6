#include "socketio/engine/handshake.hpp"

#include "socketio/engine/base64.hpp"

#include <boost/uuid/detail/sha1.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace showrunner::engineio {

namespace {

constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// True when the comma-separated `list` has `token`.
bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        std::size_t const comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (equal_without_case(item, token)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 403:
            return "Forbidden";
        case 429:
            return "Too Many Requests";
        case 503:
            return "Service Unavailable";
        default:
            return "Bad Request";
    }
}

}  // namespace

std::string accept_key(std::string_view key) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(key.data(), key.size());
    hash.process_bytes(key_suffix.data(), key_suffix.size());
    boost::uuids::detail::sha1::digest_type words{};
    hash.get_digest(words);
    std::string digest;
    for (std::uint32_t const word : words) {
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            digest += static_cast<char>(word >> (shift - 8) & 0xffU);
        }
    }
    std::string text;
    append_base64(text, digest);
    return text;
}

bool is_websocket_handshake(Request const& request) {
    return request.method == "GET" && has_token(request.header("Connection"), "upgrade") &&
           has_token(request.header("Upgrade"), "websocket") &&
           request.header("Sec-WebSocket-Version") == "13" &&
           request.header("Sec-WebSocket-Key").size() == 24;
}

std::string switching_protocols(Request const& request) {
    return fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(request.header("Sec-WebSocket-Key"))
    );
}

std::string refused_upgrade(Response const& response) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        response.status,
        reason_phrase(response.status),
        response.body.size(),
        response.body
    );
}

}  // namespace showrunner::engineio
