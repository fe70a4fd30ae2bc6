#include "activity/feature.hpp"

namespace showrunner::activity {

Task<http::Response> list_activities_route(api::Context& context) {
    ActivityPage const page = co_await list(context, context.query<ListActivities>());
    co_return api::many(page.activities, page.pagination);
}

Task<http::Response> list_record_activities(api::Context& context) {
    auto const page_of = context.query<PageOfOne>();
    ListActivities query;
    query.resource_type = context.param("resource_type");
    query.resource_id = context.id("resource_id");
    query.limit = page_of.limit;
    query.cursor = page_of.cursor;
    // The index of episodes is by episode, that of all other records by record.
    if (query.resource_type == "episode") query.episode_id = query.resource_id;
    ActivityPage const page = co_await list(context, std::move(query));
    if (page.activities.empty() && !page_of.cursor) {
        throw Error{Code::not_found, "Nothing is known of such a record."};
    }
    co_return api::many(page.activities, page.pagination);
}

Task<http::Response> get_stats(api::Context& context) {
    Stats const counted = co_await stats(context, context.query<StatsQuery>());
    co_return api::one(counted);
}

Task<http::Response> follow_events(api::Context& context) {
    EventPage const page = co_await follow(context, context.query<FollowEvents>());
    co_return api::many(page.events, page.pagination);
}

}  // namespace showrunner::activity
