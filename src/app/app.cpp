#include "app/app.hpp"

#include "api/idempotency.hpp"
#include "api/openapi.hpp"
#include "app/features.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "blobs/disk_store.hpp"
#include "db/migrate.hpp"
#include "jobs/job.hpp"
#include "realtime/subscriptions.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <unistd.h>

#include <filesystem>

namespace showrunner::app {

namespace {

db::PoolOptions pool_options(Config const& config, std::string url) {
    db::PoolOptions options;
    options.url = std::move(url);
    options.connections = static_cast<unsigned>(config.db_connections);
    options.queue_max = static_cast<unsigned>(config.db_queue_max);
    return options;
}

/// The table of jobs is empty at one moment and long at the next. A plan that was made, and kept,
/// while it was empty reads it, or all of an index, from end to end: here it never does. So one
/// plan is as good as another, and making it each time would be half of what a claim costs.
db::PoolOptions job_pool_options(std::string url) {
    db::PoolOptions options;
    options.url = std::move(url);
    options.connections = 6;
    options.application_name = "showrunner jobs";
    options.settings =
        "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off "
        "-c plan_cache_mode=force_generic_plan";
    return options;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto const comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    return parts;
}

socketio::Options socket_options(Config const& config) {
    socketio::Options options;
    options.engine.ping_interval = std::chrono::milliseconds{config.ping_interval_ms};
    options.engine.ping_timeout = std::chrono::milliseconds{config.ping_timeout_ms};
    options.engine.connections = static_cast<std::size_t>(config.socket_connections);
    options.engine.connections_per_address =
        static_cast<std::size_t>(config.socket_connections_per_address);
    options.engine.queue_bytes = static_cast<std::size_t>(config.socket_queue_bytes);
    options.engine.max_payload = static_cast<std::size_t>(config.socket_payload_bytes);
    options.engine.messages_per_second = static_cast<unsigned>(config.socket_messages_per_second);
    options.engine.origins = split(config.socket_origins);
    options.rooms_per_socket = 1500;  // Every show, and what is subscribed to.
    return options;
}

/// The web app: where the configuration says, beside the program as built, or as installed.
std::optional<std::filesystem::path> find_web(Config const& config) {
    if (!config.web_dir.empty()) return config.web_dir;
    std::error_code error;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", error);
    for (auto const& folder :
         {program.parent_path() / "../../web/dist",
          std::filesystem::path{"/usr/share/showrunner/web"}}) {
        if (std::filesystem::exists(folder / "index.html", error)) return folder;
    }
    return {};
}

/// The fonts of compositions: the web app's, also while that is not built.
std::filesystem::path find_fonts(Config const& config) {
    std::error_code error;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", error);
    for (auto const& folder :
         {find_web(config).value_or(""), program.parent_path() / "../../web/public"}) {
        if (std::filesystem::exists(folder / "fonts/metrics.json", error)) return folder / "fonts";
    }
    return {};
}

http::Limits http_limits(Config const& config) {
    http::Limits limits;
    limits.connections = static_cast<unsigned>(config.http_connections);
    limits.requests_in_flight = static_cast<unsigned>(config.http_requests);
    return limits;
}

/// Throws std::runtime_error for what an operator has to mend.
api::Allowances allowances(Config const& config) {
    api::Allowances allowed;
    if (config.outbound_addresses == "any") {
        allowed.addresses = client::is_any;
    } else if (config.outbound_addresses != "public") {
        throw std::runtime_error{"outbound_addresses must be public or any"};
    }
    for (std::string const& entry : split(config.job_commands)) {
        auto const equals = entry.find('=');
        std::string const program = equals == std::string::npos ? "" : entry.substr(equals + 1);
        std::string const name = entry.substr(0, equals);
        if (!jobs::is_name(name) || !program.starts_with('/')) {
            throw std::runtime_error{
                "job_commands must be name=/path/of/program, separated by commas: " + entry
            };
        }
        allowed.commands[name] = program;
    }
    allowed.command_cpu_s = static_cast<unsigned>(config.job_command_cpu_s);
    allowed.command_memory_bytes = static_cast<std::uint64_t>(config.job_command_memory_mb) << 20U;
    return allowed;
}

std::unique_ptr<blobs::Store> make_store(Config const& config, S3Files* s3) {
    if (s3 != nullptr) return s3->make_store();
    std::filesystem::path folder = config.file_dir;
    if (folder.empty()) folder = std::filesystem::path{config.data_dir} / "files";
    return std::make_unique<blobs::DiskStore>(std::move(folder));
}

files::Settings file_settings(Config const& config) {
    auto const bytes = [](std::int64_t mb) { return static_cast<std::uint64_t>(mb) << 20U; };
    files::Settings settings;
    settings.bytes_max = {
        bytes(config.file_video_mb),
        bytes(config.file_image_mb),
        bytes(config.file_audio_mb),
        bytes(config.file_script_mb),
        bytes(config.file_other_mb)
    };
    settings.show_quota_bytes = bytes(config.file_show_quota_mb);
    settings.uploads_max = static_cast<unsigned>(config.file_uploads);
    settings.upload_lifetime = std::chrono::hours{config.file_upload_hours};
    settings.keep_deleted = std::chrono::hours{24 * config.file_deleted_days};
    settings.link_lifetime = std::chrono::seconds{config.file_link_s};
    return settings;
}

/// Where the files on disk are, too: so a job gets one without copying it.
std::filesystem::path scratch_folder(Config const& config) {
    std::string const& folder = config.file_dir.empty() ? config.data_dir : config.file_dir;
    return std::filesystem::path{folder} / "media";
}

/// Batches of finished jobs that may be on their way to PostgreSQL at once.
constexpr int job_flushers = 2;

std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

Task<> delete_old_sessions_hourly(db::Pool& pool, Clock const& clock) {
    for (;;) {
        co_await auth::delete_old_sessions(pool, clock.now() - std::chrono::days{7});
        co_await sleep_for(std::chrono::hours{1});
    }
}

}  // namespace

Database::Database(Config const& config, Use use) : url_{config.database_url} {
    if (!url_.empty()) return;
    if (use == Use::tool) url_ = db::running_private_postgres(config.data_dir);
    if (!url_.empty()) return;
    own_.emplace(db::PrivatePostgres::start({.data_dir = config.data_dir}));
    url_ = own_->url();
}

App::App(asio::io_context& io, Config config, std::string database_url)
    : io_{io},
      config_{std::move(config)},
      db_{io.get_executor(), pool_options(config_, database_url), metrics_},
      jobs_db_{io.get_executor(), job_pool_options(std::move(database_url)), metrics_},
      tail_{io.get_executor(), db_, metrics_},
      sockets_{io.get_executor(), socket_options(config_), metrics_},
      engine_{sockets_.engine()},
      hub_{
          io.get_executor(),
          sockets_,
          all_snapshots(),
          static_cast<std::size_t>(config_.socket_connections_per_user),
          metrics_
      },
      signals_{io.get_executor(), db_, metrics_},
      http_{io.get_executor(), metrics_},
      allowed_{allowances(config_)},
      media_{
          !config_.media_path.empty(),
          media::find_tools(config_.media_path),
          scratch_folder(config_)
      },
      job_types_{all_handlers()},
      s3_files_{make_s3_files(io.get_executor(), config_, clock_, metrics_)},
      files_{
          io.get_executor(), make_store(config_, s3_files_.get()), file_settings(config_), metrics_
      },
      studio_{find_fonts(config_), config_.media_path} {}

App::~App() = default;

Task<> App::prepare() {
    declare_constraints();
    db::Migrator migrator{db_};
    auto const status = co_await migrator.status();
    bool const empty = std::none_of(
        status.begin(), status.end(), [](db::MigrationStatus const& each) { return each.applied; }
    );
    // An empty database is ours to set up; a schema of another version is the operator's decision.
    if (empty) co_await migrator.up();
    std::string const mismatch = co_await migrator.mismatch();
    if (!mismatch.empty()) throw std::runtime_error{mismatch};
    std::string secret = config_.secret;
    if (secret.empty()) secret = co_await auth::load_secret(db_);
    accounts_ = std::make_unique<auth::Accounts>(
        db_, clock_, std::move(secret), std::chrono::seconds{config_.access_token_s}, metrics_
    );
    about_.node = new_id().substr(24);
    services_ = std::make_unique<api::Services>(api::Services{
        db_,
        jobs_db_,
        clock_,
        *accounts_,
        tail_,
        hub_,
        signals_,
        http_,
        allowed_,
        media_,
        job_types_,
        files_,
        studio_,
        hub_,
        catalogue(),
        metrics_,
        about_
    });
}

Task<std::string> App::make_first_admin() {
    bool const any = co_await auth::any_user(db_);
    if (any) co_return "";
    bool const chosen = !config_.admin_password.empty();
    std::string const email =
        config_.admin_email.empty() ? "admin@showrunner.local" : config_.admin_email;
    std::string const password = chosen ? config_.admin_password : random_token(12);
    co_await accounts_->create(email, "Admin", auth::Role::admin, password, {});
    co_return chosen
        ? fmt::format("first login: {}", email)
        : fmt::format("first login: {} password: {} (shown this once)", email, password);
}

void App::supervise_in_background(std::string name, std::function<Task<>()> loop) {
    auto& signal = loops_.emplace_back(std::make_unique<asio::cancellation_signal>());
    asio::co_spawn(
        io_,
        supervise(std::move(name), std::move(loop)),
        asio::bind_cancellation_slot(signal->slot(), [](std::exception_ptr) {})
    );
}

api::Surroundings App::surroundings() {
    api::Surroundings around;
    if (auto const folder = find_web(config_)) {
        web_.emplace(*folder);
        about_.build_id = web_->build_id();
        around.web = &*web_;
    } else {
        log::warning("web_app_missing", {{"looked_for", "web/dist/index.html"}});
    }
    around.is_socket = [this](http::Request const& request) { return engine_.matches(request); };
    around.plan_socket = [this] { return engine_.plan(); };
    around.serve_socket = [this](http::Request& request) { return engine_.serve(request); };
    around.upgrade_socket = [this](http::Request& request, http::Upgrade& upgrade) {
        engine_.upgrade(request, upgrade);
    };
    return around;
}

Task<std::string> App::start() {
    about_.metrics_token = config_.metrics_token;
    about_.openapi = api::openapi(all_routes(), catalogue());
    about_.docs = std::make_shared<api::DocsPage const>(api::docs_page(all_routes(), catalogue()));
    co_await accounts_->start();
    co_await tail_.start();
    co_await hub_.start(*services_, tail_.position());
    tail_.add_sink([this](auto const& events) { accounts_->apply(events); });
    tail_.add_sink([this](auto const& events) { hub_.publish(events); });
    for (events::ConsumerSpec const& spec : all_consumers()) {
        if (spec.name == derivatives::Feature::name && !media_.wanted) continue;
        auto& consumer = consumers_.emplace_back(
            std::make_unique<events::Consumer>(io_.get_executor(), db_, spec, metrics_)
        );
        tail_.add_sink([&consumer = *consumer](auto const& events) { consumer.offer(events); });
        supervise_in_background("consumer_" + std::string{spec.name}, [&consumer = *consumer] {
            return consumer.run();
        });
    }
    supervise_in_background("tail", [this] { return tail_.run(); });
    supervise_in_background("expiry", [this] { return hub_.expire(); });
    supervise_in_background("idempotency", [this] { return api::Idempotency::clean_up(db_); });
    supervise_in_background("subscriptions", [this] {
        return realtime::expire_subscriptions(db_);
    });
    signals_.on("jobs.progress", [this](std::string_view payload) {
        jobs::show_progress(hub_, payload);
    });
    co_await start_jobs("server");
    file_keeper_ = std::make_unique<files::Keeper>(*services_);
    supervise_in_background("file_keeper", [this] { return file_keeper_->tidy(); });
    supervise_in_background("file_reconciler", [this] { return file_keeper_->reconcile(); });
    supervise_in_background("sessions", [this] { return delete_old_sessions_hourly(db_, clock_); });

    dispatcher_ = std::make_unique<api::Dispatcher>(*services_, all_routes(), surroundings());
    server_ = std::make_unique<http::Server>(
        io_.get_executor(), *dispatcher_, http_limits(config_), metrics_
    );
    server_->trust_proxies(split(config_.trusted_proxies));
    auto const endpoint = server_->listen(config_.listen);
    bool const v6 = endpoint.address().is_v6();
    co_return fmt::format(
        "http://{}{}{}:{}",
        v6 ? "[" : "",
        endpoint.address().to_string(),
        v6 ? "]" : "",
        endpoint.port()
    );
}

std::vector<std::string> App::worked_queues() const {
    auto queues = split(config_.job_queues);
    return queues.empty() ? job_types_.queues() : queues;
}

Task<> App::start_jobs(std::string kind) {
    for (std::string const& tool : media_.tools.missing()) {
        if (media_.wanted) log::warning("media_tools_missing", {{"tool", tool}});
    }
    co_await files_.store->prepare();
    jobs::SqsEngine::declare_metrics(metrics_);
    metrics_.declare(aws::s3_retries_spec);
    derivatives::declare_metrics(metrics_);
    if (config_.job_queue == "sqs") co_await start_sqs();
    keeper_ =
        std::make_unique<jobs::Keeper>(*services_, std::chrono::days{config_.job_history_days});
    supervise_in_background("signals", [this] { return signals_.run(); });
    supervise_in_background("job_reaper", [this] { return keeper_->reap(); });
    supervise_in_background("job_schedules", [this] { return keeper_->schedule(); });
    supervise_in_background("job_history", [this] { return keeper_->tidy(); });
    if (config_.job_concurrency > 0) co_await start_processor(std::move(kind));
    supervise_in_background("signals_heard", [this] { return signals_.listen(); });
}

Task<> App::start_sqs() {
    jobs::SqsEngineOptions options;
    options.prefix = config_.sqs_prefix;
    options.resend_after = std::chrono::seconds{config_.sqs_resend_s};
    options.worked = worked_queues();
    options.queues = job_types_.queues();
    for (std::string const& queue : options.worked) {
        if (!job_types_.has_queue(queue)) options.queues.push_back(queue);
    }
    options.concurrency = static_cast<int>(config_.job_concurrency);
    options.lease = std::chrono::seconds{config_.job_lease_s};
    sqs_ = std::make_unique<jobs::SqsEngine>(
        io_.get_executor(), *services_, aws::read_environment(aws::variable), std::move(options)
    );
    co_await sqs_->prepare();
    signals_.on("jobs.ready", [this](std::string_view) { sqs_->wake(); });
    for (jobs::SqsEngine::Loop& loop : sqs_->loops()) {
        supervise_in_background(std::move(loop.name), std::move(loop.run));
    }
}

Task<> App::start_processor(std::string kind) {
    jobs::ProcessorOptions options;
    options.node = host_name() + "/" + about_.node;
    options.kind = std::move(kind);
    options.queues = worked_queues();
    options.concurrency = static_cast<int>(config_.job_concurrency);
    options.poll_interval = std::chrono::milliseconds{config_.job_poll_interval_ms};
    options.lease = std::chrono::seconds{config_.job_lease_s};
    if (!sqs_) postgres_ = std::make_unique<jobs::PostgresSource>(jobs::Queue{jobs_db_, clock_});
    processor_ = std::make_unique<jobs::Processor>(
        io_.get_executor(),
        *services_,
        sqs_ ? sqs_->source() : *postgres_,
        job_types_.all(),
        std::move(options)
    );
    co_await processor_->start();
    jobs::Processor& processor = *processor_;
    signals_.on("jobs.ready", [&processor](std::string_view) { processor.wake(); });
    signals_.on("jobs.queue", [&processor](std::string_view) { processor.refresh_limits(); });
    signals_.on("jobs.cancel", [&processor](std::string_view id) { processor.cancel(id); });
    supervise_in_background("job_take", [&processor] { return processor.take(); });
    supervise_in_background("job_heartbeat", [&processor] { return processor.heartbeat(); });
    supervise_in_background("job_reports", [&processor] { return processor.report(); });
    for (int n = 0; n < job_flushers; ++n) {
        supervise_in_background("job_flush", [&processor] { return processor.flush(); });
    }
}

Task<> App::start_work() {
    if (config_.job_concurrency == 0) {
        throw std::runtime_error{"job_concurrency is 0: there is nothing to do"};
    }
    co_await start_jobs("processor");
}

Task<> App::stop() {
    about_.stopping = true;
    if (processor_) processor_->take_no_more();
    std::chrono::milliseconds const deadline{config_.drain_timeout_ms};
    // Clients that lose their socket come back at once: spread over a while, to the other nodes.
    co_await sockets_.drain(std::min(deadline / 4, std::chrono::milliseconds{2000}));
    if (server_) co_await server_->drain(deadline);
    co_await files_.drain();
    if (processor_) {
        co_await processor_->drain(std::chrono::milliseconds{config_.job_drain_timeout_ms});
    }
    for (auto& loop : loops_) loop->emit(asio::cancellation_type::terminal);
    co_await jobs_db_.drain();
    co_await db_.drain();
}

void App::hurry() {
    if (server_) server_->hurry();
    if (processor_) processor_->hurry();
}

}  // namespace showrunner::app
