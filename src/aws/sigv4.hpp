// AWS Signature Version 4, for any service: in the headers of a request, or in a URL that somebody
// else may use for a while. S3 has rules of its own (the path is encoded once and not normalised,
// the payload's hash is a header); they follow from the service `s3`.
#pragma once

#include "aws/credentials.hpp"
#include "base/clock.hpp"
#include "client/message.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace showrunner::aws {

/// What a signature is good for.
struct Scope {
    std::string region;
    std::string service;  ///< "s3", "sqs"
};

/// Whether the signature covers the body. S3 takes one that does not; over plain HTTP, don't.
enum class Payload : std::uint8_t { covered, unsigned_payload };

/// Adds X-Amz-Date, X-Amz-Security-Token (with a session), X-Amz-Content-Sha256 (for S3) and
/// Authorization to `request`, whose headers are all covered. Its URL is percent-encoded already; a
/// space in the query is %20. Nothing of it may be changed afterwards.
void sign(
    client::Request& request,
    Credentials const& credentials,
    Scope const& scope,
    Time now,
    Payload payload = Payload::covered
);

/// The same for who knows the SHA-256 (in hex) of the body already.
void sign_hashed(
    client::Request& request,
    Credentials const& credentials,
    Scope const& scope,
    Time now,
    std::string_view body_sha256
);

/// A request that somebody else will make.
struct Presigned {
    std::string method = "GET";
    std::string url;
    client::Headers headers;            ///< which they have to send as they are here
    std::chrono::seconds expires{900};  ///< from now; AWS allows 7 days
};

/// Its URL, with the signature in the query. It does not cover a body.
[[nodiscard]] std::string presign(
    Presigned const& request, Credentials const& credentials, Scope const& scope, Time now
);

}  // namespace showrunner::aws
