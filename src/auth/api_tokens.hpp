// API tokens: what programs sign in with. `sr_` and 32 random bytes, shown once; only the SHA-256
// is kept. A token may do what its scopes name and nothing else, until it expires or is revoked.
// Every use looks it up, so the end of a token is known to every node at once.
#pragma once

#include "auth/principal.hpp"
#include "db/pool.hpp"
#include "events/ledger.hpp"

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::auth {

/// An API token as admins see it: without the secret.
struct ApiToken {
    std::string id;
    std::string name;
    std::string prefix;  ///< the first 8 characters, to recognise it by
    std::vector<Scope> scopes;
    std::optional<std::string> created_by;  ///< a user; none: the command line
    Time created_at;
    std::optional<Time> expires_at;
    std::optional<Time> last_used_at;  ///< written at most once a minute
    std::optional<Time> revoked_at;
};
BOOST_DESCRIBE_STRUCT(
    ApiToken,
    (),
    (id, name, prefix, scopes, created_by, created_at, expires_at, last_used_at, revoked_at)
)

struct NewApiToken {
    std::string name;
    std::vector<Scope> scopes;  ///< at least one
    std::optional<Time> expires_at;
};

struct IssuedApiToken {
    ApiToken record;
    std::string token;  ///< the secret: nobody can read it again
};

/// How many that are not revoked there may be.
inline constexpr int api_tokens_max = 1000;

/// Is it meant as one? A person's access token never is.
[[nodiscard]] bool is_api_token(std::string_view token);

/// The token's name, id and scopes. Throws Error{Code::unauthenticated}: INVALID_TOKEN,
/// TOKEN_EXPIRED or TOKEN_REVOKED.
Task<Principal> authenticate_api_token(db::Pool& pool, std::string_view token, Time now);

/// Throws Error{Code::invalid} without a scope or when it would have expired already, and
/// TOO_MANY_TOKENS.
Task<IssuedApiToken> issue_api_token(
    db::Pool& pool, NewApiToken token, events::Actor actor, Time now
);

/// Those that may be used first, then the newest; at most api_tokens_max.
Task<std::vector<ApiToken>> list_api_tokens(db::Pool& pool);

/// False when there is none of this id; one that is revoked already stays as it is.
Task<bool> revoke_api_token(db::Pool& pool, std::string id, events::Actor actor, Time now);

}  // namespace showrunner::auth
