#include "client/admission.hpp"

#include "base/text.hpp"
#include "client/transfer.hpp"

#include <fmt/format.h>

#include <utility>

namespace showrunner::client {

Error Count::failed(Error error) {
    outcome_ = to_lower(error.token);
    return error;
}

Response Count::answered(Response response) {
    answered(response.status);
    return response;
}

void Count::answered(unsigned status) {
    outcome_ = fmt::format("{}xx", status / 100);
}

Task<std::optional<Error>> admit(
    Loop::Place& place, Request const& request, std::chrono::steady_clock::time_point began
) {
    using Entered = Loop::Place::Outcome;
    std::optional<Error> const refused = refusal_of(request);
    if (refused) co_return refused;
    auto const deadline = began + request.timeout;
    Entered const entered = co_await place.enter(deadline);
    if (entered == Entered::full) {
        co_return Error{Code::unavailable, "CLIENT_BUSY", "too many requests to other servers"};
    }
    if (entered == Entered::late || std::chrono::steady_clock::now() >= deadline) {
        co_return Error{Code::unavailable, "TIMEOUT", "the request did not get its turn in time"};
    }
    co_return std::nullopt;
}

}  // namespace showrunner::client
