// Users and sessions in PostgreSQL.
#pragma once

#include "auth/principal.hpp"
#include "db/failure.hpp"
#include "db/pool.hpp"
#include "events/ledger.hpp"

#include <boost/describe.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::auth {

/// A user as the API shows it.
struct User {
    std::string id;
    std::string email;
    std::string name;
    Role role = Role::viewer;
    bool active = true;
    int version = 1;
    Time created_at;
    Time updated_at;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, name, role, active, version, created_at, updated_at))

struct UserWithPassword {
    User user;
    std::string password_hash;  ///< empty: cannot sign in with a password
};

struct UserName {
    std::string id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(UserName, (), (id, name))

struct NewUser {
    std::string email;
    std::string name;
    Role role = Role::viewer;
    std::string password_hash;
};

/// What changes; absent stays.
struct UserChange {
    std::optional<std::string> name;
    std::optional<Role> role;
    std::optional<bool> active;
    std::optional<std::string> password_hash;
};

inline constexpr std::array user_constraints{
    db::ConstraintMeaning{
        "users_email_key",
        Code::conflict,
        "EMAIL_TAKEN",
        "Somebody already uses this e-mail address.",
        "email"
    },
};

Task<std::optional<User>> find_user(db::Pool& pool, std::string_view id);
Task<std::optional<UserWithPassword>> find_user_by_email(db::Pool& pool, std::string_view email);
Task<std::vector<User>> list_users(db::Pool& pool);
Task<std::vector<UserName>> list_user_names(db::Pool& pool);
Task<bool> any_user(db::Pool& pool);

/// Throws Error EMAIL_TAKEN.
Task<User> create_user(db::Pool& pool, NewUser user, events::Actor actor, Time now);
/// Nothing when there is no such user. Throws Error LAST_ADMIN.
Task<std::optional<User>> change_user(
    db::Pool& pool, std::string id, UserChange change, events::Actor actor, Time now
);

struct Session {
    std::string id;
    std::string user_id;
    std::string refresh_hash;
    bool live = false;  ///< neither revoked nor expired
};

Task<> create_session(
    db::Pool& pool, Session const& session, Time now, Time expires_at, events::Actor const& actor
);
/// Replaces the refresh token; the user's id, or nothing when `old_hash` is not the current one.
Task<std::optional<std::string>> rotate_session(
    db::Pool& pool,
    std::string_view id,
    std::string_view old_hash,
    std::string_view new_hash,
    Time now,
    Time expires_at
);
Task<std::optional<Session>> find_session(db::Pool& pool, std::string_view id);
/// Ends a live session with its event; false when it had ended already.
Task<bool> end_session(
    db::Pool& pool, Session const& session, std::string reason, events::Actor actor, Time now
);
/// Ends every live session of the user but `keep`; their ids.
Task<std::vector<std::string>> end_sessions(
    db::Pool& pool,
    std::string user_id,
    std::string keep,
    std::string reason,
    events::Actor actor,
    Time now
);
/// A failed sign-in; without a user when there is no such account.
Task<> record_login_failure(
    db::Pool& pool, std::optional<std::string> user_id, events::Actor const& actor, Time now
);

/// Sessions revoked since `since`: their access tokens may not have expired yet.
Task<std::vector<std::string>> revoked_since(db::Pool& pool, Time since);
/// Deletes sessions that ended before `before`.
Task<std::int64_t> delete_old_sessions(db::Pool& pool, Time before);

/// The secret that every node shares; made when there is none.
Task<std::string> load_secret(db::Pool& pool);

}  // namespace showrunner::auth
