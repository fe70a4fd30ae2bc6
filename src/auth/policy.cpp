#include "auth/policy.hpp"

#include "base/error.hpp"

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
    // Every show is open: what a user may do in it is what the user's role says.
    return principal.role >= least_role(action);
}

void require(Principal const& principal, Action action, std::optional<std::string_view> show_id) {
    if (!allows(principal, action, show_id)) {
        throw Error{Code::forbidden, "Your role does not allow this."};
    }
}

std::optional<std::vector<std::string>> visible_shows(Principal const& /*principal*/) {
    return std::nullopt;
}

}  // namespace showrunner::auth
