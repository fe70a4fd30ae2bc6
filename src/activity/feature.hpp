// The activity feature: everything declarative.
#pragma once

#include "activity/activity.hpp"
#include "api/route.hpp"
#include "db/failure.hpp"

#include <boost/mp11.hpp>

namespace showrunner::activity {

Task<http::Response> list_activities_route(api::Context& context);
Task<http::Response> list_record_activities(api::Context& context);
Task<http::Response> get_stats(api::Context& context);
Task<http::Response> follow_events(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "activity";
    using Events = boost::mp11::mp_list<>;
    static constexpr std::span<db::ConstraintMeaning const> constraints{};
    static constexpr std::array consumers{events::ConsumerSpec{"activity", count_daily}};

    static constexpr api::Type activity = api::type<Activity>("Activity");

    static constexpr std::array routes{
        api::Route{get, "/api/v1/activities", "listActivities", "What happened, newest first", viewer,
                   list_activities_route, many, activity, Body::none, {},
                   api::parameters_of<ListActivities>},
        api::Route{get, "/api/v1/activities/stats", "getActivityStats",
                   "How many events of each type, from the daily counts", viewer, get_stats, one,
                   api::type<Stats>("ActivityStats"), Body::none, {}, api::parameters_of<StatsQuery>},
        api::Route{get, "/api/v1/activities/{resource_type}/{resource_id}", "listRecordActivities",
                   "What happened to one record, newest first", viewer, list_record_activities, many,
                   activity, Body::none, {}, api::parameters_of<PageOfOne>},
        api::Route{get, "/api/v1/events", "followEvents",
                   "The ledger in stream order, as a socket would get it", viewer, follow_events, many,
                   api::type<LedgerEvent>("LedgerEvent"), Body::none, {},
                   api::parameters_of<FollowEvents>},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::activity
