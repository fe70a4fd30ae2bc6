// Against the signatures that AWS has published: its Signature Version 4 test suite (header form,
// and the query form that its own C library is tested with), and the worked examples of the S3
// documentation.
#include "aws/sigv4.hpp"

#include "aws/uri.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace showrunner::aws {

namespace {

using client::Headers;

Time at(char const* text) {
    return parse_time(text).value();
}

std::string header(client::Request const& request, std::string_view name) {
    std::string found;
    for (auto const& [key, value] : request.headers) {
        if (key == name) found = value;
    }
    return found;
}

std::string after(std::string_view text, std::string_view mark) {
    auto const found = text.find(mark);
    return found == std::string_view::npos ? "" : std::string{text.substr(found + mark.size())};
}

// ---------------------------------------------------------------- the test suite

Credentials const suite_credentials{
    .access_key_id = "AKIDEXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .session_token = {},
};
Scope const suite_scope{.region = "us-east-1", .service = "service"};

struct Case {
    char const* name;
    char const* method;
    char const* target;
    Headers headers;
    char const* body;
    char const* signature;
};

constexpr char const* alphabet =
    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string signature_of(Case const& each, Credentials const& credentials = suite_credentials) {
    client::Request request;
    request.method = each.method;
    request.url = std::string{"https://example.amazonaws.com"} + each.target;
    request.headers = each.headers;
    request.body = each.body;
    sign(request, credentials, suite_scope, at("2015-08-30T12:36:00Z"));
    return after(header(request, "Authorization"), "Signature=");
}

}  // namespace

// clang-format off
TEST_CASE("sigv4: the signatures of AWS's test suite") {
    std::string const path = std::string{"/"} + alphabet;
    std::string const query = std::string{"/?"} + alphabet + "=" + alphabet;
    std::vector<Case> const cases{
        {"get-header-key-duplicate", "GET", "/", {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}, "",
         "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
        {"get-header-value-order", "GET", "/", {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}}, "",
         "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
        {"get-header-value-trim", "GET", "/", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}, "",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        {"get-unreserved", "GET", path.c_str(), {}, "",
         "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
        {"get-utf8", "GET", "/\u1234", {}, "",
         "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {"get-vanilla", "GET", "/", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-vanilla-empty-query-key", "GET", "/?Param1=value1", {}, "",
         "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
        {"get-vanilla-query", "GET", "", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", {}, "",
         "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
        {"get-vanilla-query-order-key", "GET", "/?Param1=value2&Param1=Value1", {}, "",
         "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
        {"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", {}, "",
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-vanilla-query-order-value", "GET", "/?Param1=value2&Param1=value1", {}, "",
         "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
        {"get-vanilla-query-unreserved", "GET", query.c_str(), {}, "",
         "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
        {"get-vanilla-utf8-query", "GET", "/?\u1234=bar", {}, "",
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        {"get-relative", "GET", "/example/..", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-relative-relative", "GET", "/example1/example2/../..", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-slash", "GET", "//", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-slash-dot-slash", "GET", "/./", {}, "",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-slash-pointless-dot", "GET", "/./example", {}, "",
         "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
        {"get-slashes", "GET", "//example//", {}, "",
         "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
        {"get-space", "GET", "/example space/", {}, "",
         "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {"post-header-key-sort", "POST", "/", {{"My-Header1", "value1"}}, "",
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
        {"post-header-value-case", "POST", "/", {{"My-Header1", "VALUE1"}}, "",
         "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
        {"post-vanilla", "POST", "/", {}, "",
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"post-vanilla-query", "POST", "/?Param1=value1", {}, "",
         "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
        {"post-x-www-form-urlencoded", "POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}}, "Param1=value1",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
        {"post-x-www-form-urlencoded-parameters", "POST", "/", {{"Content-Type", "application/x-www-form-urlencoded; charset=utf8"}}, "Param1=value1",
         "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
    };
    for (Case const& each : cases) {
        INFO(each.name);
        CHECK(signature_of(each) == each.signature);
    }
}

TEST_CASE("sigv4: a session's token is covered") {
    Credentials credentials = suite_credentials;
    credentials.session_token =
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf"
        "KD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd"
        "8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3i"
        "SIlTJabIQwj2ICCR/oLxBA==";
    CHECK(signature_of({"post-sts-header-before", "POST", "/", {}, "", ""}, credentials) ==
          "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
    credentials.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    CHECK(signature_of({"get-vanilla-with-session-token", "GET", "/", {}, "", ""}, credentials) ==
          "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
}

TEST_CASE("sigv4: signatures in the query") {
    Credentials credentials = suite_credentials;
    auto const signature = [&](char const* target) {
        Presigned request;
        request.url = std::string{"https://example.amazonaws.com"} + target;
        request.expires = std::chrono::hours{1};
        std::string const url = presign(request, credentials, suite_scope, at("2015-08-30T12:36:00Z"));
        CHECK(url.starts_with("https://example.amazonaws.com/?"));
        return after(url, "&X-Amz-Signature=");
    };
    CHECK(signature("/") == "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d");
    CHECK(signature("/?\u1234=bar") == "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600");
    credentials.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    CHECK(signature("/") == "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c");
}

// clang-format on

// ---------------------------------------------------------------- S3's examples

namespace {

Credentials const s3_credentials{
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .session_token = {},
};
Scope const s3_scope{.region = "us-east-1", .service = "s3"};

std::string s3_signature(
    char const* method, char const* target, Headers headers, char const* body
) {
    client::Request request;
    request.method = method;
    request.url = std::string{"https://examplebucket.s3.amazonaws.com"} + target;
    request.headers = std::move(headers);
    request.body = body;
    sign(request, s3_credentials, s3_scope, at("2013-05-24T00:00:00Z"));
    return after(header(request, "Authorization"), "Signature=");
}

}  // namespace

TEST_CASE("sigv4: the examples of S3's documentation") {
    CHECK(
        s3_signature("GET", "/test.txt", {{"Range", "bytes=0-9"}}, "") ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
    Headers const headers{
        {"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}
    };
    char const* const put = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    CHECK(s3_signature("PUT", "/test%24file.text", headers, "Welcome to Amazon S3.") == put);
    CHECK(s3_signature("PUT", "/test$file.text", headers, "Welcome to Amazon S3.") == put);
    CHECK(
        s3_signature("GET", "/?lifecycle", {}, "") ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    );
    CHECK(
        s3_signature("GET", "/?prefix=J&max-keys=2", {}, "") ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    );
    Presigned request;
    request.url = "https://examplebucket.s3.amazonaws.com/test.txt";
    request.expires = std::chrono::hours{24};
    CHECK(
        presign(request, s3_credentials, s3_scope, at("2013-05-24T00:00:00Z")) ==
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

TEST_CASE("sigv4: signing again replaces the signature, and an unsigned payload is said") {
    client::Request request;
    request.method = "PUT";
    request.url = "http://127.0.0.1:9000/bucket/key";
    request.body = "one";
    sign(request, s3_credentials, s3_scope, at("2013-05-24T00:00:00Z"), Payload::unsigned_payload);
    CHECK(header(request, "X-Amz-Content-Sha256") == "UNSIGNED-PAYLOAD");
    std::string const first = header(request, "Authorization");
    request.body = "two";
    sign(request, s3_credentials, s3_scope, at("2013-05-24T00:00:00Z"), Payload::unsigned_payload);
    CHECK(header(request, "Authorization") == first);
    CHECK(request.headers.size() == 3);
    sign(request, s3_credentials, s3_scope, at("2013-05-24T00:00:01Z"));
    CHECK(header(request, "Authorization") != first);
    CHECK(request.headers.size() == 3);
}

TEST_CASE("aws: URLs and their encoding") {
    CHECK(split_url("http://127.0.0.1:4566").host == "127.0.0.1:4566");
    CHECK(split_url("http://127.0.0.1:4566").path == "/");
    CHECK(split_url("http://h:80/a").host == "h");
    CHECK(split_url("https://h:443?x").host == "h");
    CHECK(split_url("https://h:443?x").query == "x");
    CHECK(split_url("https://h:80/").host == "h:80");
    CHECK(split_url("http://[::1]:8080/a/b?c=d?#e").host == "[::1]:8080");
    CHECK(split_url("http://[::1]:8080/a/b?c=d?#e").path == "/a/b");
    CHECK(split_url("http://[::1]:8080/a/b?c=d?#e").query == "c=d?");
    CHECK(percent_encode("a b/c+\u00e9~") == "a%20b%2Fc%2B%C3%A9~");
    CHECK(percent_encode("a/b", Slash::keep) == "a/b");
    CHECK(percent_decode("a%20b%2fc+%") == "a b/c+%");
    CHECK(percent_decode("%zz%4%41") == "%zz%4A");
}

}  // namespace showrunner::aws
