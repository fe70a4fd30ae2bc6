// Events about people and their sign-ins: for auditors, never with a secret.
#pragma once

#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <vector>

namespace showrunner::auth {

struct UserCreated {
    static constexpr events::Spec spec{
        .name = "user_created",
        .action = "CREATE",
        .resource = "user",
        .audience = events::Audience::admins,
        .notifies = events::Notify::admins,
        .summary = "added {name} as {role}",
        .when = "A user was added.",
    };
    std::string user_id;
    std::string name;
    std::string email;
    std::string role;
};
BOOST_DESCRIBE_STRUCT(UserCreated, (), (user_id, name, email, role))

struct UserUpdated {
    static constexpr events::Spec spec{
        .name = "user_updated",
        .action = "UPDATE",
        .resource = "user",
        .audience = events::Audience::admins,
        .summary = "changed {name}'s account",
        .when = "A user's name, role, password or state changed.",
    };
    std::string user_id;
    std::string name;
    std::vector<std::string> changed_fields;
};
BOOST_DESCRIBE_STRUCT(UserUpdated, (), (user_id, name, changed_fields))

struct Login {
    static constexpr events::Spec spec{
        .name = "login",
        .action = "LOGIN",
        .resource = "user",
        .audience = events::Audience::admins,
        .summary = "signed in",
        .when = "Somebody signed in.",
    };
    std::string user_id;
    std::string session_id;
};
BOOST_DESCRIBE_STRUCT(Login, (), (user_id, session_id))

struct LoginFailed {
    static constexpr events::Spec spec{
        .name = "login_failed",
        .action = "LOGIN_FAILED",
        .resource = "user",
        .audience = events::Audience::admins,
        .summary = "failed to sign in",
        .when = "A sign-in failed; without a user when no such account exists.",
    };
    std::optional<std::string> user_id;
};
BOOST_DESCRIBE_STRUCT(LoginFailed, (), (user_id))

struct SessionEnded {
    static constexpr events::Spec spec{
        .name = "session_ended",
        .action = "LOGOUT",
        .resource = "user",
        .audience = events::Audience::admins,
        .summary = "was signed out: {reason}",
        .when =
            "A session ended: its user signed out, an old refresh token came back, or an admin "
            "ended it.",
    };
    std::string user_id;
    std::string session_id;
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(SessionEnded, (), (user_id, session_id, reason))

struct TokenCreated {
    static constexpr events::Spec spec{
        .name = "token_created",
        .action = "CREATE",
        .resource = "token",
        .audience = events::Audience::admins,
        .summary = "made the API token {name}",
        .when = "An API token was made.",
    };
    std::string token_id;
    std::string name;
    std::string prefix;
    std::vector<std::string> scopes;
    std::optional<std::string> expires_at;
};
BOOST_DESCRIBE_STRUCT(TokenCreated, (), (token_id, name, prefix, scopes, expires_at))

struct TokenRevoked {
    static constexpr events::Spec spec{
        .name = "token_revoked",
        .action = "REVOKE",
        .resource = "token",
        .audience = events::Audience::admins,
        .summary = "revoked the API token {name}",
        .when = "An API token was revoked: it is refused from then on.",
    };
    std::string token_id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(TokenRevoked, (), (token_id, name))

using Events = boost::mp11::mp_list<UserCreated, UserUpdated, Login, LoginFailed, SessionEnded>;
using TokenEvents = boost::mp11::mp_list<TokenCreated, TokenRevoked>;

}  // namespace showrunner::auth
