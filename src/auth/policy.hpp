// The one policy. Every read and write, on every way to a record (single, list, import, history,
// ledger, activities, socket rooms), asks here.
#pragma once

#include "auth/principal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::auth {

enum class Action : std::uint8_t {
    read,        ///< see records and what happened to them
    write,       ///< create and change records
    administer,  ///< users, shows, permanent deletion, broadcasts, what only an auditor sees
};

/// May `principal` do this to what belongs to the show? Without a show: to what belongs to none.
[[nodiscard]] bool allows(
    Principal const& principal, Action action, std::optional<std::string_view> show_id
);

/// Throws Error{Code::forbidden} unless allows().
void require(Principal const& principal, Action action, std::optional<std::string_view> show_id);

/// For what only programs may do. Throws Error{Code::forbidden} unless `principal` is an API token
/// with this scope.
void require(Principal const& principal, Scope scope);

/// The shows whose records a list may hold; nothing means every show.
[[nodiscard]] std::optional<std::vector<std::string>> visible_shows(Principal const& principal);

/// The least role that an action takes; what the route table and the documentation show.
[[nodiscard]] Role least_role(Action action);

}  // namespace showrunner::auth
