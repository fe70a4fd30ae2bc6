// Which web pages may talk to the server. Browsers do not apply CORS to WebSockets, and a polling
// session needs no preflight once its id is known, so the check is the server's own.
#pragma once

#include "socketio/engine/request.hpp"

#include <string>
#include <vector>

namespace showrunner::engineio {

class Origins {
public:
    explicit Origins(std::vector<std::string> allowed) : allowed_{std::move(allowed)} {}

    /// No Origin (not a browser), the server's own, or one of the list.
    [[nodiscard]] bool allows(Request const& request) const;

    /// Adds what lets a page of an allowed origin read the response.
    void add_headers(Request const& request, Response& response) const;

    /// The answer to an OPTIONS request.
    [[nodiscard]] Response preflight(Request const& request) const;

private:
    [[nodiscard]] bool lists(std::string_view origin) const;

    std::vector<std::string> allowed_;
};

}  // namespace showrunner::engineio
