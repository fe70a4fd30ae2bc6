// The application: owns every service in the order in which they depend on each other, starts them,
// serves, and stops them. Read App's members and its run() and you know the system.
#pragma once

#include "api/dispatcher.hpp"
#include "api/services.hpp"
#include "app/config.hpp"
#include "app/engine_over_http.hpp"
#include "app/s3_files.hpp"
#include "auth/accounts.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "client/http.hpp"
#include "compositions/studio.hpp"
#include "db/pool.hpp"
#include "db/private_postgres.hpp"
#include "events/consumer.hpp"
#include "events/signals.hpp"
#include "events/tail.hpp"
#include "files/depot.hpp"
#include "files/keeper.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"
#include "jobs/keeper.hpp"
#include "jobs/processor.hpp"
#include "jobs/progress.hpp"
#include "jobs/sqs_engine.hpp"
#include "jobs/types.hpp"
#include "realtime/hub.hpp"
#include "socketio/server.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::app {

class App {
public:
    /// `database_url`: where PostgreSQL is. `io` runs on the calling thread.
    App(asio::io_context& io, Config config, std::string database_url);
    ~App();
    App(App const&) = delete;
    App& operator=(App const&) = delete;

    /// Checks the schema (an empty database is set up) and loads what every command needs. Throws
    /// std::runtime_error with a sentence that says what to run.
    Task<> prepare();

    /// Makes the first admin when there is no user; what to tell the operator, or empty.
    Task<std::string> make_first_admin();

    /// Starts consumers, the tail and the HTTP server; the URL that is served.
    Task<std::string> start();

    /// Instead of start(): takes jobs and serves nothing.
    Task<> start_work();

    /// Stops accepting, lets what is under way finish, closes the rest.
    Task<> stop();

    /// Ends the waiting of stop().
    void hurry();

    [[nodiscard]] api::Services& services() { return *services_; }

private:
    Task<> start_jobs(std::string kind);
    Task<> start_sqs();
    Task<> start_processor(std::string kind);
    [[nodiscard]] std::vector<std::string> worked_queues() const;
    void supervise_in_background(std::string name, std::function<Task<>()> loop);
    [[nodiscard]] api::Surroundings surroundings();

    asio::io_context& io_;
    Config config_;
    SystemClock clock_;
    metrics::Registry metrics_;
    db::Pool db_;
    db::Pool jobs_db_;
    events::Tail tail_;
    std::vector<std::unique_ptr<events::Consumer>> consumers_;
    socketio::Server sockets_;
    EngineOverHttp engine_;
    realtime::Hub hub_;
    events::Signals signals_;
    client::Http http_;
    api::Allowances allowed_;
    api::Media media_;
    jobs::Types job_types_;
    std::unique_ptr<S3Files> s3_files_;  ///< with FILE_STORE=s3
    files::Depot files_;
    compositions::Studio studio_;
    api::About about_;
    std::optional<http::StaticFiles> web_;
    std::unique_ptr<auth::Accounts> accounts_;
    std::unique_ptr<api::Services> services_;
    std::unique_ptr<api::Dispatcher> dispatcher_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<jobs::Keeper> keeper_;
    std::unique_ptr<files::Keeper> file_keeper_;
    std::unique_ptr<jobs::SqsEngine> sqs_;    ///< with JOB_QUEUE=sqs
    std::unique_ptr<jobs::Source> postgres_;  ///< otherwise
    std::unique_ptr<jobs::Processor> processor_;
    std::vector<std::unique_ptr<asio::cancellation_signal>> loops_;
};

/// PostgreSQL as the configuration says: the one at database_url, else the private one, which is
/// found when a server already runs it and started for as long as this object lives when not.
class Database {
public:
    enum class Use : std::uint8_t { serve, tool };

    Database(Config const& config, Use use);

    [[nodiscard]] std::string const& url() const { return url_; }

    [[nodiscard]] db::PrivatePostgres* own() { return own_ ? &*own_ : nullptr; }

private:
    std::optional<db::PrivatePostgres> own_;
    std::string url_;
};

}  // namespace showrunner::app
