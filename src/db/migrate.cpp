#include "db/migrate.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace showrunner::db {

namespace {

// Migrations may take as long as they need, and wait as long as another migrator needs.
constexpr std::string_view prepare_session = "SET statement_timeout = 0";

constexpr std::string_view create_table = R"(
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
))";

// Two migrators at once: the second waits, then finds nothing to do. The number is arbitrary, and
// PostgreSQL keeps such locks apart by database.
Query const lock_query{
    .name = "migrate_lock",
    .text = "SELECT pg_advisory_lock(7305481920)",
    .lane = Lane::change,
};

Query const table_query{
    .name = "migrate_table",
    .text = "SELECT to_regclass('schema_migrations') IS NOT NULL",
    .lane = Lane::read,
};

Query const applied_query{
    .name = "migrate_applied",
    .text = "SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number",
    .lane = Lane::scan,
};

Query const record_query{
    .name = "migrate_record",
    .text = "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
    .lane = Lane::change,
};

Query const erase_query{
    .name = "migrate_erase",
    .text = "DELETE FROM schema_migrations WHERE number = $1",
    .lane = Lane::change,
};

struct Applied {
    int number;
    std::string name;
    std::string checksum;
    Time at;
};

std::vector<Applied> read_applied(Rows const& rows) {
    std::vector<Applied> applied;
    for (Row const row : rows) {
        applied.push_back(
            {row.get<int>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<Time>(3)}
        );
    }
    return applied;
}

std::string checksum(Migration const& migration) {
    return sha256_hex(migration.up);
}

std::string label_of(Migration const& migration) {
    return fmt::format("{:04}_{}", migration.number, migration.name);
}

Applied const* find(std::vector<Applied> const& applied, int number) {
    for (Applied const& each : applied) {
        if (each.number == number) return &each;
    }
    return nullptr;
}

Task<Session> open_locked(Pool& pool) {
    Session session = co_await pool.session();
    co_await session.script(prepare_session);
    co_await session.run(lock_query);
    co_await session.script(create_table);
    co_return session;
}

Task<> apply(Session& session, Migration const& migration) {
    std::string const label = fmt::format("migration {} up", label_of(migration));
    co_await session.begin();
    co_await session.script(migration.up, label);
    Params params{migration.number, migration.name, checksum(migration)};
    co_await session.run(record_query, std::move(params));
    co_await session.commit();
    log::info("migration_applied", {{"migration", label_of(migration)}});
}

Task<> take_back(Session& session, Migration const& migration) {
    std::string const label = fmt::format("migration {} down", label_of(migration));
    co_await session.begin();
    co_await session.script(migration.down, label);
    co_await session.run(erase_query, Params{migration.number});
    co_await session.commit();
    log::info("migration_taken_back", {{"migration", label_of(migration)}});
}

}  // namespace

std::vector<Migration> sorted(std::vector<Migration> migrations) {
    std::sort(migrations.begin(), migrations.end(), [](Migration const& a, Migration const& b) {
        return a.number < b.number;
    });
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        if (migrations[i].number != static_cast<int>(i) + 1) {
            throw std::logic_error{"migrations are not numbered 1, 2, 3 …"};
        }
    }
    return migrations;
}

Migrator::Migrator(Pool& pool, std::vector<Migration> const& migrations)
    : pool_{pool}, migrations_{migrations} {}

Task<std::vector<int>> Migrator::up() {
    Session session = co_await open_locked(pool_);
    Rows const rows = co_await session.run(applied_query);
    std::vector<Applied> const applied = read_applied(rows);
    std::vector<int> done;
    for (Migration const& migration : migrations_) {
        if (find(applied, migration.number) != nullptr) continue;
        co_await apply(session, migration);
        done.push_back(migration.number);
    }
    co_return done;
}

Task<std::vector<int>> Migrator::down(int target) {
    Session session = co_await open_locked(pool_);
    Rows const rows = co_await session.run(applied_query);
    std::vector<Applied> const applied = read_applied(rows);
    std::vector<int> done;
    for (auto each = applied.rbegin(); each != applied.rend() && each->number > target; ++each) {
        auto const known = [each](Migration const& migration) {
            return migration.number == each->number;
        };
        auto const migration = std::find_if(migrations_.begin(), migrations_.end(), known);
        if (migration == migrations_.end()) {
            throw std::runtime_error{fmt::format(
                "Migration {} ({}) was applied by a newer Showrunner; only that one can take it "
                "back.",
                each->number,
                each->name
            )};
        }
        co_await take_back(session, *migration);
        done.push_back(each->number);
    }
    co_return done;
}

Task<std::vector<MigrationStatus>> Migrator::status() {
    Rows const table = co_await pool_.run(table_query);
    std::vector<Applied> applied;
    if (table.front().get<bool>(0)) {
        Rows const rows = co_await pool_.run(applied_query);
        applied = read_applied(rows);
    }
    std::map<int, MigrationStatus> all;
    for (Migration const& migration : migrations_) {
        all[migration.number] = {
            migration.number, std::string{migration.name}, false, "", true, false
        };
    }
    for (Applied const& each : applied) {
        MigrationStatus& status = all[each.number];
        bool const known = status.known;
        std::size_t const index = static_cast<std::size_t>(each.number) - 1;
        status.number = each.number;
        status.name = each.name;
        status.applied = true;
        status.applied_at = to_rfc3339(each.at);
        status.changed = known && checksum(migrations_[index]) != each.checksum;
    }
    std::vector<MigrationStatus> list;
    list.reserve(all.size());
    for (auto& [number, status] : all) list.push_back(std::move(status));
    co_return list;
}

Task<std::string> Migrator::mismatch() {
    std::vector<MigrationStatus> const all = co_await status();
    std::vector<std::string> missing;
    for (MigrationStatus const& each : all) {
        std::string const label = fmt::format("{:04}_{}", each.number, each.name);
        if (!each.known) {
            co_return fmt::format(
                "The database has migration {}, which this version of Showrunner does not know: a "
                "newer one has been here. Run that version, or take the migration back with it: "
                "`showrunner migrate down {}`.",
                label,
                each.number - 1
            );
        }
        if (each.changed) {
            co_return fmt::format(
                "Migration {} has changed since it was applied to this database. Restore its file, "
                "or take it back and apply it again: `showrunner migrate down {}`, then "
                "`showrunner "
                "migrate up`.",
                label,
                each.number - 1
            );
        }
        if (!each.applied) missing.push_back(label);
    }
    if (missing.empty()) co_return "";
    co_return fmt::format(
        "The database lacks {} migration{} ({}). Run `showrunner migrate up`.",
        missing.size(),
        missing.size() == 1 ? "" : "s",
        fmt::join(missing, ", ")
    );
}

}  // namespace showrunner::db
