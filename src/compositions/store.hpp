// Compositions in PostgreSQL. Every function that changes one keeps the version that comes of it
// and appends its events in the same statement.
#pragma once

#include "api/context.hpp"
#include "compositions/composition.hpp"
#include "db/failure.hpp"

#include <array>
#include <optional>
#include <string>

namespace showrunner::compositions {

inline constexpr int compositions_an_episode_max = 200;

inline constexpr std::array constraints{
    db::ConstraintMeaning{
        "compositions_primary_key",
        Code::conflict,
        "PRIMARY_TAKEN",
        "Another composition of the episode has just become the primary one.",
        "primary"
    },
    db::ConstraintMeaning{
        "compositions_episode_id_fkey",
        Code::invalid,
        "EPISODE_UNKNOWN",
        "There is no such episode.",
        "episode_id"
    },
    db::ConstraintMeaning{
        "composition_templates_name_key",
        Code::conflict,
        "TEMPLATE_NAME_TAKEN",
        "The show already has a template with this name.",
        "name"
    },
};

/// The record's columns of `compositions c`, without or with the document.
[[nodiscard]] std::string const& columns();
[[nodiscard]] std::string const& columns_with_document();

/// With its document, also when it is deleted; nothing when its episode is, or the user may not see
/// it.
Task<std::optional<Composition>> find(api::Context& context, std::string_view id);

/// Throws Error{Code::not_found}; a deleted one counts as not there.
Task<Composition> find_live(api::Context& context, std::string_view id);

[[nodiscard]] Error not_found();

Task<Composition> create(api::Context& context, CreateComposition input);

/// What a save is, besides what it changes.
struct Save {
    std::optional<std::string> reason = {};
    std::optional<int> reverted_from = {};
    std::optional<int> version = {};  ///< it must be the current one, else VERSION_MISMATCH
};

/// Merges per field onto what is there now. A new document makes a draft of what was approved.
Task<Composition> update(
    api::Context& context, std::string id, UpdateComposition input, Save save = {}
);

/// Saves name and document of a former version again.
Task<Composition> revert(api::Context& context, std::string id, int to, std::optional<int> version);

Task<> remove(api::Context& context, std::string id, std::optional<int> version);
Task<Composition> restore(api::Context& context, std::string id);

}  // namespace showrunner::compositions
