// Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload): creation,
// creation-with-upload, termination, expiration and checksum. An upload's id is its file's.
#pragma once

#include "api/context.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::files {

Task<http::Response> describe_tus(api::Context& context);
Task<http::Response> create_upload(api::Context& context);
Task<http::Response> head_upload(api::Context& context);
Task<http::Response> patch_upload(api::Context& context);
Task<http::Response> delete_upload(api::Context& context);

using UploadMetadata = std::map<std::string, std::string, std::less<>>;

/// `filename d29ybGQ=,is_final`: keys and base64. Nothing for what is not.
[[nodiscard]] std::optional<UploadMetadata> parse_metadata(std::string_view header);

/// Base64 with its padding; nothing for what is not.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace showrunner::files
