#include "auth/api_tokens.hpp"

#include "auth/events.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "db/described.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace showrunner::auth {

namespace {

using db::Lane;
using db::Query;

constexpr std::string_view token_mark = "sr_";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t token_length = token_mark.size() + (secret_bytes * 4 + 2) / 3;
constexpr std::size_t prefix_length = 8;
constexpr std::chrono::minutes use_noted_every{1};

// The index is searched for a hash: how long that takes tells nothing of a secret.
Query const find_token_by_hash{
    "find_api_token_by_hash",
    "SELECT " + db::columns_of<ApiToken>() + " FROM api_tokens WHERE hash = $1",
    Lane::read
};

Query const find_token_by_id{
    "find_api_token_by_id",
    "SELECT " + db::columns_of<ApiToken>() + " FROM api_tokens WHERE id = $1",
    Lane::read
};

Query const note_token_use{
    "note_api_token_use",
    "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 "
    "AND (last_used_at IS NULL OR last_used_at <= $3)",
    Lane::change
};

Query const insert_token{
    "insert_api_token",
    events::appending_one(
        "INSERT INTO api_tokens (id, name, hash, prefix, scopes, created_by, created_at, "
        "expires_at) SELECT $1, $2, $3, $4, $5::text[], $6, $7, $8 "
        "WHERE (SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL) < $9 RETURNING " +
            db::columns_of<ApiToken>(),
        10
    ),
    Lane::change
};

Query const list_tokens{
    "list_api_tokens",
    "SELECT " + db::columns_of<ApiToken>() +
        " FROM api_tokens ORDER BY revoked_at IS NOT NULL, created_at DESC, id DESC LIMIT $1",
    Lane::scan
};

Query const revoke_token{
    "revoke_api_token",
    events::appending_one(
        "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id", 3
    ),
    Lane::change
};

Error refused(std::string_view code, std::string const& detail) {
    return Error{Code::unauthenticated, code, detail};
}

std::vector<std::string> names_of(std::vector<Scope> const& scopes) {
    std::vector<std::string> names;
    names.reserve(scopes.size());
    for (Scope const scope : scopes) names.emplace_back(json::name_of(scope));
    return names;
}

void check(NewApiToken const& token, Time now) {
    if (token.scopes.empty()) {
        throw invalid_field("scopes", "REQUIRED", "must name at least one scope");
    }
    if (token.expires_at && *token.expires_at <= now) {
        throw invalid_field("expires_at", "PAST", "must be in the future");
    }
}

}  // namespace

bool is_api_token(std::string_view token) {
    return token.starts_with(token_mark);
}

Task<Principal> authenticate_api_token(db::Pool& pool, std::string_view token, Time now) {
    bool const plausible = is_api_token(token) && token.size() == token_length;
    if (!plausible) throw refused("INVALID_TOKEN", "The API token is not valid.");
    db::Rows const rows = co_await pool.run(find_token_by_hash, db::Params{sha256_hex(token)});
    if (rows.empty()) throw refused("INVALID_TOKEN", "The API token is not valid.");
    auto const found = db::read<ApiToken>(rows.front());
    if (found.revoked_at) throw refused("TOKEN_REVOKED", "The API token has been revoked.");
    if (found.expires_at && *found.expires_at <= now) {
        throw refused("TOKEN_EXPIRED", "The API token has expired.");
    }
    Time const noted_before = now - use_noted_every;
    if (!found.last_used_at || *found.last_used_at <= noted_before) {
        co_await pool.run(note_token_use, db::Params{found.id, now, noted_before});
    }
    Principal principal;
    principal.name = found.name;
    principal.expires_at = found.expires_at.value_or(Time::max());
    principal.token_id = found.id;
    principal.scopes = found.scopes;
    co_return principal;
}

Task<IssuedApiToken> issue_api_token(
    db::Pool& pool, NewApiToken token, events::Actor actor, Time now
) {
    check(token, now);
    std::ranges::sort(token.scopes);
    auto const repeated = std::ranges::unique(token.scopes);
    token.scopes.erase(repeated.begin(), repeated.end());
    std::string const id = new_id();
    std::string secret = std::string{token_mark} + random_token(secret_bytes);
    std::string const prefix = secret.substr(0, prefix_length);
    auto const scopes = names_of(token.scopes);
    auto const expires_at =
        token.expires_at ? std::optional{to_rfc3339(*token.expires_at)} : std::nullopt;
    TokenCreated const event{id, token.name, prefix, scopes, expires_at};
    db::Params params{id, token.name, sha256_hex(secret), prefix, scopes};
    params.add(actor.user_id).add(now).add(token.expires_at).add(api_tokens_max);
    events::add_one(params, actor, events::make_entry(event, actor, {id, {}, {}}, now));
    db::Rows const rows = co_await pool.run(insert_token, std::move(params));
    if (rows.empty()) {
        throw Error{
            Code::conflict,
            "TOO_MANY_TOKENS",
            fmt::format("There are {} API tokens: revoke some first.", api_tokens_max)
        };
    }
    co_return IssuedApiToken{db::read<ApiToken>(rows.front()), std::move(secret)};
}

Task<std::vector<ApiToken>> list_api_tokens(db::Pool& pool) {
    db::Rows const rows = co_await pool.run(list_tokens, db::Params{api_tokens_max});
    std::vector<ApiToken> tokens;
    for (db::Row const row : rows) tokens.push_back(db::read<ApiToken>(row));
    co_return tokens;
}

Task<bool> revoke_api_token(db::Pool& pool, std::string id, events::Actor actor, Time now) {
    db::Rows const found = co_await pool.run(find_token_by_id, db::Params{id});
    if (found.empty()) co_return false;
    TokenRevoked const event{id, db::read<ApiToken>(found.front()).name};
    db::Params params{id, now};
    events::add_one(params, actor, events::make_entry(event, actor, {id, {}, {}}, now));
    co_await pool.run(revoke_token, std::move(params));
    co_return true;
}

}  // namespace showrunner::auth
