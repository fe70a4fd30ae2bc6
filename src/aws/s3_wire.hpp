// S3's protocol as text: URLs, the XML of calls and answers, and what refusals mean. XML is read
// with pugixml, which expands no entities but XML's own five and resolves nothing: an answer can be
// wrong, but not harmful.
#pragma once

#include "aws/s3.hpp"
#include "client/message.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::aws::s3_wire {

/// Of an object; of the bucket with an empty key.
[[nodiscard]] std::string url_of(S3Options const& options, std::string_view key);

/// As the header x-amz-copy-source wants it.
[[nodiscard]] std::string copy_source(S3Options const& options, std::string_view key);

/// The base64 of a hash that is hex; empty when it is none. And the other way.
[[nodiscard]] std::string base64_of_hex(std::string_view hex);
[[nodiscard]] std::string hex_of_base64(std::string_view base64);

/// A request that is refused: what it means, and whether it is worth another attempt.
struct Refusal {
    Error error;
    bool again = false;
};

/// Nothing for a failure in the body of a 200 that isn't one.
[[nodiscard]] std::optional<Refusal> refusal_of(client::Response const& response);
[[nodiscard]] Refusal refusal_of(unsigned status, std::string_view body);
[[nodiscard]] Refusal refusal_of(Error const& failure);

[[nodiscard]] std::string complete_upload(std::span<S3Part const> parts);

/// The headers of an answer to HEAD.
[[nodiscard]] S3Object object_of(client::Response const& response, std::string key);

// These throw Error{Code::unavailable, "S3_FAILED"} for what makes no sense.
[[nodiscard]] S3Listing listing_of(std::string_view xml);
[[nodiscard]] std::string upload_id_of(std::string_view xml);
[[nodiscard]] std::string copied_etag_of(std::string_view xml);
[[nodiscard]] S3Uploads uploads_of(std::string_view xml);

struct PartsPage {
    std::vector<S3Part> parts;
    bool more = false;
};

[[nodiscard]] PartsPage parts_of(std::string_view xml);

}  // namespace showrunner::aws::s3_wire
