// Events about shows.
#pragma once

#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <string>

namespace showrunner::shows {

struct ShowCreated {
    static constexpr events::Spec spec{
        .name = "show_created",
        .action = "CREATE",
        .resource = "show",
        .summary = "created the show {name}",
        .when = "A show was created.",
    };
    std::string name;
    std::string slug;
};
BOOST_DESCRIBE_STRUCT(ShowCreated, (), (name, slug))

using Events = boost::mp11::mp_list<ShowCreated>;

}  // namespace showrunner::shows
