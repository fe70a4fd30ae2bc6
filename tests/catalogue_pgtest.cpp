// Every event of the catalogue, without a case written for it: recorded, it shows up wherever the
// ledger is read, for those it is meant for and for nobody else.
#include "app/features.hpp"
#include "events/ledger.hpp"
#include "realtime/hub.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

namespace showrunner {

namespace {

using auth::Role;

constexpr std::string_view record_id = "01890000-0000-7000-8000-00000000beef";
constexpr std::string_view show_id = "00000000-0000-7000-8000-000000000001";

/// Appends the event as the product does, with a payload of its default values.
template <typename Event>
events::Entry append(test::TestServer const& server) {
    static db::Query const query{
        "append_" + std::string{Event::spec.name},
        events::appending_one("SELECT 1", 1),
        db::Lane::change
    };
    events::Actor actor;
    actor.user_id = server.user_id(Role::editor);
    actor.name = "editor";
    actor.ip = "192.0.2.1";
    events::Subject const subject{std::string{record_id}, {}, std::string{show_id}};
    events::Entry entry = events::make_entry(Event{}, actor, subject, SystemClock{}.now());
    asio::io_context io{1};
    metrics::Registry registry;
    db::PoolOptions options;
    options.url = server.database().url();
    db::Pool pool{io.get_executor(), options, registry};
    db::Params params;
    events::add_one(params, actor, entry);
    test::run(io, pool.run(query, std::move(params)));
    return entry;
}

std::string activities_of(test::TestServer const& server, Role role, std::string_view type) {
    return server.call(role, "GET", "/api/v1/activities?type=" + std::string{type}).body;
}

template <typename Event>
void check_event(test::TestServer const& server) {
    events::Spec const& spec = Event::spec;
    INFO(std::string{spec.name});
    events::Entry const entry = append<Event>(server);

    boost::json::value const payload = boost::json::parse(entry.payload);
    boost::mp11::mp_for_each<json::Members<Event>>([&](auto const& d) {
        CHECK(payload.as_object().contains(json::to_camel(d.name)));
    });
    for (char const* common : {"id", "timestamp", "actor", "showId"}) {
        CHECK(payload.as_object().contains(common));
    }

    bool const for_all = spec.audience == events::Audience::show;
    for (Role const role : {Role::viewer, Role::editor, Role::admin}) {
        bool const sees = for_all || role == Role::admin;
        std::string const activities = activities_of(server, role, spec.name);
        CHECK((test::at(activities, "data.0.id") == entry.id) == sees);
        auto const ledger =
            server.call(role, "GET", "/api/v1/events?limit=100&types=" + std::string{spec.name});
        CHECK((ledger.body.find(entry.id) != std::string::npos) == sees);
        // Addresses are for admins.
        CHECK((activities.find("192.0.2.1") != std::string::npos) == (role == Role::admin));
    }
    std::string const mine = activities_of(server, Role::admin, spec.name);
    CHECK_FALSE(test::at(mine, "data.0.summary").empty());
    CHECK(test::at(mine, "data.0.summary").find('{') == std::string::npos);
    CHECK(
        server.database().sql("SELECT action FROM activity_logs WHERE id = '" + entry.id + "'") ==
        spec.action
    );
    CHECK(
        server.database().sql("SELECT ip_address FROM audit_logs WHERE id = '" + entry.id + "'") ==
        "192.0.2.1"
    );

    events::StoredEvent stored;
    stored.resource_type = spec.resource;
    stored.resource_id = std::string{record_id};
    stored.show_id = std::string{show_id};
    auto const rooms = realtime::rooms_of(stored, spec);
    REQUIRE_FALSE(rooms.empty());
    CHECK((rooms.front() == "show:" + std::string{show_id}) == for_all);
}

}  // namespace

TEST_CASE("every event of the catalogue is readable by those it is for") {
    test::TestServer const server;
    boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, app::Events>>(
        [&](auto identity) { check_event<typename decltype(identity)::type>(server); }
    );
}

TEST_CASE("the ledger refuses to be changed") {
    test::TestServer const server;
    append<episodes::EpisodeCreated>(server);
    for (char const* sql :
         {"UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"}) {
        INFO(sql);
        CHECK_THROWS_WITH_AS(
            server.database().sql(sql), doctest::Contains("append-only"), std::exception
        );
    }
}

}  // namespace showrunner
