#include "accounts/feature.hpp"
#include "api/bearer.hpp"
#include "api/context.hpp"

namespace showrunner::accounts {

namespace {

constexpr std::string_view refresh_cookie = "sr_refresh";
constexpr std::string_view csrf_cookie = "sr_csrf";

struct Cookie {
    std::string_view name;
    std::string_view value;
    std::string_view attributes;
};

/// The refresh token goes only to the routes that need it; the CSRF token is for scripts to read.
void set_cookies(
    http::Response& response,
    http::Request const& request,
    std::string_view refresh_token,
    std::string_view csrf,
    std::int64_t max_age_s
) {
    for (Cookie const& cookie :
         {Cookie{refresh_cookie, refresh_token, "Path=/api/v1/auth; HttpOnly"},
          Cookie{csrf_cookie, csrf, "Path=/"}}) {
        response.headers.add(
            "Set-Cookie",
            fmt::format(
                "{}={}; {}; Max-Age={}; SameSite=Strict{}",
                cookie.name,
                cookie.value,
                cookie.attributes,
                max_age_s,
                request.secure ? "; Secure" : ""
            )
        );
    }
}

http::Response signed_in(api::Context const& context, auth::SignedIn const& result) {
    http::Response response =
        api::one(Session{result.access_token, result.expires_in, result.user});
    std::int64_t const max_age = std::chrono::seconds{auth::Accounts::session_lifetime}.count();
    set_cookies(response, context.request, result.refresh_token, result.csrf_token, max_age);
    return response;
}

Task<auth::User> need_user(api::Context& context, std::string id) {
    auto user = co_await auth::find_user(context.services.db, id);
    if (!user) throw Error{Code::not_found, "There is no such user."};
    co_return std::move(*user);
}

}  // namespace

Task<http::Response> login(api::Context& context) {
    auto input = context.body<LoginInput>();
    auth::SignedIn const result = co_await context.services.accounts.login(
        std::move(input.email), std::move(input.password), context.actor
    );
    context.services.tail.wake();
    co_return signed_in(context, result);
}

Task<http::Response> refresh(api::Context& context) {
    std::string const token{context.request.cookie(refresh_cookie)};
    std::string const csrf{context.request.headers.get("X-CSRF-Token")};
    if (token.empty()) throw Error{Code::unauthenticated, "NO_SESSION", "You are not signed in."};
    auth::SignedIn const result =
        co_await context.services.accounts.refresh(token, csrf, context.actor);
    co_return signed_in(context, result);
}

Task<http::Response> logout(api::Context& context) {
    auth::Accounts& accounts = context.services.accounts;
    std::string_view const token = api::bearer_token(context.request);
    std::string session_id;
    if (!token.empty()) {
        auth::Principal const principal = co_await accounts.authenticate(token);
        context.actor.user_id = principal.user_id;
        context.actor.name = principal.name;
        session_id = principal.session_id;
    } else {
        session_id = accounts.session_of_refresh_token(
            context.request.cookie(refresh_cookie), context.request.headers.get("X-CSRF-Token")
        );
    }
    co_await accounts.logout(std::move(session_id), context.actor);
    context.services.tail.wake();
    http::Response response = http::Response::empty(204);
    set_cookies(response, context.request, "", "", 0);
    co_return response;
}

Task<http::Response> get_me(api::Context& context) {
    auth::User const user = co_await need_user(context, context.principal.user_id);
    co_return api::record(user);
}

Task<http::Response> update_me(api::Context& context) {
    auto input = context.body<UpdateMe>();
    auth::Accounts& accounts = context.services.accounts;
    if (input.password) {
        if (!input.current_password) {
            throw invalid_field(
                "current_password", "REQUIRED", "is required to change the password"
            );
        }
        co_await accounts.change_password(
            context.principal,
            std::move(*input.current_password),
            std::move(*input.password),
            context.actor
        );
    }
    auth::UserChange change;
    change.name = std::move(input.name);
    auth::User const user =
        co_await accounts.change(context.principal.user_id, std::move(change), context.actor);
    context.services.tail.wake();
    co_return api::record(user);
}

Task<http::Response> list_users(api::Context& context) {
    std::vector<auth::User> const users = co_await auth::list_users(context.services.db);
    co_return api::all(users);
}

Task<http::Response> list_user_names(api::Context& context) {
    std::vector<auth::UserName> const names = co_await auth::list_user_names(context.services.db);
    co_return api::all(names);
}

Task<http::Response> create_user(api::Context& context) {
    auto input = context.body<CreateUser>();
    auth::User const user = co_await context.services.accounts.create(
        std::move(input.email),
        std::move(input.name),
        input.role,
        std::move(input.password),
        context.actor
    );
    context.services.tail.wake();
    co_return api::record(user, 201);
}

Task<http::Response> get_user(api::Context& context) {
    auth::User const user = co_await need_user(context, context.id());
    co_return api::record(user);
}

Task<http::Response> update_user(api::Context& context) {
    std::string const id = context.id();
    auto input = context.body<UpdateUser>();
    auth::UserChange change;
    change.name = std::move(input.name);
    change.role = input.role;
    change.active = input.active;
    auth::User const user =
        co_await context.services.accounts.change(id, std::move(change), context.actor);
    context.services.tail.wake();
    co_return api::record(user);
}

}  // namespace showrunner::accounts
