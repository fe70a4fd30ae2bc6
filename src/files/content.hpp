// The content of a file as an answer: ranges, conditions, headers that keep a browser from running
// what users have uploaded.
#pragma once

#include "api/services.hpp"
#include "files/records.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::files {

enum class Disposition : std::uint8_t { automatic, attachment };

/// Content-Disposition by RFC 6266: an ASCII name for old clients, the real one by RFC 5987.
[[nodiscard]] std::string disposition_of(
    Disposition wanted, std::string_view media_type, std::string_view name
);

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

enum class RangeFault : std::uint8_t { none, ignored, unsatisfiable };

struct RangeOutcome {
    RangeFault fault = RangeFault::none;
    ByteRange range;
};

/// Of a Range header: one range of bytes; several, or what is no range, are ignored (RFC 9110
/// allows to).
[[nodiscard]] RangeOutcome parse_range(std::string_view header, std::uint64_t size);

/// The answer to GET and HEAD: 200, 206, 304, 412 or 416. Throws Error: conflict while the file is
/// not ready, gone when its content is.
Task<http::Response> content_response(
    api::Services& services,
    http::Request const& request,
    std::shared_ptr<Stored const> stored,
    Disposition wanted
);

/// True for an answer that gives content away, from its beginning or anywhere.
[[nodiscard]] bool is_download(http::Request const& request, http::Response const& response);

}  // namespace showrunner::files
