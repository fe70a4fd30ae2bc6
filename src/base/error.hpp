// The one exception a handler throws when the request is over and the client can be told why.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner {

/// What went wrong, in the protocol-neutral terms of REST answers and socket acks.
enum class Code : std::uint8_t {
    malformed,
    unauthenticated,
    forbidden,
    not_found,
    method_not_allowed,
    conflict,
    version_mismatch,
    too_large,
    unsupported_media,
    invalid,
    too_many,
    internal,
    unavailable,
    timeout,
    target_too_long,
    headers_too_large,
    no_space,
    locked,
    gone,
};

struct CodeInfo {
    Code code;
    unsigned status;         ///< HTTP status
    std::string_view title;  ///< RFC 9457 title
    std::string_view token;  ///< default `code` of the problem document
};

[[nodiscard]] CodeInfo const& info(Code code);

/// One invalid field of the input: `field` is a path such as `categories[2]`.
struct FieldError {
    std::string field;
    std::string code;  ///< SCREAMING_SNAKE, stable
    std::string message;
};

class Error : public std::runtime_error {
public:
    /// `detail` is shown to the client; never put SQL, secrets or paths in it.
    Error(Code code, std::string const& detail)
        : std::runtime_error{detail}, code{code}, token{info(code).token} {}

    /// With a more specific stable token, for example `EPISODE_NUMBER_TAKEN`.
    Error(Code code, std::string_view token, std::string const& detail)
        : std::runtime_error{detail}, code{code}, token{token} {}

    Code code;
    std::string token;
    std::vector<FieldError> fields;  ///< for Code::invalid
    std::string current;             ///< JSON of the current record, for 409 and 412; may be empty
    std::string etag;                ///< its ETag, with the quotes
    unsigned retry_after_s = 0;      ///< for Code::too_many and Code::unavailable
    std::vector<std::string> allowed;  ///< moves or methods that would have been allowed
};

/// The Error that an exception is; nothing for any other exception.
[[nodiscard]] std::optional<Error> error_in(std::exception_ptr exception);

[[nodiscard]] Error invalid_field(std::string field, std::string code, std::string message);

}  // namespace showrunner
