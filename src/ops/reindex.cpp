// Builds the indexes of the records anew without holding anybody up: what has grown by years of
// changes becomes small and fast again.
#include "ops/reindex.hpp"

namespace showrunner::ops {

namespace {

using db::Lane;
using db::Query;

Query const no_time_limit{"lift_statement_timeout", "SET statement_timeout = 0", Lane::change};

// Also what an earlier run was broken off in (REINDEX leaves an invalid copy), but for that copy.
Query const list_indexes{
    "list_indexes",
    "SELECT format('%I.%I', n.nspname, i.relname), t.relname, i.relname, pg_relation_size(i.oid) "
    "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = "
    "x.indrelid JOIN pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = "
    "current_schema() AND i.relkind = 'i' AND x.indisvalid "
    "AND ($1::text[] IS NULL OR t.relname = ANY ($1)) ORDER BY pg_relation_size(i.oid), 1",
    Lane::scan
};

Query const size_of{
    "size_of_index", "SELECT coalesce(pg_relation_size(to_regclass($1)), 0)", Lane::scan
};

Query const invalid_copies{
    "list_invalid_indexes",
    "SELECT format('%I.%I', n.nspname, i.relname) FROM pg_index x JOIN pg_class i ON i.oid = "
    "x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = "
    "current_schema() AND NOT x.indisvalid AND i.relname LIKE '%\\_ccnew%'",
    Lane::scan
};

Task<> drop_invalid_copies(db::Session& session, jobs::Run& run) {
    db::Rows const rows = co_await session.run(invalid_copies);
    for (db::Row const row : rows) {
        std::string const name = row.get<std::string>(0);
        // The name comes from the catalogue, quoted by it.
        Query const drop{"drop_invalid_index", "DROP INDEX CONCURRENTLY " + name, Lane::change};
        co_await session.run(drop);
        run.log(jobs::LogLevel::warning, "dropped what a broken-off run had left: " + name);
    }
}

}  // namespace

Task<> run_reindex(jobs::Run& run) {
    auto const args = run.args<ReindexArgs>();
    // A session of its own: it takes long, and no transaction may surround it.
    db::Session session = co_await run.services.db.session();
    co_await session.run(no_time_limit);
    co_await drop_invalid_copies(session, run);
    std::optional<std::vector<std::string>> tables;
    if (!args.tables.empty()) tables = args.tables;
    db::Rows const indexes = co_await session.run(list_indexes, db::Params{tables});
    if (indexes.empty()) throw jobs::final_failure("TABLE_UNKNOWN", "There is no such table.");
    std::int64_t before = 0;
    std::int64_t after = 0;
    int done = 0;
    for (db::Row const row : indexes) {
        std::string const name = row.get<std::string>(0);
        auto const old_size = row.get<std::int64_t>(3);
        run.progress(100 * done / indexes.size(), row.get<std::string>(2));
        Query const reindex{"reindex", "REINDEX INDEX CONCURRENTLY " + name, Lane::change};
        co_await session.run(reindex);
        db::Rows const sizes = co_await session.run(size_of, db::Params{name});
        auto const new_size = sizes.front().get<std::int64_t>(0);
        run.log(jobs::LogLevel::info, fmt::format("{}: {} → {} bytes", name, old_size, new_size));
        before += old_size;
        after += new_size;
        ++done;
    }
    run.result =
        fmt::format(R"({{"indexes":{},"bytes_before":{},"bytes_after":{}}})", done, before, after);
}

}  // namespace showrunner::ops
