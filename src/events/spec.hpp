// What the catalogue says of an event. Every event is a described payload struct with a
// `static constexpr Spec spec`, beside the feature that records it; app/features.hpp lists them.
// Feed, broadcast, OpenAPI, docs and the derived tests are made from these entries.
#pragma once

#include <cstdint>
#include <string_view>

namespace showrunner::events {

/// Whose connections get the event.
enum class Audience : std::uint8_t {
    show,    ///< everyone who may see the show; admins when there is none
    admins,  ///< what only an auditor needs
    user,    ///< the user that the event is about
};

/// Who gets a notification; product-level rules of the catalogue.
enum class Notify : std::uint8_t {
    nobody,
    watchers,
    editors,
    everyone,
    admins,
    creator,
    creator_and_admins,
};

struct Spec {
    std::string_view name;      ///< Socket.IO event, snake_case
    std::string_view action;    ///< CREATE, UPDATE …
    std::string_view resource;  ///< resource_type: "episode"
    Audience audience = Audience::show;
    Notify notifies = Notify::nobody;
    std::string_view summary;  ///< sentence after the actor's name; {member} is put in
    std::string_view when;     ///< one sentence for the documentation
};

consteval bool is_snake_case(std::string_view name) {
    if (name.empty() || name.front() == '_' || name.back() == '_') return false;
    for (char const c : name) {
        if (!((c >= 'a' && c <= 'z') || c == '_')) return false;
    }
    return true;
}

/// Stops the build, with the sentence, on an entry that is not fit to be published.
template <typename Event>
consteval bool is_sound() {
    static_assert(is_snake_case(Event::spec.name), "an event's name is snake_case");
    static_assert(!Event::spec.action.empty(), "an event has an action");
    static_assert(is_snake_case(Event::spec.resource), "an event names its resource");
    static_assert(!Event::spec.summary.empty(), "an event has a sentence for the feed");
    static_assert(!Event::spec.when.empty(), "an event says when it happens");
    return true;
}

}  // namespace showrunner::events
