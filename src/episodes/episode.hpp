// The episode: its record, what clients may send, and the moves of its workflow.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"

#include <boost/describe.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::episodes {

enum class Status : std::uint8_t { draft, in_review, approved, published, archived };
BOOST_DESCRIBE_ENUM(Status, draft, in_review, approved, published, archived)

/// A record as the API and the events show it; members as the columns.
struct Episode {
    std::string id;
    std::string show_id;
    std::optional<int> season_number;
    int episode_number = 0;
    std::string title;
    std::string description;
    std::optional<std::string> air_date;  ///< YYYY-MM-DD
    std::vector<std::string> categories;
    Status status = Status::draft;
    json::Raw metadata{"{}"};
    int version = 1;
    Time created_at;
    std::optional<std::string> created_by;  ///< user id; none: the server
    Time updated_at;
    std::optional<std::string> updated_by;
    std::optional<Time> deleted_at;
};
BOOST_DESCRIBE_STRUCT(
    Episode,
    (),
    (id,
     show_id,
     season_number,
     episode_number,
     title,
     description,
     air_date,
     categories,
     status,
     metadata,
     version,
     created_at,
     created_by,
     updated_at,
     updated_by,
     deleted_at)
)

/// The limits of every input of an episode; the schema's CHECKs say the same.
inline constexpr std::array episode_rules{
    json::Rule{.field = "show_id", .format = "uuid", .about = "The default show when absent."},
    json::Rule{.field = "season_number", .min = 0, .max = 100'000},
    json::Rule{.field = "episode_number", .min = 0, .max = 1'000'000},
    json::Rule{.field = "title", .min = 1, .max = 200},
    json::Rule{.field = "description", .max = 20'000},
    json::Rule{.field = "air_date", .format = "date"},
    json::Rule{.field = "categories", .max = 50, .item_max = 60},
    json::Rule{.field = "metadata", .max = 65'536},
};

struct CreateEpisode {
    static constexpr bool is_input = true;
    static constexpr auto rules = episode_rules;
    std::optional<std::string> show_id;
    std::optional<int> season_number;
    int episode_number = 0;
    std::string title;
    std::optional<std::string> description;
    std::optional<std::string> air_date;
    std::vector<std::string> categories;
    std::optional<Status> status;
    std::optional<json::Raw> metadata;
};
BOOST_DESCRIBE_STRUCT(
    CreateEpisode,
    (),
    (show_id,
     season_number,
     episode_number,
     title,
     description,
     air_date,
     categories,
     status,
     metadata)
)

/// A partial update: what is absent stays.
struct UpdateEpisode {
    static constexpr bool is_input = true;
    static constexpr auto rules = episode_rules;
    json::Change<int> season_number;
    std::optional<int> episode_number;
    std::optional<std::string> title;
    std::optional<std::string> description;
    json::Change<std::string> air_date;
    std::optional<std::vector<std::string>> categories;
    std::optional<Status> status;
    std::optional<json::Raw> metadata;
};
BOOST_DESCRIBE_STRUCT(
    UpdateEpisode,
    (),
    (season_number, episode_number, title, description, air_date, categories, status, metadata)
)

struct MoveEpisode {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{.field = "reason", .max = 500}};
    Status status = Status::draft;
    std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(MoveEpisode, (), (status, reason))

/// Where an episode in `from` may go. A show that requires approval publishes only from approved.
[[nodiscard]] std::vector<Status> allowed_moves(Status from, bool requires_approval);

/// Throws Error INVALID_MOVE that says which moves are allowed.
void check_move(Status from, Status to, bool requires_approval);

/// Trims texts, drops repeated and empty categories.
void tidy(std::string& title);
void tidy(std::vector<std::string>& categories);

}  // namespace showrunner::episodes
