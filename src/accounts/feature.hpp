// The accounts feature: signing in, and who may.
#pragma once

#include "api/route.hpp"
#include "auth/events.hpp"
#include "auth/store.hpp"

namespace showrunner::accounts {

struct LoginInput {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "email", .min = 1, .max = 320},
        json::Rule{.field = "password", .min = 1, .max = 256},
    };
    std::string email;
    std::string password;
};
BOOST_DESCRIBE_STRUCT(LoginInput, (), (email, password))

struct Session {
    std::string access_token;
    int expires_in = 0;  ///< seconds
    auth::User user;
};
BOOST_DESCRIBE_STRUCT(Session, (), (access_token, expires_in, user))

struct UpdateMe {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "name", .min = 1, .max = 100},
        json::Rule{.field = "password", .min = 8, .max = 256},
        json::Rule{
            .field = "current_password", .max = 256, .about = "Required to change the password."
        },
    };
    std::optional<std::string> name;
    std::optional<std::string> password;
    std::optional<std::string> current_password;
};
BOOST_DESCRIBE_STRUCT(UpdateMe, (), (name, password, current_password))

struct CreateUser {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "email", .min = 3, .max = 320, .format = "email"},
        json::Rule{.field = "name", .min = 1, .max = 100},
        json::Rule{.field = "password", .min = 8, .max = 256},
    };
    std::string email;
    std::string name;
    auth::Role role = auth::Role::viewer;
    std::string password;
};
BOOST_DESCRIBE_STRUCT(CreateUser, (), (email, name, role, password))

struct UpdateUser {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{.field = "name", .min = 1, .max = 100}};
    std::optional<std::string> name;
    std::optional<auth::Role> role;
    std::optional<bool> active;
};
BOOST_DESCRIBE_STRUCT(UpdateUser, (), (name, role, active))

Task<http::Response> login(api::Context& context);
Task<http::Response> refresh(api::Context& context);
Task<http::Response> logout(api::Context& context);
Task<http::Response> get_me(api::Context& context);
Task<http::Response> update_me(api::Context& context);
Task<http::Response> list_users(api::Context& context);
Task<http::Response> list_user_names(api::Context& context);
Task<http::Response> create_user(api::Context& context);
Task<http::Response> get_user(api::Context& context);
Task<http::Response> update_user(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "accounts";
    using Events = auth::Events;
    static constexpr std::span<db::ConstraintMeaning const> constraints = auth::user_constraints;

    static constexpr api::Type user = api::type<auth::User>("User");
    static constexpr api::Type session = api::type<Session>("Session");

    static constexpr std::array routes{
        api::Route{
            post,
            "/api/v1/auth/login",
            "login",
            "Sign in with e-mail address and password",
            anyone,
            login,
            one,
            session,
            Body::json,
            api::type<LoginInput>("LoginInput")
        },
        api::Route{
            post,
            "/api/v1/auth/refresh",
            "refresh",
            "A new access token for the session of the refresh cookie",
            anyone,
            refresh,
            one,
            session
        },
        api::Route{
            post,
            "/api/v1/auth/logout",
            "logout",
            "End the session at once",
            anyone,
            logout,
            none,
            {},
            Body::none,
            {},
            nullptr,
            204
        },
        api::Route{get, "/api/v1/auth/me", "getMe", "Who is signed in", viewer, get_me, one, user},
        api::Route{
            patch,
            "/api/v1/auth/me",
            "updateMe",
            "Change one's own name or password",
            viewer,
            update_me,
            one,
            user,
            Body::json,
            api::type<UpdateMe>("UpdateMe")
        },
        api::Route{
            get, "/api/v1/users", "listUsers", "List the users", admin, list_users, many, user
        },
        api::Route{
            post,
            "/api/v1/users",
            "createUser",
            "Add a user",
            admin,
            create_user,
            one,
            user,
            Body::json,
            api::type<CreateUser>("CreateUser"),
            nullptr,
            201
        },
        api::Route{
            get,
            "/api/v1/users/names",
            "listUserNames",
            "The names of all users, by id",
            viewer,
            list_user_names,
            many,
            api::type<auth::UserName>("UserName")
        },
        api::Route{get, "/api/v1/users/{id}", "getUser", "Get a user", admin, get_user, one, user},
        api::Route{
            patch,
            "/api/v1/users/{id}",
            "updateUser",
            "Change a user's name, role or state",
            admin,
            update_user,
            one,
            user,
            Body::json,
            api::type<UpdateUser>("UpdateUser")
        },
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::accounts
