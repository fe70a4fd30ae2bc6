#include "auth/store.hpp"

#include "auth/events.hpp"
#include "db/described.hpp"

#include <sodium.h>

namespace showrunner::auth {

namespace {

using db::Lane;
using db::Query;

Query const find_user_by_id{
    "find_user_by_id", "SELECT " + db::columns_of<User>() + " FROM users WHERE id = $1", Lane::read
};

Query const find_user_with_password{
    "find_user_with_password",
    "SELECT " + db::columns_of<User>() +
        ", coalesce(password_hash, '') FROM users WHERE lower(email) = lower($1)",
    Lane::read
};

Query const list_all_users{
    "list_all_users",
    "SELECT " + db::columns_of<User>() + " FROM users ORDER BY lower(name), id LIMIT 10000",
    Lane::scan
};

Query const list_all_user_names{
    "list_all_user_names",
    "SELECT id, name FROM users ORDER BY lower(name), id LIMIT 10000",
    Lane::scan
};

Query const user_exists{"user_exists", "SELECT EXISTS (SELECT FROM users)", Lane::read};

Query const insert_user{
    "insert_user",
    events::appending_one(
        "INSERT INTO users (id, email, name, role, password_hash, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4::user_role, nullif($5, ''), $6, $6) RETURNING " +
            db::columns_of<User>(),
        7
    ),
    Lane::change
};

// An admin stops being one only while there is another, whose row is locked: two who remove each
// other at the same moment would both still see the other.
Query const update_user{
    "update_user",
    events::appending_one(
        "WITH admins AS (SELECT id FROM users WHERE role = 'admin' AND active ORDER BY id "
        "FOR UPDATE) "
        "UPDATE users SET name = coalesce($3, name), role = coalesce($4::user_role, role), "
        "active = coalesce($5, active), password_hash = coalesce($6, password_hash), "
        "version = version + 1, updated_at = $7 WHERE id = $1 AND version = $2 "
        "AND CASE WHEN role = 'admin' AND active "
        "AND NOT (coalesce($4::user_role, role) = 'admin' AND coalesce($5, active)) "
        "THEN EXISTS (SELECT FROM admins WHERE admins.id <> $1) ELSE true END RETURNING " +
            db::columns_of<User>(),
        8
    ),
    Lane::change
};

// A sign-in is a change like any other: its session and its event are one statement.
Query const insert_session{
    "insert_session",
    events::appending_one(
        "INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at, "
        "ip, "
        "user_agent) VALUES ($1, $2, $3, $4, $4, $5, nullif($6, '')::inet, $7) RETURNING id",
        8
    ),
    Lane::change
};

Query const rotate_refresh_token{
    "rotate_refresh_token",
    "UPDATE sessions SET refresh_hash = $3, refreshed_at = $4, expires_at = $5 "
    "WHERE id = $1 AND refresh_hash = $2 AND revoked_at IS NULL AND expires_at > $4 "
    "RETURNING user_id",
    Lane::change
};

Query const find_session_by_id{
    "find_session_by_id",
    "SELECT id, user_id, refresh_hash, revoked_at IS NULL AND expires_at > now() "
    "FROM sessions WHERE id = $1",
    Lane::read
};

Query const end_one_session{
    "end_one_session",
    events::appending_one(
        "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id", 3
    ),
    Lane::change
};

Query const live_sessions{
    "live_sessions",
    "SELECT id, user_id, refresh_hash, true FROM sessions WHERE user_id = $1 AND revoked_at IS "
    "NULL "
    "AND id::text <> $2 LIMIT 1000",
    Lane::scan
};

Query const append_login_failure{
    "append_login_failure", events::appending_one("SELECT 1", 1), Lane::change
};

Query const list_revoked{
    "list_revoked", "SELECT id FROM sessions WHERE revoked_at >= $1 LIMIT 100000", Lane::scan
};

Query const delete_ended_sessions{
    "delete_ended_sessions",
    "DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1",
    Lane::change
};

// The first node's secret wins; every other one reads it back.
Query const keep_secret{
    "keep_secret",
    "INSERT INTO server_secrets (name, value) VALUES ('main', decode($1, 'hex')) ON CONFLICT DO "
    "NOTHING",
    Lane::change
};

Query const read_secret{
    "read_secret", "SELECT encode(value, 'hex') FROM server_secrets WHERE name = 'main'", Lane::read
};

Session session_of(db::Row const& row) {
    return {
        row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<bool>(3)
    };
}

}  // namespace

Task<std::optional<User>> find_user(db::Pool& pool, std::string_view id) {
    db::Rows const rows = co_await pool.run(find_user_by_id, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<User>(rows.front());
}

Task<std::optional<UserWithPassword>> find_user_by_email(db::Pool& pool, std::string_view email) {
    db::Rows const rows = co_await pool.run(find_user_with_password, db::Params{email});
    if (rows.empty()) co_return std::nullopt;
    db::Row const row = rows.front();
    co_return UserWithPassword{db::read<User>(row), row.get<std::string>(row.columns() - 1)};
}

Task<std::vector<User>> list_users(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(list_all_users);
    std::vector<User> users;
    for (db::Row const row : rows) users.push_back(db::read<User>(row));
    co_return users;
}

Task<std::vector<UserName>> list_user_names(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(list_all_user_names);
    std::vector<UserName> names;
    for (db::Row const row : rows) names.push_back(db::read<UserName>(row));
    co_return names;
}

Task<bool> any_user(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(user_exists);
    co_return rows.front().get<bool>(0);
}

Task<User> create_user(db::Pool& pool, NewUser user, events::Actor actor, Time now) {
    std::string const id = new_id();
    UserCreated const event{id, user.name, user.email, std::string{json::name_of(user.role)}};
    events::Changes changes;
    changes.add("email", "null", json::to_text(user.email));
    changes.add("name", "null", json::to_text(user.name));
    changes.add("role", "null", json::to_text(user.role));
    db::Params params{id, user.email, user.name, json::name_of(user.role), user.password_hash, now};
    events::add_one(params, actor, events::make_entry(event, actor, {id, {}, {}}, now, changes));
    db::Rows const rows = co_await pool.run(insert_user, std::move(params));
    co_return db::read<User>(rows.front());
}

namespace {

bool is_admin(User const& user) {
    return user.active && user.role == Role::admin;
}

/// Somebody must be left who can let others in.
Task<> need_another_admin(db::Pool& pool, std::string id) {
    std::vector<User> const users = co_await list_users(pool);
    bool const other = std::any_of(users.begin(), users.end(), [&](User const& user) {
        return user.id != id && is_admin(user);
    });
    if (!other)
        throw Error{Code::conflict, "LAST_ADMIN", "There must be another active admin first."};
}

}  // namespace

Task<std::optional<User>> change_user(
    db::Pool& pool, std::string id, UserChange change, events::Actor actor, Time now
) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        auto const before = co_await find_user(pool, id);
        if (!before) co_return std::nullopt;
        events::Changes changes;
        auto const note = [&](std::string_view field, auto const& was, auto const& wanted) {
            if (wanted && *wanted != was) {
                changes.add(field, json::to_text(was), json::to_text(*wanted));
            }
        };
        note("name", before->name, change.name);
        note("role", before->role, change.role);
        note("active", before->active, change.active);
        if (change.password_hash) changes.add("password", "null", R"("changed")");
        if (changes.empty()) co_return before;
        User after = *before;
        after.role = change.role.value_or(before->role);
        after.active = change.active.value_or(before->active);
        if (is_admin(*before) && !is_admin(after)) co_await need_another_admin(pool, id);
        UserUpdated const event{id, change.name.value_or(before->name), changes.fields()};
        db::Params params{id, before->version, change.name};
        params.add(change.role ? std::optional{json::name_of(*change.role)} : std::nullopt)
            .add(change.active)
            .add(change.password_hash)
            .add(now);
        events::add_one(
            params, actor, events::make_entry(event, actor, {id, {}, {}}, now, changes)
        );
        db::Rows const rows = co_await pool.run(update_user, std::move(params));
        if (!rows.empty()) co_return db::read<User>(rows.front());
        // Somebody else changed the user between the two statements: look again.
    }
    throw Error{Code::unavailable, "The user changes too fast. Try again."};
}

Task<> create_session(
    db::Pool& pool, Session const& session, Time now, Time expires_at, events::Actor const& actor
) {
    Login const event{session.user_id, session.id};
    db::Params params{
        session.id,
        session.user_id,
        session.refresh_hash,
        now,
        expires_at,
        actor.ip,
        actor.user_agent
    };
    events::add_one(
        params, actor, events::make_entry(event, actor, {session.user_id, {}, {}}, now)
    );
    co_await pool.run(insert_session, std::move(params));
}

Task<std::optional<std::string>> rotate_session(
    db::Pool& pool,
    std::string_view id,
    std::string_view old_hash,
    std::string_view new_hash,
    Time now,
    Time expires_at
) {
    db::Rows const rows = co_await pool.run(
        rotate_refresh_token, db::Params{id, old_hash, new_hash, now, expires_at}
    );
    if (rows.empty()) co_return std::nullopt;
    co_return rows.front().get<std::string>(0);
}

Task<std::optional<Session>> find_session(db::Pool& pool, std::string_view id) {
    db::Rows const rows = co_await pool.run(find_session_by_id, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    co_return session_of(rows.front());
}

Task<bool> end_session(
    db::Pool& pool, Session const& session, std::string reason, events::Actor actor, Time now
) {
    SessionEnded const event{session.user_id, session.id, std::move(reason)};
    db::Params params{session.id, now};
    events::add_one(
        params, actor, events::make_entry(event, actor, {session.user_id, {}, {}}, now)
    );
    db::Rows const rows = co_await pool.run(end_one_session, std::move(params));
    co_return !rows.empty();
}

Task<std::vector<std::string>> end_sessions(
    db::Pool& pool,
    std::string user_id,
    std::string keep,
    std::string reason,
    events::Actor actor,
    Time now
) {
    db::Rows const rows = co_await pool.run(live_sessions, db::Params{user_id, keep});
    std::vector<std::string> ended;
    for (db::Row const row : rows) {
        Session const session = session_of(row);
        bool const was_live = co_await end_session(pool, session, reason, actor, now);
        if (was_live) ended.push_back(session.id);
    }
    co_return ended;
}

Task<> record_login_failure(
    db::Pool& pool, std::optional<std::string> user_id, events::Actor const& actor, Time now
) {
    LoginFailed const event{user_id};
    db::Params params;
    events::add_one(params, actor, events::make_entry(event, actor, {user_id, {}, {}}, now));
    co_await pool.run(append_login_failure, std::move(params));
}

Task<std::vector<std::string>> revoked_since(db::Pool& pool, Time since) {
    db::Rows const rows = co_await pool.run(list_revoked, db::Params{since});
    std::vector<std::string> ids;
    for (db::Row const row : rows) ids.push_back(row.get<std::string>(0));
    co_return ids;
}

Task<std::int64_t> delete_old_sessions(db::Pool& pool, Time before) {
    db::Rows const rows = co_await pool.run(delete_ended_sessions, db::Params{before});
    co_return rows.affected();
}

Task<std::string> load_secret(db::Pool& pool) {
    std::string fresh(32, '\0');
    randombytes_buf(fresh.data(), fresh.size());
    std::string hex(fresh.size() * 2 + 1, '\0');
    sodium_bin2hex(
        hex.data(), hex.size(), reinterpret_cast<unsigned char const*>(fresh.data()), fresh.size()
    );
    hex.pop_back();  // The terminating zero.
    co_await pool.run(keep_secret, db::Params{hex});
    db::Rows const rows = co_await pool.run(read_secret);
    co_return rows.front().get<std::string>(0);
}

}  // namespace showrunner::auth
