// Episodes in PostgreSQL. Every function that changes one appends its events in the same statement.
#pragma once

#include "api/context.hpp"
#include "db/failure.hpp"
#include "db/pool.hpp"
#include "episodes/episode.hpp"
#include "events/ledger.hpp"
#include "shows/shows.hpp"

#include <array>
#include <optional>
#include <string>

namespace showrunner::episodes {

using shows::default_show;

inline constexpr std::array constraints{
    db::ConstraintMeaning{
        "episodes_number_key",
        Code::conflict,
        "EPISODE_NUMBER_TAKEN",
        "The show already has an episode with this number in this season.",
        "episode_number"
    },
    db::ConstraintMeaning{
        "episodes_show_id_fkey", Code::invalid, "SHOW_UNKNOWN", "There is no such show.", "show_id"
    },
};

struct Found {
    Episode episode;
    bool requires_approval = false;  ///< of its show
};

/// Also when it is deleted.
Task<std::optional<Found>> find(api::Context& context, std::string_view id);

/// Throws Error{Code::not_found}; a deleted one counts as not there.
Task<Found> find_live(api::Context& context, std::string_view id);

/// The record as it will be stored, with defaults and tidied texts; throws for a bad first status.
[[nodiscard]] Episode make_episode(CreateEpisode input, events::Actor const& actor, Time now);

/// The event that puts a new episode on record, with every field that it begins with.
[[nodiscard]] events::Entry created_entry(Episode const& episode, events::Actor const& actor);

Task<Episode> create(api::Context& context, CreateEpisode input);

/// Merges per field onto what is there now. With a version it must be the current one, else
/// Error VERSION_MISMATCH with the record.
Task<Episode> update(
    api::Context& context,
    std::string id,
    UpdateEpisode input,
    std::optional<std::string> reason,
    std::optional<int> version
);

enum class Deletion : std::uint8_t { soft, permanent };
Task<> remove(api::Context& context, std::string id, Deletion deletion, std::optional<int> version);

Task<Episode> restore(api::Context& context, std::string id);

/// The number after the highest of the season, 1 when it has none.
Task<int> next_number(api::Context& context, std::string_view show_id, std::optional<int> season);

}  // namespace showrunner::episodes
