// A PostgreSQL of our own in the data directory, on a unix socket only, supervised by this process.
#pragma once

#include "base/task.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace showrunner::db {

/// What survives a crash of the machine.
enum class Durability : std::uint8_t {
    full,
    none,  ///< for tests: no fsync at all
};

struct PrivatePostgresOptions {
    std::filesystem::path data_dir;     ///< the product's; the cluster is in postgres/
    std::filesystem::path bindir = {};  ///< found when empty: PG_BINDIR, pg_config, /usr/lib/…
    unsigned max_connections = 64;
    Durability durability = Durability::full;
};

/// Start-up failures are std::runtime_error with a sentence for the operator that says what to do
/// (PostgreSQL is not installed, another server uses the data directory, …).
class PrivatePostgres {
public:
    /// Takes the data directory's lock, runs initdb when the cluster is new, starts (or adopts what
    /// a killed server left) and waits until it accepts connections. Blocking, before the event
    /// loop runs; forks from the main thread.
    static PrivatePostgres start(PrivatePostgresOptions options);

    PrivatePostgres(PrivatePostgres&&) noexcept;
    PrivatePostgres& operator=(PrivatePostgres&&) noexcept;
    /// Stops it: fast shutdown, then immediate after 10 s.
    ~PrivatePostgres();

    [[nodiscard]] std::string url() const;  ///< libpq connection string
    [[nodiscard]] int process_id() const;   ///< of the postmaster

    /// Watches the postmaster and starts it again when it dies; ends on cancellation.
    Task<> supervise_process();

private:
    struct State;
    explicit PrivatePostgres(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The connection string of the private PostgreSQL that a running server has in `data_dir`; empty
/// when none runs. For command-line tools beside a running server.
[[nodiscard]] std::string running_private_postgres(std::filesystem::path const& data_dir);

}  // namespace showrunner::db
