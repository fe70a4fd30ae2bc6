#include "api/context.hpp"
#include "tokens/feature.hpp"

namespace showrunner::tokens {

Task<http::Response> list_tokens(api::Context& context) {
    auto const tokens = co_await auth::list_api_tokens(context.services.db);
    co_return api::all(tokens);
}

Task<http::Response> create_token(api::Context& context) {
    auto input = context.body<CreateToken>();
    auth::NewApiToken wanted{std::move(input.name), std::move(input.scopes), {}};
    if (input.expires_at) wanted.expires_at = parse_time(*input.expires_at);
    auth::IssuedApiToken issued = co_await auth::issue_api_token(
        context.services.db, std::move(wanted), context.actor, context.services.clock.now()
    );
    context.services.tail.wake();
    auth::ApiToken& record = issued.record;
    co_return api::one(
        CreatedToken{
            std::move(record.id),
            std::move(record.name),
            std::move(record.prefix),
            std::move(record.scopes),
            record.expires_at,
            record.created_at,
            std::move(issued.token)
        },
        201
    );
}

Task<http::Response> revoke_token(api::Context& context) {
    bool const known = co_await auth::revoke_api_token(
        context.services.db, context.id(), context.actor, context.services.clock.now()
    );
    if (!known) throw Error{Code::not_found, "There is no such API token."};
    context.services.tail.wake();
    co_return http::Response::empty(204);
}

}  // namespace showrunner::tokens
