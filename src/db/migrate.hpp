// Schema migrations: embedded SQL, one numbered pair of files up and down, under an advisory lock.
#pragma once

#include "base/task.hpp"
#include "db/pool.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace showrunner::db {

struct Migration {
    int number;
    std::string_view name;
    std::string_view up;
    std::string_view down;
};

/// All src/*/schema/NNNN_name.{up,down}.sql, in order of number (generated at build time).
[[nodiscard]] std::vector<Migration> const& embedded_migrations();

/// In order of number; throws std::logic_error on a gap or a duplicate.
[[nodiscard]] std::vector<Migration> sorted(std::vector<Migration> migrations);

struct MigrationStatus {
    int number = 0;
    std::string name;
    bool applied = false;
    std::string applied_at;  ///< RFC 3339, empty when not applied
    bool known = false;      ///< false: in the database but not in this binary
    bool changed = false;    ///< its text differs from what was applied (checksum)
};

class Migrator {
public:
    explicit Migrator(Pool& pool, std::vector<Migration> const& migrations = embedded_migrations());

    /// Applies what is missing, each in its own transaction; the numbers applied.
    Task<std::vector<int>> up();
    /// Takes back every migration above `target`, newest first.
    Task<std::vector<int>> down(int target);
    Task<std::vector<MigrationStatus>> status();
    /// Empty when the schema is exactly what this binary needs; else what is wrong and the command
    /// to run.
    Task<std::string> mismatch();

private:
    Pool& pool_;
    std::vector<Migration> const& migrations_;
};

}  // namespace showrunner::db
