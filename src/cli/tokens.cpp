// API tokens, for the operator who sets up programs such as job workers.
#include "auth/api_tokens.hpp"
#include "base/id.hpp"
#include "cli/commands.hpp"

#include <fmt/ranges.h>

#include <cstdio>

namespace showrunner::cli {

namespace {

std::string_view state_of(auth::ApiToken const& token, Time now) {
    if (token.revoked_at) return "revoked";
    return token.expires_at && *token.expires_at <= now ? "expired" : "live";
}

Task<> add(app::App& app, Options const& options) {
    Time const now = app.services().clock.now();
    auth::NewApiToken wanted{options.name, {}, {}};
    for (std::string const& scope : options.scopes) {
        wanted.scopes.push_back(json::enum_from<auth::Scope>(scope).value());
    }
    if (options.expires_days > 0) wanted.expires_at = now + std::chrono::days{options.expires_days};
    auto const issued =
        co_await auth::issue_api_token(app.services().db, std::move(wanted), {}, now);
    // The token alone on standard output: `export TOKEN=$(showrunner token add …)`.
    std::fprintf(
        stderr, "made the API token %s; it is shown this once\n", issued.record.id.c_str()
    );
    std::printf("%s\n", issued.token.c_str());
}

Task<> list(app::App& app) {
    Time const now = app.services().clock.now();
    auto const tokens = co_await auth::list_api_tokens(app.services().db);
    for (auth::ApiToken const& token : tokens) {
        std::vector<std::string_view> scopes;
        scopes.reserve(token.scopes.size());
        for (auth::Scope const scope : token.scopes) scopes.push_back(json::name_of(scope));
        std::string const line = fmt::format(
            "{}  {}…  {:<8} {:<8} {:<24}  {}\n",
            token.id,
            token.prefix,
            state_of(token, now),
            fmt::join(scopes, ","),
            token.last_used_at ? to_rfc3339(*token.last_used_at) : "never used",
            token.name
        );
        std::fputs(line.c_str(), stdout);
    }
}

Task<> revoke(app::App& app, Options const& options) {
    bool const known = co_await auth::revoke_api_token(
        app.services().db, options.id, {}, app.services().clock.now()
    );
    if (!known) throw std::runtime_error{"there is no API token of this id"};
    std::printf("revoked %s\n", options.id.c_str());
}

}  // namespace

int add_token(Options const& options) {
    return with_app(options, [&](app::App& app) { return add(app, options); });
}

int list_tokens(Options const& options) {
    return with_app(options, list);
}

int revoke_token(Options const& options) {
    if (!is_id(options.id)) throw std::runtime_error{"the id of an API token is a UUID"};
    return with_app(options, [&](app::App& app) { return revoke(app, options); });
}

}  // namespace showrunner::cli
