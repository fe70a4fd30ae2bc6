// Who we are to AWS, or to a service that speaks its protocols: from the variables that its own
// tools read. Nothing here has a text form: a secret is not logged by accident.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::aws {

struct Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  ///< empty for long-lived keys
};

struct Environment {
    std::optional<Credentials> credentials;
    std::string region;        ///< empty when it is not set
    std::string sqs_endpoint;  ///< a URL without a path; empty without a region and a variable
    std::string s3_endpoint;
};

/// The value of a variable; nothing, or empty, when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or
/// AWS_DEFAULT_REGION, and AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. An
/// endpoint without a region is in us-east-1, as others that speak the protocols take it. Throws
/// Error{Code::invalid} for half a pair of keys, or an endpoint that is no http or https URL.
[[nodiscard]] Environment read_environment(Lookup const& lookup);

/// The process's own environment.
[[nodiscard]] std::optional<std::string> variable(std::string_view name);

}  // namespace showrunner::aws
