// The answers that Engine.IO gives over HTTP.
#pragma once

#include "socketio/engine/request.hpp"

#include <cstdint>
#include <string>

namespace showrunner::engineio {

/// The protocol's numbers; they are the `code` of the JSON answer.
enum class Refusal : std::uint8_t {
    unknown_transport = 0,
    unknown_session = 1,
    bad_handshake_method = 2,
    bad_request = 3,
    forbidden = 4,
    unsupported_version = 5,
};

[[nodiscard]] Response refuse(Refusal refusal);

/// As Refusal::forbidden, with a status and a sentence of its own.
[[nodiscard]] Response refuse(unsigned status, std::string_view message);

[[nodiscard]] Response payload_response(std::string payload);

/// The answer to a POST.
[[nodiscard]] Response ok_response();

}  // namespace showrunner::engineio
