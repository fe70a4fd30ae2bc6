// The tokens feature: API tokens of programs, which admins make and revoke.
#pragma once

#include "api/route.hpp"
#include "auth/api_tokens.hpp"
#include "auth/events.hpp"
#include "db/failure.hpp"

namespace showrunner::tokens {

struct CreateToken {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "name", .min = 1, .max = 100, .about = "What the token is for."},
        json::Rule{.field = "scopes", .min = 1, .max = 10, .about = "What the token may do."},
        json::Rule{
            .field = "expires_at",
            .max = 40,
            .format = "date-time",
            .about = "It never expires when absent."
        },
    };
    std::string name;
    std::vector<auth::Scope> scopes;
    std::optional<std::string> expires_at;
};
BOOST_DESCRIBE_STRUCT(CreateToken, (), (name, scopes, expires_at))

/// The one answer that holds the secret.
struct CreatedToken {
    std::string id;
    std::string name;
    std::string prefix;
    std::vector<auth::Scope> scopes;
    std::optional<Time> expires_at;
    Time created_at;
    std::string token;  ///< shown this once
};
BOOST_DESCRIBE_STRUCT(CreatedToken, (), (id, name, prefix, scopes, expires_at, created_at, token))

Task<http::Response> list_tokens(api::Context& context);
Task<http::Response> create_token(api::Context& context);
Task<http::Response> revoke_token(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;

    static constexpr std::string_view name = "tokens";
    using Events = auth::TokenEvents;
    static constexpr std::span<db::ConstraintMeaning const> constraints = {};

    static constexpr std::array routes{
        api::Route{
            get,
            "/api/v1/tokens",
            "listTokens",
            "List the API tokens, without their secrets",
            admin,
            list_tokens,
            many,
            api::type<auth::ApiToken>("ApiToken")
        },
        api::Route{
            .verb = post,
            .path = "/api/v1/tokens",
            .id = "createToken",
            .summary = "Make an API token; only this answer shows it",
            .access = admin,
            .handler = create_token,
            .shape = one,
            .response = api::type<CreatedToken>("CreatedToken"),
            .body = api::Body::json,
            .request = api::type<CreateToken>("CreateToken"),
            .status = 201,
            .answer = api::Answer::secret,
        },
        api::Route{
            .verb = del,
            .path = "/api/v1/tokens/{id}",
            .id = "revokeToken",
            .summary = "Revoke an API token at once",
            .access = admin,
            .handler = revoke_token,
            .shape = none,
            .status = 204,
        },
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::tokens
