#include "auth/policy.hpp"

#include "base/error.hpp"
#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace showrunner::auth {

Role least_role(Action action) {
    switch (action) {
        case Action::read:
            return Role::viewer;
        case Action::write:
            return Role::editor;
        case Action::administer:
            return Role::admin;
    }
    return Role::admin;
}

bool allows(
    Principal const& principal, Action action, std::optional<std::string_view> /*show_id*/
) {
    // A program may do what its token's scopes name, never what a role does.
    if (principal.is_program()) return false;
    // Every show is open: what a user may do in it is what the user's role says.
    return principal.role >= least_role(action);
}

void require(Principal const& principal, Action action, std::optional<std::string_view> show_id) {
    if (allows(principal, action, show_id)) return;
    if (principal.is_program()) {
        throw Error{Code::forbidden, "TOKEN_SCOPE", "The API token's scopes do not allow this."};
    }
    throw Error{Code::forbidden, "Your role does not allow this."};
}

void require(Principal const& principal, Scope scope) {
    if (std::ranges::find(principal.scopes, scope) != principal.scopes.end()) return;
    throw Error{
        Code::forbidden,
        "TOKEN_SCOPE",
        fmt::format("This is for API tokens with the scope {} alone.", json::name_of(scope))
    };
}

std::optional<std::vector<std::string>> visible_shows(Principal const& /*principal*/) {
    return std::nullopt;
}

}  // namespace showrunner::auth
