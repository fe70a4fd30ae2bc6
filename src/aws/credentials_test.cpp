#include "aws/credentials.hpp"

#include "base/error.hpp"

#include <doctest/doctest.h>

#include <map>

namespace showrunner::aws {

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

Environment read(Variables const& variables) {
    return read_environment([&](std::string_view name) -> std::optional<std::string> {
        auto const found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

}  // namespace

TEST_CASE("aws: nothing is set") {
    Environment const found = read({});
    CHECK_FALSE(found.credentials);
    CHECK(found.region.empty());
    CHECK(found.sqs_endpoint.empty());
    CHECK(found.s3_endpoint.empty());
}

TEST_CASE("aws: a region has its endpoints") {
    Environment const found = read({
        {"AWS_ACCESS_KEY_ID", "AKID"},
        {"AWS_SECRET_ACCESS_KEY", "secret"},
        {"AWS_SESSION_TOKEN", "token"},
        {"AWS_DEFAULT_REGION", "eu-west-1"},
    });
    REQUIRE(found.credentials);
    CHECK(found.credentials->access_key_id == "AKID");
    CHECK(found.credentials->secret_access_key == "secret");
    CHECK(found.credentials->session_token == "token");
    CHECK(found.region == "eu-west-1");
    CHECK(found.sqs_endpoint == "https://sqs.eu-west-1.amazonaws.com");
    CHECK(found.s3_endpoint == "https://s3.eu-west-1.amazonaws.com");
    CHECK(
        read({{"AWS_REGION", "cn-north-1"}, {"AWS_DEFAULT_REGION", "x"}}).sqs_endpoint ==
        "https://sqs.cn-north-1.amazonaws.com.cn"
    );
}

TEST_CASE("aws: an endpoint of one's own") {
    Environment const found = read({
        {"AWS_ENDPOINT_URL", "http://127.0.0.1:4566/"},
        {"AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9324"},
    });
    CHECK(found.region == "us-east-1");
    CHECK(found.sqs_endpoint == "http://127.0.0.1:9324");
    CHECK(found.s3_endpoint == "http://127.0.0.1:4566");
}

TEST_CASE("aws: what is wrong with the variables is said, and the secret is not") {
    CHECK_THROWS_AS(read({{"AWS_ACCESS_KEY_ID", "AKID"}}), Error);
    CHECK_THROWS_AS(read({{"AWS_SECRET_ACCESS_KEY", "secret"}}), Error);
    CHECK_THROWS_AS(read({{"AWS_ENDPOINT_URL", "127.0.0.1:4566"}}), Error);
}

TEST_CASE("aws: an empty variable is not set") {
    CHECK_FALSE(read({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}).credentials);
    CHECK(variable("SHOWRUNNER_NO_SUCH_VARIABLE") == std::nullopt);
    CHECK(variable("PATH").has_value());
}

}  // namespace showrunner::aws
