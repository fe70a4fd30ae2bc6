#include "db/migrate.hpp"
#include "support/database.hpp"

#include <doctest/doctest.h>

namespace showrunner::db {

namespace {

using Content = test::TestDatabase::Content;

std::vector<Migration> const two{
    {1, "shows", "CREATE TABLE show (id integer);\nINSERT INTO show VALUES (1);", "DROP TABLE show;"
    },
    {2, "names", "ALTER TABLE show ADD COLUMN name text;", "ALTER TABLE show DROP COLUMN name;"},
};

std::string tables(test::TestDatabase const& database) {
    return database.sql(
        "SELECT coalesce(string_agg(table_name || '.' || column_name, ' ' ORDER BY 1), '') "
        "FROM information_schema.columns WHERE table_name = 'show'"
    );
}

}  // namespace

TEST_CASE("migrations go up, down and up again") {
    test::PoolTest test{Content::empty};
    Migrator migrator{test.pool, two};
    CHECK(test.run(migrator.up()) == std::vector{1, 2});
    CHECK(tables(test.database) == "show.id show.name");
    CHECK(test.run(migrator.up()).empty());
    CHECK(test.run(migrator.mismatch()).empty());
    CHECK(test.run(migrator.down(1)) == std::vector{2});
    CHECK(tables(test.database) == "show.id");
    CHECK(test.run(migrator.down(0)) == std::vector{1});
    CHECK(tables(test.database).empty());
    CHECK(test.run(migrator.up()) == std::vector{1, 2});
    CHECK(tables(test.database) == "show.id show.name");
}

TEST_CASE("a migration that fails leaves nothing behind") {
    test::PoolTest test{Content::empty};
    auto migrations = two;
    migrations[1].up = "CREATE TABLE other (id integer);\nALTER TABLE nowhere ADD COLUMN a text;";
    Migrator migrator{test.pool, migrations};
    try {
        test.run(migrator.up());
        CHECK(false);
    } catch (QueryFailed const& error) {
        std::string const what = error.what();
        CHECK(what.starts_with("migration 0002_names up failed: 42P01"));
    }
    CHECK(tables(test.database) == "show.id");
    CHECK(test.database.sql("SELECT to_regclass('other') IS NULL") == "t");
    auto const status = test.run(migrator.status());
    REQUIRE(status.size() == 2);
    CHECK(status[0].applied);
    CHECK(status[0].applied_at.ends_with("Z"));
    CHECK_FALSE(status[1].applied);
    // Somebody mends the file.
    Migrator mended{test.pool, two};
    CHECK(test.run(mended.up()) == std::vector{2});
}

TEST_CASE("of two migrators at once one does the work") {
    test::PoolTest test{Content::empty};
    Migrator migrator{test.pool, two};
    std::vector<std::vector<int>> done;
    for (int i = 0; i < 2; ++i) {
        asio::co_spawn(
            test.io,
            migrator.up(),
            [&done](std::exception_ptr error, std::vector<int> const& numbers) {
                REQUIRE_FALSE(error);
                done.push_back(numbers);
            }
        );
    }
    REQUIRE(test::run_until(test.io, [&] { return done.size() == 2; }));
    CHECK(done[0] == std::vector{1, 2});
    CHECK(done[1].empty());
}

TEST_CASE("a schema that does not fit is explained with the command that mends it") {
    test::PoolTest test{Content::empty};
    Migrator migrator{test.pool, two};
    std::string problem = test.run(migrator.mismatch());
    CHECK(
        problem ==
        "The database lacks 2 migrations (0001_shows, 0002_names). Run `showrunner migrate up`."
    );
    test.run(migrator.up());

    std::vector<Migration> const older{two[0]};
    Migrator behind{test.pool, older};
    problem = test.run(behind.mismatch());
    CHECK(problem.find("0002_names, which this version") != std::string::npos);
    CHECK(problem.find("`showrunner migrate down 1`") != std::string::npos);
    CHECK_THROWS_AS(test.run(behind.down(0)), std::runtime_error);

    auto edited = two;
    edited[0].up = "CREATE TABLE show (id bigint);";
    Migrator changed{test.pool, edited};
    problem = test.run(changed.mismatch());
    CHECK(problem.find("0001_shows has changed") != std::string::npos);
    CHECK(problem.find("`showrunner migrate up`") != std::string::npos);
    auto const status = test.run(changed.status());
    CHECK(status[0].changed);
    CHECK_FALSE(status[1].changed);
}

TEST_CASE("the embedded migrations go down and up again") {
    test::PoolTest test;
    Migrator migrator{test.pool};
    CHECK(test.run(migrator.mismatch()).empty());
    auto const all = test.run(migrator.down(0));
    CHECK(all.size() == embedded_migrations().size());
    // Only the table of the migrations is left.
    CHECK(
        test.database.sql(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'v', 'S', 'm', 'p')"
        ) == "1"
    );
    CHECK(test.run(migrator.up()).size() == all.size());
}

}  // namespace showrunner::db
