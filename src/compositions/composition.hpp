// The composition: its record, what clients may send, and the moves of its workflow.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "compositions/document.hpp"

#include <boost/describe.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

enum class Status : std::uint8_t { draft, approved, published };
BOOST_DESCRIBE_ENUM(Status, draft, approved, published)

/// A record as the API and the events show it; members as the columns.
struct Composition {
    std::string id;
    std::string episode_id;
    std::string show_id;
    std::string name;
    Status status = Status::draft;
    bool primary = false;  ///< the one of its episode
    double position = 0;   ///< among those of its episode
    int width = 0;         ///< of the canvas
    int height = 0;
    std::vector<std::string> formats;  ///< their names
    int version = 1;
    int document_version = 1;  ///< at which the document became what it is
    Time created_at;
    std::optional<std::string> created_by;  ///< user id; none: the server
    Time updated_at;
    std::optional<std::string> updated_by;
    std::optional<Time> deleted_at;
    std::optional<json::Raw> document;  ///< only where one composition is asked for
};
BOOST_DESCRIBE_STRUCT(
    Composition,
    (),
    (id,
     episode_id,
     show_id,
     name,
     status,
     primary,
     position,
     width,
     height,
     formats,
     version,
     document_version,
     created_at,
     created_by,
     updated_at,
     updated_by,
     deleted_at,
     document)
)

inline constexpr std::array composition_rules{
    json::Rule{.field = "episode_id", .format = "uuid"},
    json::Rule{.field = "name", .min = 1, .max = 200},
    json::Rule{
        .field = "document",
        .max = document_bytes_max,
        .about = "Canvas, background, formats, layers and overrides: docs/compositions.md."
    },
    json::Rule{.field = "template_id", .min = 1, .max = 63},
    json::Rule{.field = "copy_of", .format = "uuid", .about = "A composition of the same show."},
    json::Rule{.field = "summary", .max = 500, .about = "What is new, in a sentence."},
};

struct CreateComposition {
    static constexpr bool is_input = true;
    static constexpr auto rules = composition_rules;
    std::string episode_id;
    std::string name;
    std::optional<json::Raw> document;
    std::optional<std::string> template_id;
    std::optional<std::string> copy_of;
    std::optional<std::string> summary;
};
BOOST_DESCRIBE_STRUCT(
    CreateComposition, (), (episode_id, name, document, template_id, copy_of, summary)
)

/// A partial update: what is absent stays.
struct UpdateComposition {
    static constexpr bool is_input = true;
    static constexpr auto rules = composition_rules;
    std::optional<std::string> name;
    std::optional<json::Raw> document;
    std::optional<std::string> summary;
    std::optional<bool> primary;
    std::optional<double> position;
    std::optional<Status> status;
};
BOOST_DESCRIBE_STRUCT(UpdateComposition, (), (name, document, summary, primary, position, status))

struct MoveComposition {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{.field = "reason", .max = 500}};
    Status status = Status::draft;
    std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(MoveComposition, (), (status, reason))

[[nodiscard]] std::vector<Status> allowed_moves(Status from);

/// Throws Error INVALID_MOVE that says which moves are allowed.
void check_move(Status from, Status to);

/// Takes over what the record says of its document.
void describe(Composition& composition, Document const& document);

/// What a composition begins with that nobody gave a document for: an empty canvas.
[[nodiscard]] std::string_view empty_document();

}  // namespace showrunner::compositions
