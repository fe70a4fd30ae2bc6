// The database: its schema, its address, and what every other command needs of it.
#include "cli/commands.hpp"
#include "db/migrate.hpp"

#include <cstdio>
#include <iostream>

namespace showrunner::cli {

namespace {

/// Runs `work` with a pool and nothing else: the schema may be of any version.
int with_pool(Options const& options, std::function<Task<>(db::Pool&)> work) {
    app::Database const database{options.config.config, app::Database::Use::tool};
    asio::io_context io{1};
    metrics::Registry registry;
    db::PoolOptions pool_options;
    pool_options.url = database.url();
    db::Pool pool{io.get_executor(), pool_options, registry};
    run_to_end(io, work(pool));
    return 0;
}

Task<> print_status(db::Pool& pool) {
    db::Migrator migrator{pool};
    auto const status = co_await migrator.status();
    for (db::MigrationStatus const& each : status) {
        std::string const state = !each.known    ? "applied, unknown to this program"
                                  : each.changed ? "applied, but its text has changed"
                                  : each.applied ? "applied " + each.applied_at
                                                 : "missing";
        std::printf("%04d %-24s %s\n", each.number, each.name.c_str(), state.c_str());
    }
    std::string const mismatch = co_await migrator.mismatch();
    if (!mismatch.empty()) std::printf("%s\n", mismatch.c_str());
}

Task<> migrate_up(db::Pool& pool) {
    db::Migrator migrator{pool};
    auto const applied = co_await migrator.up();
    for (int const number : applied) std::printf("applied %04d\n", number);
    if (applied.empty()) std::printf("nothing to do\n");
}

Task<> migrate_down(db::Pool& pool, int target) {
    db::Migrator migrator{pool};
    auto const taken_back = co_await migrator.down(target);
    for (int const number : taken_back) std::printf("took back %04d\n", number);
    if (taken_back.empty()) std::printf("nothing to do\n");
}

Task<> reset(db::Pool& pool) {
    db::Migrator migrator{pool};
    co_await migrator.down(0);
    co_await migrator.up();
    std::printf("the database is empty\n");
}

bool confirmed() {
    std::printf(
        "This deletes every episode, file, user and event. Type \"delete everything\" to go on: "
    );
    std::fflush(stdout);
    std::string line;
    return std::getline(std::cin, line) && line == "delete everything";
}

Task<> prepare_and_run(app::App& app, std::function<Task<>(app::App&)> work) {
    co_await app.prepare();
    co_await work(app);
}

}  // namespace

void run_to_end(asio::io_context& io, Task<> task) {
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
        failure = error;
        io.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

int with_app(Options const& options, std::function<Task<>(app::App&)> work) {
    app::Config const& config = options.config.config;
    app::Database const database{config, app::Database::Use::tool};
    asio::io_context io{1};
    app::App app{io, config, database.url()};
    run_to_end(io, prepare_and_run(app, std::move(work)));
    return 0;
}

int migrate(Options const& options) {
    return with_pool(options, [&](db::Pool& pool) {
        if (options.command == "migrate up") return migrate_up(pool);
        if (options.command == "migrate down") return migrate_down(pool, options.target);
        return print_status(pool);
    });
}

int reset_database(Options const& options) {
    if (!options.yes && !confirmed()) {
        std::fprintf(stderr, "nothing was deleted\n");
        return 1;
    }
    return with_pool(options, reset);
}

int print_database_url(Options const& options) {
    app::Config const& config = options.config.config;
    std::string const url = config.database_url.empty()
                                ? db::running_private_postgres(config.data_dir)
                                : config.database_url;
    if (url.empty()) {
        throw std::runtime_error{"no server runs on " + config.data_dir + ": showrunner serve"};
    }
    std::printf("%s\n", url.c_str());
    return 0;
}

}  // namespace showrunner::cli
