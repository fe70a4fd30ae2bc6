#include "support/database.hpp"

#include "db/migrate.hpp"
#include "db/private_postgres.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>

namespace showrunner::test {

namespace {

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};

using BlockingConnection = std::unique_ptr<PGconn, Finish>;

BlockingConnection connect(std::string const& url) {
    BlockingConnection connection{PQconnectdb(url.c_str())};
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error{PQerrorMessage(connection.get())};
    }
    PQsetNoticeProcessor(connection.get(), [](void*, char const*) {}, nullptr);
    return connection;
}

std::string execute(PGconn* connection, std::string const& sql) {
    std::unique_ptr<PGresult, Clear> const result{PQexec(connection, sql.c_str())};
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error{fmt::format("{}\nin: {}", PQerrorMessage(connection), sql)};
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

/// `url` with another database; libpq lets the later of two settings win.
std::string with_database(std::string const& url, std::string_view database) {
    if (!url.starts_with("postgres")) return fmt::format("{} dbname={}", url, database);
    auto const query = url.find('?');
    auto const host = url.find("//") + 2;
    auto const path = std::min(url.find('/', host), query);
    std::string const tail = query == std::string::npos ? "" : url.substr(query);
    return fmt::format("{}/{}{}", url.substr(0, path), database, tail);
}

class Cluster {
public:
    Cluster() {
        if (char const* const given = std::getenv("SHOWRUNNER_TEST_POSTGRES")) {
            url_ = given;
        } else {
            folder_.emplace();
            own_.emplace(db::PrivatePostgres::start({
                .data_dir = folder_->path() / "data",
                .durability = db::Durability::none,
            }));
            url_ = own_->url();
        }
        admin_ = connect(url_);
    }

    Cluster(Cluster const&) = delete;
    Cluster& operator=(Cluster const&) = delete;

    ~Cluster() {
        if (!template_.empty() && !own_) drop(template_);
    }

    std::string create(TestDatabase::Content content) {
        std::string const name = next_name();
        if (content == TestDatabase::Content::empty) {
            execute(admin_.get(), fmt::format("CREATE DATABASE {}", name));
        } else {
            execute(
                admin_.get(),
                fmt::format(
                    "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, migrated_template()
                )
            );
        }
        return name;
    }

    void drop(std::string const& name) {
        execute(admin_.get(), fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name));
    }

    [[nodiscard]] std::string url_of(std::string_view database) const {
        return with_database(url_, database);
    }

private:
    std::string next_name() { return fmt::format("test_{}_{}", ::getpid(), ++created_); }

    std::string const& migrated_template() {
        if (!template_.empty()) return template_;
        std::string const name = next_name();
        execute(admin_.get(), fmt::format("CREATE DATABASE {}", name));
        asio::io_context io{1};
        metrics::Registry metrics;
        {
            db::Pool pool{io.get_executor(), {.url = url_of(name)}, metrics};
            db::Migrator migrator{pool};
            test::run(io, migrator.up());
        }
        template_ = name;
        return template_;
    }

    std::optional<TemporaryFolder> folder_;
    std::optional<db::PrivatePostgres> own_;
    std::string url_;
    BlockingConnection admin_;
    std::string template_;
    unsigned created_ = 0;
};

/// Started by the first test that needs it; stopped by the end of main, on the main thread.
Cluster& cluster() {
    static Cluster instance;
    return instance;
}

}  // namespace

TestDatabase::TestDatabase(Content content)
    : name_{cluster().create(content)}, url_{cluster().url_of(name_)} {}

TestDatabase::~TestDatabase() {
    cluster().drop(name_);
}

std::string TestDatabase::sql(std::string_view statements) const {
    BlockingConnection const connection = connect(url_);
    return execute(connection.get(), std::string{statements});
}

PoolTest::PoolTest(TestDatabase::Content content, db::PoolOptions options)
    : database{content},
      pool{
          io.get_executor(),
          [&] {
              options.url = database.url();
              return options;
          }(),
          metrics
      } {}

TemporaryFolder::TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "showrunner-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot create " + name};
    // A test that runs as root has PostgreSQL running as somebody else.
    ::chmod(name.c_str(), 0711);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace showrunner::test
