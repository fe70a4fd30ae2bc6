// A PostgreSQL of our own: its start, its end, and what goes wrong with either.
#include "db/pool.hpp"
#include "db/postgres_files.hpp"
#include "db/private_postgres.hpp"
#include "support/database.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace showrunner::db {

namespace {

namespace fs = std::filesystem;

Query const one_query{.name = "one", .text = "SELECT 1", .lane = Lane::read};
Query const insert_query{
    .name = "insert_mark", .text = "INSERT INTO mark VALUES ($1)", .lane = Lane::insert
};
Query const count_query{.name = "count_marks", .text = "SELECT count(*) FROM mark"};

struct Node {
    explicit Node(PrivatePostgres const& postgres)
        : pool{io.get_executor(), {.url = postgres.url()}, metrics} {}

    asio::io_context io{1};
    metrics::Registry metrics;
    Pool pool;

    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    void create_table() {
        Session session = run(pool.session());
        run(session.script("CREATE TABLE mark (id integer PRIMARY KEY)"));
    }
};

/// The message of the std::runtime_error that starting there throws.
std::string refusal(PrivatePostgresOptions const& options) {
    try {
        auto const postgres = PrivatePostgres::start(options);
    } catch (std::runtime_error const& error) {
        return error.what();
    }
    return "";
}

bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

bool alive(pid_t process) {
    return ::kill(process, 0) == 0;
}

void wait_until_gone(pid_t process) {
    asio::io_context io{1};
    asio::steady_timer tick{io};
    // Nothing announces the end of somebody else's child: look again every few milliseconds.
    std::function<void()> look = [&] {
        tick.expires_after(std::chrono::milliseconds{5});
        tick.async_wait([&](boost::system::error_code) { look(); });
    };
    look();
    REQUIRE(test::run_until(io, [&] { return !alive(process); }));
}

/// A server in a process of its own: starts PostgreSQL and tells its process id.
[[noreturn]] void serve_until_killed(fs::path const& data, int ready) {
    try {
        auto const postgres =
            PrivatePostgres::start({.data_dir = data, .durability = Durability::none});
        int const process = postgres.process_id();
        [[maybe_unused]] auto const written = ::write(ready, &process, sizeof process);
        for (;;) ::pause();
    } catch (...) {
        ::_exit(1);
    }
}

/// Sets an environment variable for a scope.
class Environment {
public:
    Environment(char const* name, std::string const& value) : name_{name} {
        ::setenv(name, value.c_str(), 1);
    }

    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

    ~Environment() { ::unsetenv(name_); }

private:
    char const* name_;
};

}  // namespace

TEST_CASE("it keeps its data, serves on a private socket and stops in good order") {
    test::TemporaryFolder const folder;
    fs::path const data = folder.path() / "data";
    CHECK(running_private_postgres(data).empty());
    pid_t process = 0;
    {
        auto const postgres = PrivatePostgres::start({.data_dir = data});
        process = postgres.process_id();
        CHECK(running_private_postgres(data) == postgres.url());
        struct stat socket{};
        REQUIRE(::stat((data / "postgres-socket").c_str(), &socket) == 0);
        CHECK((socket.st_mode & 0777U) == 0700U);
        Node node{postgres};
        node.create_table();
        node.run(node.pool.run(insert_query, Params{1}));
    }
    CHECK_FALSE(alive(process));
    CHECK_FALSE(fs::exists(data / "postgres" / "postmaster.pid"));
    CHECK(running_private_postgres(data).empty());
    auto const again = PrivatePostgres::start({.data_dir = data});
    Node node{again};
    CHECK(node.run(node.pool.run(count_query)).front().get<int>(0) == 1);

    std::string const why = refusal({.data_dir = data});
    CHECK(contains(why, "Another Showrunner server (process " + std::to_string(::getpid())));
    CHECK(contains(why, data.string()));
}

TEST_CASE("a backend that is killed: the outcome is unknown, the pool recovers") {
    test::TemporaryFolder const folder;
    auto const postgres =
        PrivatePostgres::start({.data_dir = folder.path() / "data", .durability = Durability::none}
        );
    Node node{postgres};
    node.create_table();
    Query const slow{
        .name = "slow_insert",
        .text = "INSERT INTO mark SELECT 2 FROM (SELECT pg_sleep(60)) AS nap",
        .lane = Lane::change,
    };
    Query const napping{
        .name = "napping",
        .text = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
        .lane = Lane::scan,
    };
    std::exception_ptr error;
    bool ended = false;
    asio::co_spawn(node.io, node.pool.run(slow), [&](std::exception_ptr why, Rows const&) {
        error = why;
        ended = true;
    });
    int pid = 0;
    while (pid == 0) pid = node.run(node.pool.run(napping)).front().get<int>(0);
    ::kill(pid, SIGKILL);
    REQUIRE(test::run_until(node.io, [&] { return ended; }));
    REQUIRE(error);
    try {
        std::rethrow_exception(error);
    } catch (ConnectionLost const& lost) {
        CHECK(lost.outcome_unknown);
    }
    CHECK(node.run(node.pool.run(count_query)).front().get<int>(0) == 0);
}

TEST_CASE("a postmaster that is killed is started again, and the pool recovers") {
    test::TemporaryFolder const folder;
    auto postgres = PrivatePostgres::start({.data_dir = folder.path() / "data"});
    Node node{postgres};
    node.create_table();
    node.run(node.pool.run(insert_query, Params{1}));
    spawn(node.io.get_executor(), "supervise", postgres.supervise_process());
    pid_t const killed = postgres.process_id();
    ::kill(killed, SIGKILL);
    REQUIRE(test::run_until(node.io, [&] {
        return postgres.process_id() > 0 && postgres.process_id() != killed;
    }));
    auto const back = [&] { return node.run(node.pool.check(std::chrono::seconds{10})).empty(); };
    REQUIRE(test::run_until(node.io, back));
    CHECK(node.run(node.pool.run(count_query)).front().get<int>(0) == 1);
}

TEST_CASE("what a killed server left is taken over") {
    test::TemporaryFolder const folder;
    fs::path const data = folder.path() / "data";
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    pid_t const server = ::fork();
    if (server == 0) serve_until_killed(data, ready[1]);
    int process = 0;
    REQUIRE(::read(ready[0], &process, sizeof process) == sizeof process);
    ::close(ready[0]);
    ::close(ready[1]);

    SUBCASE("PostgreSQL stops in good order") {
        ::kill(server, SIGKILL);
        ::waitpid(server, nullptr, 0);
        wait_until_gone(process);
        CHECK_FALSE(fs::exists(data / "postgres" / "postmaster.pid"));
    }

    SUBCASE("the next server need not wait for that") {
        ::kill(process, SIGSTOP);  // It cannot react to the death of its parent yet.
        ::kill(server, SIGKILL);
        ::waitpid(server, nullptr, 0);
        CHECK(alive(process));
        ::kill(process, SIGCONT);
    }

    auto const postgres =
        PrivatePostgres::start({.data_dir = data, .durability = Durability::none});
    CHECK(postgres.process_id() != process);
    Node node{postgres};
    CHECK(node.run(node.pool.run(one_query)).size() == 1);
}

TEST_CASE("a path too long for a socket gets one in the temporary folder") {
    test::TemporaryFolder const folder;
    fs::path const data = folder.path() / std::string(90, 'x') / "data";
    fs::create_directories(data.parent_path());
    auto const postgres =
        PrivatePostgres::start({.data_dir = data, .durability = Durability::none});
    CHECK(contains(postgres.url(), "host=" + fs::temp_directory_path().string()));
    CHECK_FALSE(contains(postgres.url(), "xxxx"));
    CHECK(running_private_postgres(data) == postgres.url());
    Node node{postgres};
    CHECK(node.run(node.pool.run(one_query)).size() == 1);
    fs::remove_all(socket_folder(data));
}

TEST_CASE("without PostgreSQL the message says how to get one") {
    test::TemporaryFolder const folder;
    test::TemporaryFolder const empty;
    Environment const bindir{"PG_BINDIR", empty.path().string()};
    std::string const why = refusal({.data_dir = folder.path() / "data"});
    CHECK(contains(why, empty.path().string()));
    CHECK(contains(why, "apt install postgresql"));
    CHECK(contains(why, "DATABASE_URL"));
}

TEST_CASE("data of another version is not touched") {
    test::TemporaryFolder const folder;
    fs::path const cluster = folder.path() / "data" / "postgres";
    fs::create_directories(cluster);
    std::ofstream{cluster / "PG_VERSION"} << "9.6\n";
    CHECK(contains(refusal({.data_dir = folder.path() / "data"}), "made by PostgreSQL 9.6"));
}

TEST_CASE("a folder that PostgreSQL's user may not enter is named") {
    if (::geteuid() != 0) return;  // Only root hands the work to another user.
    test::TemporaryFolder const folder;
    fs::path const closed = folder.path() / "closed";
    fs::create_directory(closed);
    fs::permissions(closed, fs::perms::owner_all);
    std::string const why = refusal({.data_dir = closed / "data"});
    CHECK(contains(why, "may not enter the folder " + closed.string()));
    CHECK(contains(why, "chmod o+x " + closed.string()));
}

TEST_CASE("a PostgreSQL that does not start is quoted") {
    test::TemporaryFolder const folder;
    fs::path const data = folder.path() / "data";
    {
        auto const postgres = PrivatePostgres::start({.data_dir = data});
    }
    std::ofstream{data / "postgres" / "postgresql.auto.conf"} << "nonsense = 1\n";
    std::string const why = refusal({.data_dir = data});
    CHECK(contains(why, "PostgreSQL did not start"));
    CHECK(contains(why, "nonsense"));
}

}  // namespace showrunner::db
