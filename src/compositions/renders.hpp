// What was made of compositions, in PostgreSQL: previews, and which files they were rendered to.
#pragma once

#include "api/context.hpp"
#include "compositions/document.hpp"
#include "compositions/render.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::compositions {

/// What a job draws from.
struct Source {
    Document document;
    int document_version = 1;
    std::string name;  ///< of the composition, in that version
    std::string episode_id;
    std::string show_id;
};

/// Nothing when the version, its composition or its episode is not there any more.
Task<std::optional<Source>> find_source(
    api::Services& services, std::string composition_id, int version
);

Task<std::optional<int>> find_document_version(
    api::Context& context, std::string composition_id, int version
);

/// One of both.
struct Preview {
    std::optional<std::string> picture;  ///< WebP
    std::optional<std::string> failure;  ///< why there will not be one, as a sentence
};

Task<std::optional<Preview>> find_preview(
    api::Context& context, std::string composition_id, int document_version
);
Task<> keep_preview(
    api::Services& services, std::string composition_id, int document_version, Preview preview
);

/// It may be tried once more.
Task<> forget_failed_preview(
    api::Context& context, std::string composition_id, int document_version
);

/// What the same was rendered to before, if that file is still there.
Task<std::optional<Render>> find_render(
    api::Services& services, std::string composition_id, Render render
);
Task<> keep_render(api::Services& services, std::string composition_id, Render render);

/// Newest first, at most 200; those whose files are there.
Task<std::vector<Render>> list_renders(api::Context& context, std::string composition_id);

/// `Main thumbnail` in 1080x1080 → `Main thumbnail 1080x1080.png`, without what no file may be
/// called.
[[nodiscard]] std::string file_name(
    std::string_view composition, std::string_view format, std::string_view extension
);

}  // namespace showrunner::compositions
