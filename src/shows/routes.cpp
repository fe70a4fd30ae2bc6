#include "shows/feature.hpp"

namespace showrunner::shows {

Task<http::Response> list_all(api::Context& context) {
    std::vector<Show> const shows = co_await list(context);
    co_return api::all(shows);
}

Task<http::Response> get_one(api::Context& context) {
    auto const show = co_await find(context, context.id());
    if (!show) throw Error{Code::not_found, "There is no such show."};
    co_return api::record(*show);
}

Task<http::Response> create_one(api::Context& context) {
    Show const show = co_await create(context, context.body<CreateShow>());
    co_return api::record(show, 201);
}

}  // namespace showrunner::shows
