// How a record is read for a client that subscribes to it; each resource type has one source,
// listed by its feature.
#pragma once

#include "api/context.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace showrunner::api {

struct SnapshotSource {
    std::string_view resource_type;
    /// The record as JSON; nothing when there is none that the principal may see.
    Task<std::optional<std::string>> (*read)(Context& context, std::string id);
};

}  // namespace showrunner::api
