// The catalogue as data: what a list of event types says, for feeds, documentation and clients.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/mp11.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace showrunner::events {

struct EventInfo {
    Spec const* spec;
    std::string (*schema)();  ///< JSON Schema of the event's own payload members, camelCase
    std::vector<std::string_view> members;  ///< snake_case, as declared
};

class Catalogue {
public:
    /// `EventTypes`: an mp_list of payload structs.
    template <typename EventTypes>
    static Catalogue of() {
        Catalogue catalogue;
        boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, EventTypes>>(
            [&](auto identity) {
                using Event = typename decltype(identity)::type;
                static_assert(is_sound<Event>());
                EventInfo info{
                    &Event::spec, [] { return json::schema<Event, json::Case::camel>(); }, {}
                };
                boost::mp11::mp_for_each<json::Members<Event>>([&](auto const& d) {
                    info.members.emplace_back(d.name);
                });
                catalogue.add(std::move(info));
            }
        );
        return catalogue;
    }

    [[nodiscard]] std::vector<EventInfo> const& events() const { return events_; }

    [[nodiscard]] EventInfo const* find(std::string_view name) const;

    /// The sentence after the actor's name, with `{member}` put in from the payload.
    [[nodiscard]] std::string sentence(std::string_view name, boost::json::value const& payload)
        const;

private:
    /// Throws std::logic_error on two events of one name, or a sentence that names no member.
    void add(EventInfo info);

    std::vector<EventInfo> events_;
};

}  // namespace showrunner::events
