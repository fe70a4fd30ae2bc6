#include "db/private_postgres.hpp"

#include "base/log.hpp"
#include "db/postgres_files.hpp"
#include "db/postgres_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace showrunner::db {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds start_patience{120};  // Recovery of 1 GB of WAL takes a while.
constexpr std::uintmax_t log_bytes_max = 10'000'000;

/// 1/8 of the memory, from 32 to 256 MB.
long shared_buffers_mb() {
    long const bytes_mb = ::sysconf(_SC_PHYS_PAGES) / 1024 * ::sysconf(_SC_PAGESIZE) / 1024;
    return std::clamp(bytes_mb / 8, 32L, 256L);
}

std::vector<std::string> settings_of(
    PrivatePostgresOptions const& options, fs::path const& socket_dir
) {
    std::vector<std::string> settings{
        "listen_addresses=",
        fmt::format("unix_socket_directories={}", socket_dir.string()),
        "unix_socket_permissions=0700",
        fmt::format("shared_buffers={}MB", shared_buffers_mb()),
        fmt::format("max_connections={}", options.max_connections),
        "jit=off",
        "wal_level=replica",
        "max_wal_size=1GB",
        "checkpoint_timeout=15min",
        "wal_compression=on",
        "timezone=UTC",
        "log_timezone=UTC",
        "idle_in_transaction_session_timeout=10s",
        // What a statement did wrong is the caller's to tell; here is what the server did.
        "log_min_messages=log",
        "log_line_prefix=%m [%p] ",
    };
    if (options.durability == Durability::none) {
        settings.insert(settings.end(), {"fsync=off", "full_page_writes=off"});
    }
    return settings;
}

/// The lock that says whose the data directory is; held as long as the descriptor is open.
int lock_data_dir(fs::path const& data_dir) {
    fs::path const path = data_dir / "server.lock";
    int const lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        throw std::runtime_error{fmt::format(
            "Cannot write {}: {}.", path.string(), std::generic_category().message(errno)
        )};
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        std::string holder;
        std::getline(std::ifstream{path}, holder);
        ::close(lock);
        throw std::runtime_error{fmt::format(
            "Another Showrunner server{} uses the data directory {}. Stop it, or choose another "
            "one with --data-dir.",
            holder.empty() ? "" : fmt::format(" (process {})", holder),
            data_dir.string()
        )};
    }
    std::string const self = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock, 0) != 0 ||
        ::pwrite(lock, self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
        log::warning("lock_without_process_id", {{"path", path.string()}});
    }
    return lock;
}

/// The product's own directory. PostgreSQL's account must be able to pass through it, though not to
/// list it.
void make_data_dir(fs::path const& data_dir, Account const& account) {
    bool const is_new = fs::create_directories(data_dir);
    if (is_new) ::chmod(data_dir.c_str(), 0700);
    struct stat status{};
    if (account.switched && ::stat(data_dir.c_str(), &status) == 0 && status.st_uid == 0) {
        ::chmod(data_dir.c_str(), (status.st_mode & 07777U) | S_IXOTH);
    }
}

/// Creates the database of the product; a new cluster has only `postgres`.
void create_database(fs::path const& socket_dir) {
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };

    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };

    std::unique_ptr<PGconn, Finish> const connection{
        PQconnectdb(connection_string(socket_dir, "postgres").c_str())
    };
    auto const run = [&](std::string const& sql) {
        std::unique_ptr<PGresult, Clear> result{PQexec(connection.get(), sql.c_str())};
        auto const status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            throw std::runtime_error{
                fmt::format("Cannot create the database: {}", PQerrorMessage(connection.get()))
            };
        }
        return result;
    };
    auto const exists =
        run(fmt::format("SELECT 1 FROM pg_database WHERE datname = '{}'", private_name));
    if (PQntuples(exists.get()) == 0) run(fmt::format("CREATE DATABASE {}", private_name));
}

}  // namespace

struct PrivatePostgres::State {
    PrivatePostgresOptions options;
    Account account;
    fs::path cluster;
    fs::path socket_dir;
    fs::path log;
    fs::path bindir;
    int lock = -1;
    pid_t process = 0;  ///< 0: not running

    State() = default;
    State(State const&) = delete;
    State& operator=(State const&) = delete;

    ~State() {
        if (process > 0) stop_postmaster(process);
        if (lock >= 0) ::close(lock);
    }

    void create_cluster() const;
    void launch();
    [[nodiscard]] bool ready() const;
    [[nodiscard]] bool ended();
    [[nodiscard]] std::string failure(std::string_view what) const;
};

/// In a folder beside it that is renamed when complete: an interrupted initdb leaves no half
/// cluster.
void PrivatePostgres::State::create_cluster() const {
    if (fs::exists(cluster / "PG_VERSION")) return;
    fs::path const fresh = options.data_dir / "postgres.new";
    fs::remove_all(fresh);
    make_private_folder(fresh, account);
    Command command{
        .arguments =
            {bindir / "initdb",
             "--pgdata=" + fresh.string(),
             fmt::format("--username={}", private_name),
             "--auth=trust",  // Only we and root can reach the socket.
             "--encoding=UTF8",
             "--locale=C.UTF-8",
             "--data-checksums"},
        .log = log,
        .when_orphaned = WhenOrphaned::kill,
    };
    if (options.durability == Durability::none) command.arguments.emplace_back("--no-sync");
    if (wait_for_exit(start_process(command, account)) != 0) {
        throw std::runtime_error{failure("PostgreSQL's initdb failed")};
    }
    fs::remove(cluster);  // Only an empty folder can be there.
    fs::rename(fresh, cluster);
}

void PrivatePostgres::State::launch() {
    Command command{.arguments = {bindir / "postgres", "-D", cluster}, .log = log};
    for (std::string& setting : settings_of(options, socket_dir)) {
        command.arguments.emplace_back("-c");
        command.arguments.push_back(std::move(setting));
    }
    process = start_process(command, account);
}

bool PrivatePostgres::State::ready() const {
    auto const postmaster = running_postmaster(cluster);
    return postmaster && postmaster->process == process && postmaster->ready;
}

bool PrivatePostgres::State::ended() {
    if (process > 0 && exit_status(process)) process = 0;
    return process == 0;
}

std::string PrivatePostgres::State::failure(std::string_view what) const {
    return fmt::format("{}. The end of {}:\n{}", what, log.string(), tail_of(log));
}

PrivatePostgres::PrivatePostgres(std::unique_ptr<State> state) : state_{std::move(state)} {}

PrivatePostgres::PrivatePostgres(PrivatePostgres&&) noexcept = default;
PrivatePostgres& PrivatePostgres::operator=(PrivatePostgres&&) noexcept = default;
PrivatePostgres::~PrivatePostgres() = default;

PrivatePostgres PrivatePostgres::start(PrivatePostgresOptions options) {
    auto state = std::make_unique<State>();
    options.data_dir = fs::weakly_canonical(fs::absolute(options.data_dir));
    state->options = options;
    state->account = postgres_account();
    make_data_dir(options.data_dir, state->account);
    state->cluster = options.data_dir / "postgres";
    state->log = options.data_dir / "postgres.log";
    state->bindir = find_bindir(options.bindir, state->cluster);
    require_traversable(state->cluster, state->account);
    state->lock = lock_data_dir(options.data_dir);
    state->socket_dir = socket_folder(options.data_dir);
    make_private_folder(state->socket_dir, state->account);
    std::error_code none;
    if (fs::file_size(state->log, none) > log_bytes_max && !none) {
        fs::rename(state->log, state->log.string() + ".1");
    }
    state->create_cluster();
    if (auto const left = running_postmaster(state->cluster)) {
        // A server that was killed left it. Restarted, it is our child again and ends with us.
        log::info("private_postgres_left_running", {{"process", left->process}});
        stop_postmaster(left->process);
    }
    state->launch();
    auto const end = std::chrono::steady_clock::now() + start_patience;
    while (!state->ready()) {
        if (state->ended()) throw std::runtime_error{state->failure("PostgreSQL did not start")};
        if (std::chrono::steady_clock::now() > end) {
            throw std::runtime_error{state->failure("PostgreSQL takes too long to start")};
        }
        pause_for(std::chrono::milliseconds{5});
    }
    create_database(state->socket_dir);
    log::info("private_postgres_started", {{"process", state->process}});
    return PrivatePostgres{std::move(state)};
}

std::string PrivatePostgres::url() const {
    return connection_string(state_->socket_dir, private_name);
}

int PrivatePostgres::process_id() const {
    return state_->process;
}

Task<> PrivatePostgres::supervise_process() {
    static constexpr std::chrono::milliseconds shortest{100};
    static constexpr std::chrono::milliseconds longest{5000};
    auto delay = shortest;
    for (;;) {
        co_await sleep_for(shortest);
        if (!state_->ended()) {
            if (delay != shortest && state_->ready()) {
                log::info("private_postgres_restarted", {{"process", state_->process}});
                delay = shortest;
            }
            continue;
        }
        log::error("private_postgres_died", {{"log", state_->log.string()}});
        // Its backends may still hold the shared memory for a moment; then it refuses to start.
        co_await sleep_for(delay);
        delay = std::min(delay * 2, longest);
        state_->launch();
    }
}

std::string running_private_postgres(fs::path const& data_dir) {
    auto const postmaster = running_postmaster(data_dir / "postgres");
    if (!postmaster || !postmaster->ready) return {};
    return connection_string(postmaster->socket_dir, private_name);
}

}  // namespace showrunner::db
