// Errors as clients see them: RFC 9457 problem documents.
#pragma once

#include "base/error.hpp"
#include "http/message.hpp"

#include <exception>
#include <string_view>

namespace showrunner::api {

[[nodiscard]] http::Response problem(Error const& error, std::string_view request_id);

/// Any exception of a handler: an Error as it is, everything else as a flat 500 (or 503 when the
/// database is away) whose reason is only in the log. Cancellation is thrown on.
[[nodiscard]] http::Response problem(std::exception_ptr error, http::Request const& request);

}  // namespace showrunner::api
