// The whole server in this process, on a database of its own and a free port, with a user of each
// role; and API tests as data.
#pragma once

#include "app/app.hpp"
#include "auth/principal.hpp"
#include "support/database.hpp"
#include "support/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace showrunner::test {

class TestServer {
public:
    explicit TestServer(app::Config config = {});
    ~TestServer();
    TestServer(TestServer const&) = delete;
    TestServer& operator=(TestServer const&) = delete;

    [[nodiscard]] std::string const& url() const { return url_; }

    [[nodiscard]] std::string const& token(auth::Role role) const { return tokens_.at(role); }

    [[nodiscard]] std::string const& user_id(auth::Role role) const { return users_.at(role); }

    [[nodiscard]] TestDatabase const& database() const { return database_; }

    /// Where it keeps the content of files.
    [[nodiscard]] std::filesystem::path const& folder() const { return folder_.path(); }

    /// For what is looked at on the server's own thread.
    template <typename T>
    T on_server(std::function<Task<T>(api::Services&)> work) const {
        auto result = asio::co_spawn(io_, work(app_->services()), asio::use_future);
        return result.get();
    }

    /// Sends with the role's token (none: without) and, for a body, as JSON.
    [[nodiscard]] HttpResponse call(
        std::optional<auth::Role> as,
        std::string method,
        std::string path,
        std::string body = {},
        std::vector<std::pair<std::string, std::string>> headers = {}
    ) const;

    /// Types of the ledger's events in order, after the first `skip`.
    [[nodiscard]] std::vector<std::string> event_types(std::size_t skip = 0) const;

private:
    Task<> start();

    TestDatabase database_;
    TemporaryFolder folder_;
    mutable asio::io_context io_{1};
    std::unique_ptr<app::App> app_;
    std::string url_;
    std::map<auth::Role, std::string> tokens_;
    std::map<auth::Role, std::string> users_;
    std::thread thread_;
};

/// One request and all that it must do: `events` is exact.
struct Scenario {
    std::string name;
    std::optional<auth::Role> as = auth::Role::editor;
    std::string method;
    std::string path;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    int status = 200;
    std::vector<std::string> contains = {};
    std::vector<std::string> events = {};
};

/// Runs it with doctest's checks.
HttpResponse run(TestServer const& server, Scenario const& scenario);

/// A member of a JSON text by dotted path (`data.id`, `errors.0.code`), as text; empty when there
/// is none.
[[nodiscard]] std::string at(std::string const& json, std::string_view path);

}  // namespace showrunner::test
