#include "client/http.hpp"

#include "client/admission.hpp"
#include "client/download.hpp"
#include "client/loop.hpp"
#include "client/transfer.hpp"

#include <algorithm>
#include <utility>

namespace showrunner::client {

namespace {

using Result = std::variant<Response, Error>;

Task<Result> run(std::shared_ptr<Loop> loop, Request request) {
    Count count{loop};
    Loop::Place place{loop};
    std::optional<Error> const refused = co_await admit(place, request, count.began);
    if (refused) co_return count.failed(*refused);
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(
        count.began + request.timeout - std::chrono::steady_clock::now()
    );
    Transfer transfer{loop, std::move(request), std::max(left, std::chrono::milliseconds{1})};
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

Task<std::variant<std::shared_ptr<Download>, Error>> Http::open(Request request) {
    return Download::open(loop_, std::move(request));
}

}  // namespace showrunner::client
