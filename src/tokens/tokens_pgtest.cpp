// API tokens: made, used, refused. The worker's route is one of this test's own, so that the rule
// is tried whatever routes there are.
#include "api/context.hpp"
#include "api/dispatcher.hpp"
#include "auth/api_tokens.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

namespace showrunner {

namespace {

using auth::Role;
using test::at;

constexpr std::string_view create_body = R"({"name":"render farm","scopes":["worker"]})";

Task<http::Response> say_who(api::Context& context) {
    co_return http::Response::text(
        200,
        fmt::format(
            "{}|{}|{}",
            context.actor.name,
            context.actor.user_id.value_or("nobody"),
            context.principal.id()
        ),
        "text/plain"
    );
}

constexpr std::array worker_routes{
    api::Route{
        .verb = http::Verb::post,
        .path = "/api/v1/worker/try",
        .id = "tryWorker",
        .summary = "For this test",
        .access = api::Access::worker,
        .handler = say_who,
        .shape = api::Shape::bare,
    },
    api::Route{
        .verb = http::Verb::get,
        .path = "/api/v1/viewer/try",
        .id = "tryViewer",
        .summary = "For this test",
        .access = api::Access::viewer,
        .handler = say_who,
        .shape = api::Shape::bare,
    },
};
static_assert(api::are_sound(worker_routes));

class SettableClock final : public Clock {
public:
    [[nodiscard]] Time now() const override { return at; }

    Time at = SystemClock{}.now();
};

/// A dispatcher over the routes above, called without a network.
class WorkerApi {
public:
    WorkerApi() {
        app::Config config;
        config.web_dir = "";
        app_ = std::make_unique<app::App>(io_, config, database_.url());
        test::run(io_, app_->prepare());
        api::Services const& real = app_->services();
        services_ = std::make_unique<api::Services>(api::Services{
            real.db,
            real.jobs_db,
            clock,
            real.accounts,
            real.tail,
            real.live,
            real.signals,
            real.http,
            real.allowed,
            real.media,
            real.job_types,
            real.files,
            real.studio,
            real.hub,
            real.catalogue,
            real.metrics,
            real.about
        });
        api::Surroundings around;
        around.is_socket = [](http::Request const&) { return false; };
        dispatcher_ = std::make_unique<api::Dispatcher>(*services_, worker_routes, around);
    }

    http::Response call(http::Verb method, std::string path, std::string const& token) {
        http::Request request;
        request.method = method;
        request.path = path;
        request.target = path;
        request.headers.set("Authorization", "Bearer " + token);
        return test::run(io_, dispatcher_->serve(request));
    }

    http::Response work(std::string const& token) {
        return call(http::Verb::post, "/api/v1/worker/try", token);
    }

    auth::IssuedApiToken issue(std::optional<Time> expires_at = {}) {
        return test::run(
            io_,
            auth::issue_api_token(
                services_->db, {"farm", {auth::Scope::worker}, expires_at}, {}, clock.now()
            )
        );
    }

    std::string sql(std::string const& statement) { return database_.sql(statement); }

    std::string access_token(Role role) {
        auth::NewUser user{std::string{json::name_of(role)} + "@example.com", "Ann", role, ""};
        auto const created =
            test::run(io_, auth::create_user(services_->db, std::move(user), {}, clock.now()));
        return services_->accounts.signer().sign(
            {created.id, new_id(), clock.now(), clock.now() + std::chrono::minutes{15}}
        );
    }

    SettableClock clock;

private:
    test::TestDatabase database_;
    asio::io_context io_{1};
    std::unique_ptr<app::App> app_;
    std::unique_ptr<api::Services> services_;
    std::unique_ptr<api::Dispatcher> dispatcher_;
};

}  // namespace

TEST_CASE("a worker's token opens the worker's routes and nothing else") {
    WorkerApi api;
    auto const issued = api.issue();
    auto const worked = api.work(issued.token);
    CHECK(worked.status == 200);
    CHECK(worked.body == "farm|nobody|" + issued.record.id);
    auto const elsewhere = api.call(http::Verb::get, "/api/v1/viewer/try", issued.token);
    CHECK(elsewhere.status == 403);
    CHECK(at(elsewhere.body, "code") == "TOKEN_SCOPE");
    for (Role const role : {Role::viewer, Role::admin}) {
        std::string const person = api.access_token(role);
        CHECK(api.call(http::Verb::get, "/api/v1/viewer/try", person).status == 200);
        auto const refused = api.work(person);
        CHECK(refused.status == 403);
        CHECK(at(refused.body, "code") == "TOKEN_SCOPE");
        CHECK(at(refused.body, "detail").find("scope worker") != std::string::npos);
    }
}

TEST_CASE("a token that is wrong, expired or revoked is refused at once") {
    WorkerApi api;
    auto const code = [&](std::string const& token) {
        auto const refused = api.work(token);
        CHECK(refused.status == 401);
        CHECK(refused.headers.has("WWW-Authenticate"));
        return at(refused.body, "code");
    };
    auto const issued = api.issue(api.clock.now() + std::chrono::hours{1});
    CHECK(issued.token.starts_with("sr_"));
    CHECK(issued.record.prefix == issued.token.substr(0, 8));
    std::string wrong = issued.token;
    wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
    CHECK(code(wrong) == "INVALID_TOKEN");
    CHECK(code("sr_") == "INVALID_TOKEN");
    CHECK(code("sr_" + std::string(5000, 'x')) == "INVALID_TOKEN");
    CHECK(api.work(issued.token).status == 200);
    api.clock.at += std::chrono::hours{1};
    CHECK(code(issued.token) == "TOKEN_EXPIRED");

    auto const lasting = api.issue();
    CHECK(api.work(lasting.token).status == 200);
    // As another node would: this one is not told.
    api.sql("UPDATE api_tokens SET revoked_at = now() WHERE expires_at IS NULL");
    CHECK(code(lasting.token) == "TOKEN_REVOKED");
    CHECK(
        api.sql(
            "SELECT count(*) FROM api_tokens WHERE strpos(api_tokens::text, '" +
            lasting.token.substr(8) + "') > 0"
        ) == "0"
    );
}

TEST_CASE("a token's last use is noted, at most once a minute") {
    WorkerApi api;
    auto const issued = api.issue();
    std::string const noted =
        "SELECT to_char(last_used_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
        "FROM api_tokens";
    CHECK(api.sql(noted).empty());
    std::string const first = to_rfc3339(api.clock.now());
    api.work(issued.token);
    CHECK(api.sql(noted) == first);
    api.clock.at += std::chrono::seconds{59};
    api.work(issued.token);
    CHECK(api.sql(noted) == first);
    api.clock.at += std::chrono::seconds{1};
    api.work(issued.token);
    CHECK(api.sql(noted) == to_rfc3339(api.clock.now()));
}

TEST_CASE("admins make, list and revoke API tokens") {
    test::TestServer const server;
    std::string const path = "/api/v1/tokens";
    auto const created =
        run(server,
            {.name = "make",
             .as = Role::admin,
             .method = "POST",
             .path = path,
             .body = std::string{create_body},
             .headers = {{"Idempotency-Key", "once"}},
             .status = 201,
             .contains = {R"("scopes":["worker"])", R"("expires_at":null)", R"("token":"sr_)"},
             .events = {"token_created"}});
    std::string const token = at(created.body, "data.token");
    std::string const id = at(created.body, "data.id");
    // The answer is not kept for the key: it holds the secret.
    CHECK(server.database().sql("SELECT count(*) FROM idempotency_keys") == "0");
    for (char const* table : {"api_tokens", "events"}) {
        INFO(table);
        auto const holding = fmt::format(
            "SELECT count(*) FROM {0} WHERE strpos({0}::text, '{1}') > 0", table, token.substr(8)
        );
        CHECK(server.database().sql(holding) == "0");
    }
    auto const use = [&](std::string const& method, std::string const& where) {
        return server.call({}, method, where, "", {{"Authorization", "Bearer " + token}});
    };
    for (char const* where : {"/api/v1/episodes", "/api/v1/tokens", "/metrics"}) {
        INFO(where);
        auto const refused = use("GET", where);
        CHECK(refused.status == 403);
        CHECK(at(refused.body, "code") == "TOKEN_SCOPE");
    }
    CHECK(use("POST", "/api/v1/auth/logout").status == 403);

    auto const list = server.call(Role::admin, "GET", path);
    CHECK(at(list.body, "data.0.id") == id);
    CHECK(at(list.body, "data.0.prefix") == token.substr(0, 8));
    CHECK(at(list.body, "data.0.created_by") == server.user_id(Role::admin));
    CHECK_FALSE(at(list.body, "data.0.last_used_at").empty());
    CHECK(list.body.find(token) == std::string::npos);

    test::Scenario revoke{
        .name = "revoke",
        .as = Role::admin,
        .method = "DELETE",
        .path = path + "/" + id,
        .status = 204,
        .events = {"token_revoked"}
    };
    run(server, revoke);
    CHECK(use("GET", "/api/v1/episodes").status == 401);
    revoke.events = {};
    revoke.name = "revoke again";
    run(server, revoke);
    CHECK_FALSE(at(server.call(Role::admin, "GET", path).body, "data.0.revoked_at").empty());
}

TEST_CASE("an API token that could never be used is not made") {
    test::TestServer const server;

    struct Bad {
        char const* body;
        char const* field;
        char const* code;
    };

    for (Bad const& bad : {
             Bad{R"({"name":"a"})", "scopes", "REQUIRED"},
             Bad{R"({"name":"a","scopes":[]})", "scopes", "TOO_SHORT"},
             Bad{R"({"name":"a","scopes":["admin"]})", "scopes[0]", "ENUM"},
             Bad{R"({"name":"","scopes":["worker"]})", "name", "TOO_SHORT"},
             Bad{R"({"name":"a","scopes":["worker"],"expires_at":"2020-01-01T00:00:00Z"})",
                 "expires_at",
                 "PAST"},
             Bad{R"({"name":"a","scopes":["worker"],"expires_at":"soon"})", "expires_at", "FORMAT"},
         }) {
        INFO(bad.body);
        auto const refused = server.call(Role::admin, "POST", "/api/v1/tokens", bad.body);
        CHECK(refused.status == 422);
        CHECK(at(refused.body, "errors.0.field") == bad.field);
        CHECK(at(refused.body, "errors.0.code") == bad.code);
    }
    CHECK(server.database().sql("SELECT count(*) FROM api_tokens") == "0");
}

}  // namespace showrunner
