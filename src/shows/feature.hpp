// The shows feature: everything declarative.
#pragma once

#include "api/route.hpp"
#include "db/failure.hpp"
#include "shows/events.hpp"
#include "shows/shows.hpp"

namespace showrunner::shows {

Task<http::Response> list_all(api::Context& context);
Task<http::Response> get_one(api::Context& context);
Task<http::Response> create_one(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "shows";
    using Events = shows::Events;

    static constexpr std::array constraint_list{
        db::ConstraintMeaning{
            "shows_slug_key", Code::conflict, "SLUG_TAKEN", "Another show has this slug.", "slug"
        },
        db::ConstraintMeaning{
            "shows_name_key",
            Code::conflict,
            "SHOW_NAME_TAKEN",
            "Another show has this name.",
            "name"
        },
    };
    static constexpr std::span<db::ConstraintMeaning const> constraints = constraint_list;

    static constexpr api::Type show = api::type<Show>("Show");

    static constexpr std::array routes{
        api::Route{
            get, "/api/v1/shows", "listShows", "List the shows", viewer, list_all, many, show
        },
        api::Route{
            post,
            "/api/v1/shows",
            "createShow",
            "Create a show",
            admin,
            create_one,
            one,
            show,
            Body::json,
            api::type<CreateShow>("CreateShow"),
            nullptr,
            201
        },
        api::Route{get, "/api/v1/shows/{id}", "getShow", "Get a show", viewer, get_one, one, show},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::shows
