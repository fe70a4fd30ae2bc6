#include "socketio/engine/responses.hpp"

#include <fmt/format.h>

namespace showrunner::engineio {

namespace {

constexpr std::string_view message_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::unknown_transport:
            return "Transport unknown";
        case Refusal::unknown_session:
            return "Session ID unknown";
        case Refusal::bad_handshake_method:
            return "Bad handshake method";
        case Refusal::bad_request:
            return "Bad request";
        case Refusal::forbidden:
            return "Forbidden";
        case Refusal::unsupported_version:
            return "Unsupported protocol version";
    }
    return "";
}

Response json_response(unsigned status, unsigned code, std::string_view message) {
    return {
        .status = status,
        .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
        .body = fmt::format(R"({{"code":{},"message":"{}"}})", code, message),
    };
}

}  // namespace

Response refuse(Refusal refusal) {
    unsigned const status = refusal == Refusal::forbidden ? 403 : 400;
    return json_response(status, static_cast<unsigned>(refusal), message_of(refusal));
}

Response refuse(unsigned status, std::string_view message) {
    return json_response(status, static_cast<unsigned>(Refusal::forbidden), message);
}

Response payload_response(std::string payload) {
    return {
        .status = 200,
        .headers = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Cache-Control", "no-store"}},
        .body = std::move(payload),
    };
}

Response ok_response() {
    // text/html, because browsers offer to download text/plain that they do not expect.
    return {
        .status = 200,
        .headers = {{"Content-Type", "text/html"}, {"Cache-Control", "no-store"}},
        .body = "ok",
    };
}

}  // namespace showrunner::engineio
