#include "client/http.hpp"

#include "base/text.hpp"
#include "client/loop.hpp"
#include "client/transfer.hpp"

#include <fmt/format.h>

#include <utility>

namespace showrunner::client {

namespace {

using Result = std::variant<Response, Error>;

/// Counts a request when it ends; as cancelled when nothing else is said.
class Count {
public:
    explicit Count(std::shared_ptr<Loop> loop) : loop_{std::move(loop)} {}

    ~Count() { loop_->count(outcome_, began); }

    Count(Count const&) = delete;
    Count& operator=(Count const&) = delete;

    Result failed(Error error) {
        outcome_ = to_lower(error.token);
        return error;
    }

    Result answered(Response response) {
        outcome_ = fmt::format("{}xx", response.status / 100);
        return response;
    }

    std::chrono::steady_clock::time_point const began = std::chrono::steady_clock::now();

private:
    std::shared_ptr<Loop> loop_;
    std::string outcome_ = "cancelled";
};

Task<Result> run(std::shared_ptr<Loop> loop, Request request) {
    using Entered = Loop::Place::Outcome;
    using std::chrono::milliseconds;
    Count count{loop};
    std::optional<Error> const refused = refusal_of(request);
    if (refused) co_return count.failed(*refused);

    auto const deadline = count.began + request.timeout;
    Loop::Place place{loop};
    Entered const entered = co_await place.enter(deadline);
    if (entered == Entered::full) {
        co_return count.failed(
            {Code::unavailable, "CLIENT_BUSY", "too many requests to other servers"}
        );
    }
    auto const left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (entered == Entered::late || left <= milliseconds{0}) {
        co_return count.failed(
            {Code::unavailable, "TIMEOUT", "the request did not get its turn in time"}
        );
    }
    Transfer transfer{loop, std::move(request), left};
    asio::steady_timer& done = transfer.start();
    co_await done.async_wait(as_result);
    std::optional<Error> const failure = transfer.failure();
    if (failure) co_return count.failed(*failure);
    co_return count.answered(transfer.take());
}

Task<Response> run_or_throw(std::shared_ptr<Loop> loop, Request request) {
    Result result = co_await run(std::move(loop), std::move(request));
    if (Error const* const failure = std::get_if<Error>(&result)) throw Error{*failure};
    co_return std::get<Response>(std::move(result));
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

Http::Http(asio::any_io_executor executor, metrics::Registry& registry, Limits limits)
    : loop_{std::make_shared<Loop>(std::move(executor), registry, limits)} {}

Http::~Http() {
    loop_->close();
}

Task<Response> Http::send(Request request) {
    return run_or_throw(loop_, std::move(request));
}

Task<std::variant<Response, Error>> Http::attempt(Request request) {
    return run(loop_, std::move(request));
}

}  // namespace showrunner::client
