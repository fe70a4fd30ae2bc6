// The commands. Each returns the exit status, or throws std::exception with a sentence to show.
#pragma once

#include "app/app.hpp"
#include "cli/options.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <functional>

namespace showrunner::cli {

int serve(Options const& options);
int work(Options const& options);
int migrate(Options const& options);
int reset_database(Options const& options);
int print_database_url(Options const& options);
int add_user(Options const& options);
int list_users(Options const& options);
int set_password(Options const& options);
int add_token(Options const& options);
int list_tokens(Options const& options);
int revoke_token(Options const& options);
int import_file(Options const& options);
int print_config(Options const& options);
int print_docs(Options const& options);

/// Runs a task to its end on an event loop that has nothing else to do.
void run_to_end(asio::io_context& io, Task<> task);

/// Runs `work` on the database that the configuration names, beside a running server or alone.
int with_app(Options const& options, std::function<Task<>(app::App&)> work);

}  // namespace showrunner::cli
