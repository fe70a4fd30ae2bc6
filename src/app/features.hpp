// The one list of features: adding a resource type is a folder and a line here.
#pragma once

#include "accounts/feature.hpp"
#include "activity/feature.hpp"
#include "api/route.hpp"
#include "api/snapshot.hpp"
#include "compositions/feature.hpp"
#include "db/failure.hpp"
#include "derivatives/feature.hpp"
#include "episodes/feature.hpp"
#include "events/catalogue.hpp"
#include "events/consumer.hpp"
#include "files/feature.hpp"
#include "jobs/feature.hpp"
#include "ops/feature.hpp"
#include "realtime/feature.hpp"
#include "shows/feature.hpp"
#include "tokens/feature.hpp"

#include <boost/mp11.hpp>

#include <span>
#include <vector>

namespace showrunner::app {

using Features = boost::mp11::mp_list<
    ops::Feature,
    accounts::Feature,
    tokens::Feature,
    shows::Feature,
    episodes::Feature,
    files::Feature,
    compositions::Feature,
    jobs::Feature,
    activity::Feature,
    derivatives::Feature,
    realtime::Feature>;

/// Every event of every feature.
template <typename Feature>
using EventsOf = typename Feature::Events;
using Events = boost::mp11::mp_flatten<boost::mp11::mp_transform<EventsOf, Features>>;

[[nodiscard]] std::span<api::Route const> all_routes();
[[nodiscard]] events::Catalogue const& catalogue();
[[nodiscard]] std::vector<api::SnapshotSource> all_snapshots();
[[nodiscard]] std::vector<events::ConsumerSpec> all_consumers();
[[nodiscard]] std::vector<jobs::Handler> all_handlers();

/// Tells db/ what violating each feature's constraints means. Once, before the first statement.
void declare_constraints();

}  // namespace showrunner::app
