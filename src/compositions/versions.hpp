// The versions of a composition: every change of it is one. The document of a version is kept with
// the version that brought it.
#pragma once

#include "api/context.hpp"
#include "compositions/composition.hpp"

#include <boost/describe.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

struct Version {
    int version = 1;
    std::string name;
    Status status = Status::draft;
    bool primary = false;
    std::optional<std::string> summary;  ///< what is new, or why it was moved
    std::vector<std::string> changed_fields;
    std::optional<int> reverted_from;
    int document_version = 1;  ///< that of the version which brought its document
    Time created_at;
    std::optional<std::string> created_by;
    std::string created_by_name;
    std::optional<json::Raw> document;  ///< only where one version is asked for
};
BOOST_DESCRIBE_STRUCT(
    Version,
    (),
    (version,
     name,
     status,
     primary,
     summary,
     changed_fields,
     reverted_from,
     document_version,
     created_at,
     created_by,
     created_by_name,
     document)
)

struct ListVersions {
    static constexpr std::array rules{
        json::Rule{.field = "limit", .min = 1, .max = 100},
        json::Rule{.field = "cursor", .max = 2000},
        json::Rule{.field = "saved", .about = "true: only those that brought another document."},
    };
    std::optional<int> limit;
    std::optional<std::string> cursor;
    std::optional<bool> saved;
};
BOOST_DESCRIBE_STRUCT(ListVersions, (), (limit, cursor, saved))

struct VersionPage {
    std::vector<Version> versions;
    api::Pagination pagination;
};

/// Newest first. Whether the user may see the composition is for the caller to ask.
Task<VersionPage> list_versions(api::Context& context, std::string id, ListVersions query);

/// With its document.
Task<std::optional<Version>> find_version(api::Context& context, std::string id, int version);

[[nodiscard]] Error no_such_version();

}  // namespace showrunner::compositions
