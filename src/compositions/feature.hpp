// The compositions feature: everything declarative.
#pragma once

#include "api/route.hpp"
#include "api/snapshot.hpp"
#include "compositions/compare.hpp"
#include "compositions/composition.hpp"
#include "compositions/events.hpp"
#include "compositions/list.hpp"
#include "compositions/render.hpp"
#include "compositions/store.hpp"
#include "compositions/templates.hpp"
#include "compositions/versions.hpp"
#include "jobs/jobs.hpp"

namespace showrunner::compositions {

Task<http::Response> list_compositions(api::Context& context);
Task<http::Response> create_composition(api::Context& context);
Task<http::Response> get_composition(api::Context& context);
Task<http::Response> update_composition_fields(api::Context& context);
Task<http::Response> remove_composition(api::Context& context);
Task<http::Response> restore_deleted_composition(api::Context& context);
Task<http::Response> move_composition(api::Context& context);
Task<http::Response> list_the_versions(api::Context& context);
Task<http::Response> get_version(api::Context& context);
Task<http::Response> compare_versions(api::Context& context);
Task<http::Response> revert_composition(api::Context& context);
Task<http::Response> list_the_templates(api::Context& context);
Task<http::Response> create_one_template(api::Context& context);
Task<http::Response> get_template(api::Context& context);
Task<http::Response> delete_one_template(api::Context& context);
Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id);

struct GetComposition {
    static constexpr std::array rules{
        json::Rule{.field = "deleted", .about = "true: also when it is deleted."}
    };
    std::optional<bool> deleted;
};
BOOST_DESCRIBE_STRUCT(GetComposition, (), (deleted))

struct CompareVersions {
    static constexpr std::array rules{
        json::Rule{.field = "from", .min = 1, .max = 1'000'000'000},
        json::Rule{
            .field = "to", .min = 1, .max = 1'000'000'000, .about = "The newest when absent."
        },
    };
    std::optional<int> from;
    std::optional<int> to;
};
BOOST_DESCRIBE_STRUCT(CompareVersions, (), (from, to))

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "compositions";
    using Events = compositions::Events;
    static constexpr std::span<db::ConstraintMeaning const> constraints = compositions::constraints;

    static constexpr std::array snapshots{api::SnapshotSource{"composition", read_snapshot}};

    static constexpr std::array handlers{
        jobs::Handler{
            .type = "composition_render",
            .summary = "Render the composition",
            .run = run_render,
            .args = jobs::args<RenderArgs>("CompositionRenderArgs"),
            .max_attempts = 3,
            .timeout = std::chrono::minutes{30},
            .direct = false,
        },
        jobs::Handler{
            .type = "composition_preview",
            .summary = "Draw a preview",
            .run = run_preview,
            .args = jobs::args<PreviewArgs>("CompositionPreviewArgs"),
            .max_attempts = 2,
            .timeout = std::chrono::minutes{2},
            .direct = false,
        },
    };

    static constexpr api::Type composition = api::type<Composition>("Composition");
    static constexpr api::Type update = api::type<UpdateComposition>("UpdateComposition");
    static constexpr api::Type version = api::type<Version>("CompositionVersion");
    static constexpr api::Type template_type = api::type<Template>("CompositionTemplate");
    static constexpr api::Type job = api::type<jobs::Job>("Job");

    static constexpr std::array routes{
        api::Route{get, "/api/v1/compositions", "listCompositions", "List compositions", viewer,
                   list_compositions, many, composition, Body::none, {},
                   api::parameters_of<ListCompositions>},
        api::Route{post, "/api/v1/compositions", "createComposition", "Create a composition", editor,
                   create_composition, one, composition, Body::json,
                   api::type<CreateComposition>("CreateComposition"), nullptr, 201},
        api::Route{get, "/api/v1/compositions/{id}", "getComposition",
                   "Get a composition with its document", viewer, get_composition, one, composition,
                   Body::none, {}, api::parameters_of<GetComposition>},
        api::Route{patch, "/api/v1/compositions/{id}", "updateComposition",
                   "Save a composition: each change is a version", editor, update_composition_fields,
                   one, composition, Body::json, update},
        api::Route{put, "/api/v1/compositions/{id}", "putComposition",
                   "Save a composition (the same as PATCH)", editor, update_composition_fields, one,
                   composition, Body::json, update},
        api::Route{del, "/api/v1/compositions/{id}", "deleteComposition",
                   "Delete a composition; it can be restored", editor, remove_composition, none, {},
                   Body::none, {}, nullptr, 204},
        api::Route{post, "/api/v1/compositions/{id}/restore", "restoreComposition",
                   "Restore a deleted composition", editor, restore_deleted_composition, one,
                   composition},
        api::Route{post, "/api/v1/compositions/{id}/status", "moveComposition",
                   "Move a composition through its workflow", editor, move_composition, one,
                   composition, Body::json, api::type<MoveComposition>("MoveComposition")},
        api::Route{get, "/api/v1/compositions/{id}/versions", "listCompositionVersions",
                   "Every version of a composition, newest first", viewer, list_the_versions, many,
                   version, Body::none, {}, api::parameters_of<ListVersions>},
        api::Route{get, "/api/v1/compositions/{id}/versions/{n}", "getCompositionVersion",
                   "Get a version with its document", viewer, get_version, one, version},
        api::Route{get, "/api/v1/compositions/{id}/versions/{n}/preview", "getCompositionPreview",
                   "A small picture of a version; 202 while a job makes it", viewer, get_preview,
                   bare},
        api::Route{get, "/api/v1/compositions/{id}/compare", "compareCompositionVersions",
                   "What makes two versions different, field by field", viewer, compare_versions, one,
                   api::type<Comparison>("CompositionComparison"), Body::none, {},
                   api::parameters_of<CompareVersions>},
        api::Route{post, "/api/v1/compositions/{id}/revert/{n}", "revertComposition",
                   "Save a former version again, as a new one", editor, revert_composition, one,
                   composition},
        api::Route{post, "/api/v1/compositions/{id}/render", "renderComposition",
                   "Make image files of a composition", editor, start_render, one, job, Body::json,
                   api::type<RenderComposition>("RenderComposition"), nullptr, 201},
        api::Route{get, "/api/v1/compositions/{id}/renders", "listCompositionRenders",
                   "The files that a composition was rendered to, newest first", viewer,
                   list_the_renders, many, api::type<Render>("CompositionRender")},
        api::Route{get, "/api/v1/composition-templates", "listCompositionTemplates",
                   "The templates that come with the server, and those of shows", viewer,
                   list_the_templates, many, template_type, Body::none, {},
                   api::parameters_of<ListTemplates>},
        api::Route{post, "/api/v1/composition-templates", "createCompositionTemplate",
                   "Make a template of a composition", editor, create_one_template, one,
                   template_type, Body::json, api::type<CreateTemplate>("CreateCompositionTemplate"),
                   nullptr, 201},
        api::Route{get, "/api/v1/composition-templates/{id}", "getCompositionTemplate",
                   "Get a template with its document", viewer, get_template, one, template_type},
        api::Route{del, "/api/v1/composition-templates/{id}", "deleteCompositionTemplate",
                   "Delete a template of a show", editor, delete_one_template, none, {}, Body::none,
                   {}, nullptr, 204},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::compositions
