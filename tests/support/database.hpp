// A database for one test. The process has one PostgreSQL cluster (private, in a temporary folder,
// without fsync; or SHOWRUNNER_TEST_POSTGRES, the URL of one), started when it is first needed and
// stopped at the end; a test gets a copy of a database with all migrations applied.
#pragma once

#include "base/metrics.hpp"
#include "db/pool.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace showrunner::test {

class TestDatabase {
public:
    enum class Content : std::uint8_t { migrated, empty };

    explicit TestDatabase(Content content = Content::migrated);
    ~TestDatabase();
    TestDatabase(TestDatabase const&) = delete;
    TestDatabase& operator=(TestDatabase const&) = delete;

    [[nodiscard]] std::string const& url() const { return url_; }

    /// Runs SQL (several statements if need be) on a connection of its own, blocking. The first
    /// column of the first row of the last statement; empty when there is none.
    std::string sql(std::string_view statements) const;

private:
    std::string name_;
    std::string url_;
};

/// What most database tests need: `struct MyTest : test::PoolTest`, or a local.
struct PoolTest {
    explicit PoolTest(
        TestDatabase::Content content = TestDatabase::Content::migrated,
        db::PoolOptions options = {}
    );

    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    TestDatabase database;
    asio::io_context io{1};
    metrics::Registry metrics;
    db::Pool pool;
};

/// A folder that goes away with the object.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace showrunner::test
