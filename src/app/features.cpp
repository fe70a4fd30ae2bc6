#include "app/features.hpp"

namespace showrunner::app {

namespace {

template <typename Function>
void for_each_feature(Function function) {
    boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, Features>>(
        [&](auto identity) { function(identity); }
    );
}

}  // namespace

std::span<api::Route const> all_routes() {
    static std::vector<api::Route> const routes = [] {
        std::vector<api::Route> all;
        for_each_feature([&](auto identity) {
            using Feature = typename decltype(identity)::type;
            all.insert(all.end(), Feature::routes.begin(), Feature::routes.end());
        });
        return all;
    }();
    return routes;
}

events::Catalogue const& catalogue() {
    static events::Catalogue const all = events::Catalogue::of<Events>();
    return all;
}

std::vector<api::SnapshotSource> all_snapshots() {
    std::vector<api::SnapshotSource> all;
    for_each_feature([&](auto identity) {
        using Feature = typename decltype(identity)::type;
        if constexpr (requires { Feature::snapshots; }) {
            all.insert(all.end(), Feature::snapshots.begin(), Feature::snapshots.end());
        }
    });
    return all;
}

std::vector<events::ConsumerSpec> all_consumers() {
    std::vector<events::ConsumerSpec> all;
    for_each_feature([&](auto identity) {
        using Feature = typename decltype(identity)::type;
        if constexpr (requires { Feature::consumers; }) {
            all.insert(all.end(), Feature::consumers.begin(), Feature::consumers.end());
        }
    });
    return all;
}

std::vector<jobs::Handler> all_handlers() {
    std::vector<jobs::Handler> all;
    for_each_feature([&](auto identity) {
        using Feature = typename decltype(identity)::type;
        if constexpr (requires { Feature::handlers; }) {
            all.insert(all.end(), Feature::handlers.begin(), Feature::handlers.end());
        }
    });
    return all;
}

void declare_constraints() {
    for_each_feature([&](auto identity) {
        db::declare_constraints(decltype(identity)::type::constraints);
    });
}

}  // namespace showrunner::app
