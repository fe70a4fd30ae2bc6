// The episodes feature: everything declarative.
#pragma once

#include "api/route.hpp"
#include "api/snapshot.hpp"
#include "episodes/episode.hpp"
#include "episodes/events.hpp"
#include "episodes/history.hpp"
#include "episodes/import.hpp"
#include "episodes/jobs.hpp"
#include "episodes/list.hpp"
#include "episodes/store.hpp"

namespace showrunner::episodes {

Task<http::Response> list_episodes(api::Context& context);
Task<http::Response> list_facets(api::Context& context);
Task<http::Response> suggest_number(api::Context& context);
Task<http::Response> create_episode(api::Context& context);
Task<http::Response> get_episode(api::Context& context);
Task<http::Response> update_episode_fields(api::Context& context);
Task<http::Response> delete_episode(api::Context& context);
Task<http::Response> restore_deleted_episode(api::Context& context);
Task<http::Response> move_episode(api::Context& context);
Task<http::Response> get_history(api::Context& context);
Task<http::Response> import_episodes(api::Context& context);
Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id);

struct GetEpisode {
    static constexpr std::array rules{
        json::Rule{.field = "deleted", .about = "true: also when it is deleted."}
    };
    std::optional<bool> deleted;
};
BOOST_DESCRIBE_STRUCT(GetEpisode, (), (deleted))

struct DeleteEpisode {
    static constexpr std::array rules{
        json::Rule{.field = "permanent", .about = "true: cannot be restored; for admins."}
    };
    std::optional<bool> permanent;
};
BOOST_DESCRIBE_STRUCT(DeleteEpisode, (), (permanent))

struct SuggestNumber {
    static constexpr std::array rules{
        json::Rule{.field = "show_id", .format = "uuid"},
        json::Rule{.field = "season_number", .min = 0, .max = 100'000},
    };
    std::optional<std::string> show_id;
    std::optional<int> season_number;
};
BOOST_DESCRIBE_STRUCT(SuggestNumber, (), (show_id, season_number))

struct SuggestedNumber {
    int episode_number = 0;
};
BOOST_DESCRIBE_STRUCT(SuggestedNumber, (), (episode_number))

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "episodes";
    using Events = episodes::Events;
    static constexpr std::span<db::ConstraintMeaning const> constraints = episodes::constraints;

    static constexpr std::array snapshots{api::SnapshotSource{"episode", read_snapshot}};

    static constexpr std::array handlers{
        jobs::Handler{
            .type = "export",
            .summary = "Export the show",
            .run = run_export,
            .args = jobs::args<ExportArgs>("ExportArgs"),
            .timeout = std::chrono::hours{2},
        },
        jobs::Handler{
            .type = "import",
            .summary = "Import episodes",
            .run = run_import_job,
            .args = jobs::args<ImportArgs>("ImportArgs"),
            .max_attempts = 3,
            .timeout = std::chrono::hours{2},
            .direct = false,
        },
    };

    static constexpr api::Type episode = api::type<Episode>("Episode");
    static constexpr api::Type update = api::type<UpdateEpisode>("UpdateEpisode");

    static constexpr std::array routes{
        api::Route{get, "/api/v1/episodes", "listEpisodes", "List episodes", viewer, list_episodes,
                   many, episode, Body::none, {}, api::parameters_of<ListEpisodes>},
        api::Route{post, "/api/v1/episodes", "createEpisode", "Create an episode", editor,
                   create_episode, one, episode, Body::json,
                   api::type<CreateEpisode>("CreateEpisode"), nullptr, 201},
        api::Route{get, "/api/v1/episodes/facets", "listEpisodeFacets",
                   "Count episodes by status, season, category and show", viewer, list_facets, one,
                   api::type<Facets>("EpisodeFacets"), Body::none, {}, api::parameters_of<ListEpisodes>},
        api::Route{get, "/api/v1/episodes/next-number", "suggestEpisodeNumber",
                   "The next free number of a season", viewer, suggest_number, one,
                   api::type<SuggestedNumber>("SuggestedNumber"), Body::none, {},
                   api::parameters_of<SuggestNumber>},
        api::Route{post, "/api/v1/episodes/import", "importEpisodes",
                   "Import episodes from CSV or NDJSON", editor, import_episodes, one,
                   api::type<ImportResult>("ImportResult"), Body::stream, {},
                   api::parameters_of<ImportEpisodes>, 200,
                   "text/csv application/x-ndjson application/octet-stream", 1ULL << 30U, 0},
        api::Route{post, "/api/v1/episodes/import-jobs", "startImportJob",
                   "Import a large file in the background", editor, start_import_job, one,
                   api::type<jobs::Job>("Job"), Body::stream, {},
                   api::parameters_of<ImportEpisodes>, 201,
                   "text/csv application/x-ndjson application/octet-stream", 1ULL << 30U, 0},
        api::Route{get, "/api/v1/episodes/{id}", "getEpisode", "Get an episode", viewer, get_episode,
                   one, episode, Body::none, {}, api::parameters_of<GetEpisode>},
        api::Route{patch, "/api/v1/episodes/{id}", "updateEpisode", "Change fields of an episode",
                   editor, update_episode_fields, one, episode, Body::json, update},
        api::Route{put, "/api/v1/episodes/{id}", "putEpisode",
                   "Change fields of an episode (the same as PATCH)", editor, update_episode_fields,
                   one, episode, Body::json, update},
        api::Route{del, "/api/v1/episodes/{id}", "deleteEpisode",
                   "Delete an episode; it can be restored", editor, delete_episode, none, {},
                   Body::none, {}, api::parameters_of<DeleteEpisode>, 204},
        api::Route{post, "/api/v1/episodes/{id}/restore", "restoreEpisode",
                   "Restore a deleted episode", editor, restore_deleted_episode, one, episode},
        api::Route{post, "/api/v1/episodes/{id}/status", "moveEpisode",
                   "Move an episode through its workflow", editor, move_episode, one, episode,
                   Body::json, api::type<MoveEpisode>("MoveEpisode")},
        api::Route{get, "/api/v1/episodes/{id}/history", "getEpisodeHistory",
                   "Every change of an episode, field by field, newest first", viewer, get_history,
                   many, api::type<HistoryEntry>("HistoryEntry"), Body::none, {},
                   api::parameters_of<ListHistory>},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::episodes
