// Users, for the operator who has no password yet or lost it.
#include "base/id.hpp"
#include "cli/commands.hpp"

#include <cstdio>
#include <iostream>

namespace showrunner::cli {

namespace {

/// The password from standard input, or a random one that is printed.
std::string new_password(Options const& options) {
    if (!options.password_stdin) {
        std::string password = random_token(12);
        std::printf("password: %s\n", password.c_str());
        return password;
    }
    std::string password;
    std::getline(std::cin, password);
    return password;
}

Task<> add(app::App& app, Options const& options, std::string password) {
    auto const role = json::enum_from<auth::Role>(options.role).value_or(auth::Role::viewer);
    std::string const name = options.name.empty() ? options.email : options.name;
    auth::User const user =
        co_await app.services().accounts.create(options.email, name, role, password, {});
    std::printf(
        "added %s (%s) as %s\n", user.email.c_str(), user.name.c_str(), options.role.c_str()
    );
}

Task<> list(app::App& app) {
    auto const users = co_await auth::list_users(app.services().db);
    for (auth::User const& user : users) {
        std::printf(
            "%-32s %-24s %-7s%s\n",
            user.email.c_str(),
            user.name.c_str(),
            std::string{json::name_of(user.role)}.c_str(),
            user.active ? "" : " inactive"
        );
    }
}

Task<> set(app::App& app, Options const& options, std::string password) {
    auto const found = co_await auth::find_user_by_email(app.services().db, options.email);
    if (!found) throw std::runtime_error{"there is no user with this e-mail address"};
    auth::check_password(password, "password");
    auth::UserChange change;
    change.password_hash = auth::hash_password(password);
    co_await app.services().accounts.change(found->user.id, std::move(change), {});
    co_await auth::end_sessions(
        app.services().db,
        found->user.id,
        "",
        "the password was set by an operator",
        {},
        app.services().clock.now()
    );
    std::printf("password set for %s\n", found->user.email.c_str());
}

}  // namespace

int add_user(Options const& options) {
    std::string const password = new_password(options);
    return with_app(options, [&](app::App& app) { return add(app, options, password); });
}

int list_users(Options const& options) {
    return with_app(options, list);
}

int set_password(Options const& options) {
    std::string const password = new_password(options);
    return with_app(options, [&](app::App& app) { return set(app, options, password); });
}

}  // namespace showrunner::cli
