// A small blocking HTTP/1.1 client for tests: one connection a request.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::test {

struct HttpRequest {
    std::string method = "GET";
    std::string path;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpResponse {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case; the last one wins
    std::string body;
};

/// `url`: http://127.0.0.1:port. Throws std::runtime_error when there is no answer.
[[nodiscard]] HttpResponse send(std::string_view url, HttpRequest const& request);

}  // namespace showrunner::test
