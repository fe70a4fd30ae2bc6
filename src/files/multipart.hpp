// multipart/form-data (RFC 7578) as it arrives: one part after the other, the memory bounded by a
// chunk.
#pragma once

#include "base/task.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::files {

struct Part {
    std::string name;
    std::optional<std::string> file_name;  ///< a part without one is a plain field
    std::string media_type;
};

class Multipart {
public:
    /// `content_type` of the request. Throws Error{Code::malformed} without a boundary.
    Multipart(http::BodyReader& source, std::string_view content_type);

    /// The next part, after the rest of the one before; nothing at the end. Throws
    /// Error{Code::malformed} for what is no multipart body, or ends early.
    Task<std::optional<Part>> next();

    /// The next bytes of the part; false at its end.
    Task<bool> read(std::string& chunk);

    /// A short field as a whole. Throws Error{Code::malformed} beyond `bytes_max`.
    Task<std::string> read_field(std::size_t bytes_max);

private:
    Task<> fill();

    static constexpr std::size_t head_bytes_max = std::size_t{16} * 1024;

    http::BodyReader& source_;
    std::string delimiter_;  ///< CRLF, two dashes, the boundary
    std::string buffer_;
    std::string chunk_;
    bool begun_ = false;
    bool in_part_ = false;
    bool over_ = false;
};

/// A parameter of a header's value, `boundary` of `multipart/form-data; boundary="x"`.
[[nodiscard]] std::optional<std::string> parameter_of(
    std::string_view value, std::string_view name
);

}  // namespace showrunner::files
