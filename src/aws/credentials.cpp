#include "aws/credentials.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace showrunner::aws {

namespace {

std::string first_of(Lookup const& lookup, std::initializer_list<std::string_view> names) {
    for (std::string_view const name : names) {
        std::string value = lookup(name).value_or("");
        if (!value.empty()) return value;
    }
    return {};
}

std::string endpoint(Lookup const& lookup, std::string_view variable) {
    std::string url = first_of(lookup, {variable, "AWS_ENDPOINT_URL"});
    while (url.ends_with('/')) url.pop_back();
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
        throw invalid_field(
            std::string{variable}, "AWS_ENDPOINT_INVALID", "must be an http or https URL"
        );
    }
    return url;
}

std::string public_endpoint(std::string_view service, std::string_view region) {
    if (region.empty()) return {};
    std::string_view const domain =
        region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return fmt::format("https://{}.{}.{}", service, region, domain);
}

}  // namespace

Environment read_environment(Lookup const& lookup) {
    Environment found;
    Credentials credentials;
    credentials.access_key_id = first_of(lookup, {"AWS_ACCESS_KEY_ID"});
    credentials.secret_access_key = first_of(lookup, {"AWS_SECRET_ACCESS_KEY"});
    credentials.session_token = first_of(lookup, {"AWS_SESSION_TOKEN"});
    if (credentials.access_key_id.empty() != credentials.secret_access_key.empty()) {
        throw invalid_field(
            credentials.access_key_id.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
            "AWS_CREDENTIALS_INCOMPLETE",
            "is missing; the two come together"
        );
    }
    if (!credentials.access_key_id.empty()) found.credentials = std::move(credentials);
    found.region = first_of(lookup, {"AWS_REGION", "AWS_DEFAULT_REGION"});
    found.sqs_endpoint = endpoint(lookup, "AWS_ENDPOINT_URL_SQS");
    found.s3_endpoint = endpoint(lookup, "AWS_ENDPOINT_URL_S3");
    bool const elsewhere = !found.sqs_endpoint.empty() || !found.s3_endpoint.empty();
    if (found.region.empty() && elsewhere) found.region = "us-east-1";
    if (found.sqs_endpoint.empty()) found.sqs_endpoint = public_endpoint("sqs", found.region);
    if (found.s3_endpoint.empty()) found.s3_endpoint = public_endpoint("s3", found.region);
    return found;
}

std::optional<std::string> variable(std::string_view name) {
    char const* const value = std::getenv(std::string{name}.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

}  // namespace showrunner::aws
