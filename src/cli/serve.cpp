#include "app/app.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

namespace showrunner::cli {

namespace {

/// Every connection is a file: as many as we may have.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void print_line(std::string const& line) {
    if (line.empty()) return;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

/// Who sends a second signal does not want to wait for what is under way.
Task<> hurry_at_signal(app::App& app, asio::signal_set& signals) {
    int const signal = co_await signals.async_wait(asio::use_awaitable);
    log::info("stopping_at_once", {{"signal", signal}});
    app.hurry();
}

Task<> stop_at_signal(app::App& app, asio::signal_set& signals) {
    int const signal = co_await signals.async_wait(asio::use_awaitable);
    log::info("stopping", {{"signal", signal}});
    spawn(signals.get_executor(), "second_signal", hurry_at_signal(app, signals));
    co_await app.stop();
}

Task<> serve_until_signal(app::App& app, asio::signal_set& signals) {
    co_await app.prepare();
    print_line(co_await app.make_first_admin());
    std::string const url = co_await app.start();
    print_line("ready " + url);
    log::info("ready", {{"url", url}, {"version", SHOWRUNNER_VERSION}});
    co_await stop_at_signal(app, signals);
}

Task<> work_until_signal(app::App& app, asio::signal_set& signals) {
    co_await app.prepare();
    co_await app.start_work();
    print_line("working");
    co_await stop_at_signal(app, signals);
}

using Service = Task<> (*)(app::App& app, asio::signal_set& signals);

/// A process that ends at a signal.
int run_service(Options const& options, app::Database::Use use, Service service) {
    raise_file_limit();
    std::signal(SIGPIPE, SIG_IGN);
    app::Config const& config = options.config.config;
    asio::io_context io{1};
    // Ends after PostgreSQL has stopped: a second signal must not break off an orderly end.
    asio::signal_set signals{io};
    // Before any thread exists: the private PostgreSQL is forked from here.
    app::Database database{config, use};
    signals.add(SIGINT);
    signals.add(SIGTERM);
    asio::cancellation_signal supervision;
    if (database.own() != nullptr) {
        asio::co_spawn(
            io,
            database.own()->supervise_process(),
            asio::bind_cancellation_slot(supervision.slot(), [](std::exception_ptr) {})
        );
    }
    std::exception_ptr failure;
    {
        app::App app{io, config, database.url()};
        asio::co_spawn(io, service(app, signals), [&](std::exception_ptr error) {
            failure = error;
            supervision.emit(asio::cancellation_type::terminal);
            io.stop();
        });
        io.run();
    }
    if (failure) std::rethrow_exception(failure);
    log::info("stopped");
    return 0;
}

}  // namespace

int serve(Options const& options) {
    return run_service(options, app::Database::Use::serve, serve_until_signal);
}

/// Beside a server (whose private PostgreSQL is found) or on the database of a URL.
int work(Options const& options) {
    return run_service(options, app::Database::Use::tool, work_until_signal);
}

}  // namespace showrunner::cli
