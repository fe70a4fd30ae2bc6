// Events about episodes. Payloads carry the record and its flat fields, so that a client written
// for either shape works.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <vector>

namespace showrunner::episodes {

struct EpisodeCreated {
    static constexpr events::Spec spec{
        .name = "episode_created",
        .action = "CREATE",
        .resource = "episode",
        .notifies = events::Notify::editors,
        .summary = "created \"{title}\"",
        .when = "An episode was created.",
    };
    json::Raw episode;
    std::string episode_id;
    std::string title;
    std::vector<std::string> categories;
    std::optional<std::string> created_by;
};
BOOST_DESCRIBE_STRUCT(EpisodeCreated, (), (episode, episode_id, title, categories, created_by))

struct EpisodeUpdated {
    static constexpr events::Spec spec{
        .name = "episode_updated",
        .action = "UPDATE",
        .resource = "episode",
        .notifies = events::Notify::watchers,
        .summary = "changed {changed_fields} of \"{title}\"",
        .when = "Fields or the status of an episode changed.",
    };
    json::Raw episode;
    std::string episode_id;
    std::string title;
    std::vector<std::string> changed_fields;
    std::optional<std::string> updated_by;
    std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(
    EpisodeUpdated, (), (episode, episode_id, title, changed_fields, updated_by, reason)
)

struct EpisodePublished {
    static constexpr events::Spec spec{
        .name = "episode_published",
        .action = "PUBLISH",
        .resource = "episode",
        .notifies = events::Notify::everyone,
        .summary = "published \"{title}\"",
        .when = "An episode became published.",
    };
    json::Raw episode;
    std::string episode_id;
    std::string title;
    std::optional<std::string> published_by;
};
BOOST_DESCRIBE_STRUCT(EpisodePublished, (), (episode, episode_id, title, published_by))

struct EpisodeArchived {
    static constexpr events::Spec spec{
        .name = "episode_archived",
        .action = "ARCHIVE",
        .resource = "episode",
        .notifies = events::Notify::watchers,
        .summary = "archived \"{title}\"",
        .when = "An episode became archived.",
    };
    json::Raw episode;
    std::string episode_id;
    std::string title;
    std::optional<std::string> archived_by;
};
BOOST_DESCRIBE_STRUCT(EpisodeArchived, (), (episode, episode_id, title, archived_by))

struct EpisodeDeleted {
    static constexpr events::Spec spec{
        .name = "episode_deleted",
        .action = "DELETE",
        .resource = "episode",
        .notifies = events::Notify::admins,
        .summary = "deleted \"{title}\"",
        .when = "An episode was deleted: soft (restorable) or permanent.",
    };
    std::string episode_id;
    std::string title;
    std::string delete_type;  ///< soft, permanent
    std::optional<std::string> deleted_by;
    int version = 0;  ///< of the record after a soft deletion
};
BOOST_DESCRIBE_STRUCT(EpisodeDeleted, (), (episode_id, title, delete_type, deleted_by, version))

struct EpisodeRestored {
    static constexpr events::Spec spec{
        .name = "episode_restored",
        .action = "RESTORE",
        .resource = "episode",
        .notifies = events::Notify::watchers,
        .summary = "restored \"{title}\"",
        .when = "A deleted episode was restored.",
    };
    json::Raw episode;
    std::string episode_id;
    std::string title;
    std::optional<std::string> restored_by;
};
BOOST_DESCRIBE_STRUCT(EpisodeRestored, (), (episode, episode_id, title, restored_by))

using Events = boost::mp11::mp_list<
    EpisodeCreated,
    EpisodeUpdated,
    EpisodePublished,
    EpisodeArchived,
    EpisodeDeleted,
    EpisodeRestored>;

}  // namespace showrunner::episodes
