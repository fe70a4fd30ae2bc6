// Events about compositions. The record comes without its document, which is fetched: it may be
// large, and only who has it open needs it.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

struct CompositionCreated {
    static constexpr events::Spec spec{
        .name = "composition_created",
        .action = "CREATE",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "created the composition \"{name}\"",
        .when = "A composition of an episode was created.",
    };
    json::Raw composition;
    std::string composition_id;
    std::string episode_id;
    std::string name;
    int version = 1;
    std::optional<std::string> created_by;
};
BOOST_DESCRIBE_STRUCT(
    CompositionCreated, (), (composition, composition_id, episode_id, name, version, created_by)
)

struct CompositionUpdated {
    static constexpr events::Spec spec{
        .name = "composition_updated",
        .action = "UPDATE",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "changed {changed_fields} of the composition \"{name}\"",
        .when = "A composition was saved, or its name, status, place or being primary changed.",
    };
    json::Raw composition;
    std::string composition_id;
    std::string episode_id;
    std::string name;
    std::vector<std::string> changed_fields;
    int version = 1;
    std::optional<std::string> updated_by;
    std::optional<std::string> reason;  ///< of a move; else the summary of what is new
};
BOOST_DESCRIBE_STRUCT(
    CompositionUpdated,
    (),
    (composition, composition_id, episode_id, name, changed_fields, version, updated_by, reason)
)

struct CompositionPublished {
    static constexpr events::Spec spec{
        .name = "composition_published",
        .action = "PUBLISH",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "published the composition \"{name}\"",
        .when = "A composition became published.",
    };
    json::Raw composition;
    std::string composition_id;
    std::string episode_id;
    std::string name;
    int version = 1;
    std::optional<std::string> published_by;
};
BOOST_DESCRIBE_STRUCT(
    CompositionPublished, (), (composition, composition_id, episode_id, name, version, published_by)
)

struct CompositionReverted {
    static constexpr events::Spec spec{
        .name = "composition_reverted",
        .action = "REVERT",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "took the composition \"{name}\" back to version {reverted_from}",
        .when = "A former version of a composition was saved again, as a new one.",
    };
    json::Raw composition;
    std::string composition_id;
    std::string episode_id;
    std::string name;
    std::vector<std::string> changed_fields;
    int version = 1;
    int reverted_from = 1;
    std::optional<std::string> reverted_by;
};
BOOST_DESCRIBE_STRUCT(
    CompositionReverted,
    (),
    (composition,
     composition_id,
     episode_id,
     name,
     changed_fields,
     version,
     reverted_from,
     reverted_by)
)

struct CompositionDeleted {
    static constexpr events::Spec spec{
        .name = "composition_deleted",
        .action = "DELETE",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "deleted the composition \"{name}\"",
        .when = "A composition was deleted; it can be restored.",
    };
    std::string composition_id;
    std::string episode_id;
    std::string name;
    std::optional<std::string> deleted_by;
    int version = 1;
};
BOOST_DESCRIBE_STRUCT(
    CompositionDeleted, (), (composition_id, episode_id, name, deleted_by, version)
)

struct CompositionRestored {
    static constexpr events::Spec spec{
        .name = "composition_restored",
        .action = "RESTORE",
        .resource = "composition",
        .notifies = events::Notify::watchers,
        .summary = "restored the composition \"{name}\"",
        .when = "A deleted composition was restored.",
    };
    json::Raw composition;
    std::string composition_id;
    std::string episode_id;
    std::string name;
    int version = 1;
    std::optional<std::string> restored_by;
};
BOOST_DESCRIBE_STRUCT(
    CompositionRestored, (), (composition, composition_id, episode_id, name, version, restored_by)
)

struct CompositionTemplateCreated {
    static constexpr events::Spec spec{
        .name = "composition_template_created",
        .action = "CREATE",
        .resource = "composition_template",
        .summary = "made the template \"{name}\"",
        .when = "A show got a template for compositions.",
    };
    std::string template_id;
    std::string name;
    std::optional<std::string> created_by;
};
BOOST_DESCRIBE_STRUCT(CompositionTemplateCreated, (), (template_id, name, created_by))

struct CompositionTemplateDeleted {
    static constexpr events::Spec spec{
        .name = "composition_template_deleted",
        .action = "DELETE",
        .resource = "composition_template",
        .summary = "deleted the template \"{name}\"",
        .when = "A show's template for compositions was deleted.",
    };
    std::string template_id;
    std::string name;
    std::optional<std::string> deleted_by;
};
BOOST_DESCRIBE_STRUCT(CompositionTemplateDeleted, (), (template_id, name, deleted_by))

using Events = boost::mp11::mp_list<
    CompositionCreated,
    CompositionUpdated,
    CompositionPublished,
    CompositionReverted,
    CompositionDeleted,
    CompositionRestored,
    CompositionTemplateCreated,
    CompositionTemplateDeleted>;

}  // namespace showrunner::compositions
