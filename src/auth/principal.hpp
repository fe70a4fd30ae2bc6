// Who asks: what a request or a socket acts as once its token has been checked.
#pragma once

#include "base/clock.hpp"

#include <boost/describe.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace showrunner::auth {

/// Each role may do what the ones before it may. Names as the database's enum.
enum class Role : std::uint8_t { viewer, editor, admin };
BOOST_DESCRIBE_ENUM(Role, viewer, editor, admin)

/// What an API token is for. Names as in the column api_tokens.scopes.
enum class Scope : std::uint8_t {
    worker,  ///< take jobs and report on them, and nothing else
};
BOOST_DESCRIBE_ENUM(Scope, worker)

/// A person with a session, or a program with an API token.
struct Principal {
    std::string user_id;  ///< of a person; empty for a program
    std::string name;     ///< of the user or of the API token
    Role role = Role::viewer;
    std::string session_id;
    Time expires_at;                 ///< of the access token
    std::string token_id = {};       ///< of a program's API token; empty for a person
    std::vector<Scope> scopes = {};  ///< of that token

    [[nodiscard]] bool is_program() const { return !token_id.empty(); }

    /// The id of the user or of the API token: whose things these are.
    [[nodiscard]] std::string const& id() const { return is_program() ? token_id : user_id; }
};

}  // namespace showrunner::auth
