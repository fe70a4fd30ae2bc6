// Every route of the table, without a case written for it: a new route is covered the day it is
// declared.
#include "app/features.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

#include <regex>
#include <set>

namespace showrunner {

namespace {

using auth::Role;
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The path with its parameters put in: an id that no record has.
std::string path_of(api::Route const& route) {
    return std::regex_replace(
        std::string{route.path}, std::regex{"\\{[^}]*\\}"}, "01890000-0000-7000-8000-00000000dead"
    );
}

std::string method_of(api::Route const& route) {
    return std::string{http::name_of(route.verb)};
}

/// A body that passes the media type check and means nothing.
std::string body_of(api::Route const& route) {
    return route.body == api::Body::none ? "" : "{}";
}

Headers headers_of(api::Route const& route) {
    if (route.body != api::Body::stream) return {};
    return {{"Content-Type", std::string{route.media.substr(0, route.media.find(' '))}}};
}

std::optional<Role> least_role(api::Route const& route) {
    switch (route.access) {
        case api::Access::anyone:
            return {};
        case api::Access::viewer:
            return Role::viewer;
        case api::Access::editor:
            return Role::editor;
        case api::Access::admin:
            return Role::admin;
        case api::Access::worker:
            return {};
    }
    return {};
}

/// A program with a worker's API token.
class Worker {
public:
    explicit Worker(test::TestServer const& server) : server_{server} {
        auto const made = server.call(
            Role::admin, "POST", "/api/v1/tokens", R"({"name":"test","scopes":["worker"]})"
        );
        token_ = test::at(made.body, "data.token");
    }

    [[nodiscard]] test::HttpResponse call(
        api::Route const& route, std::string path, std::string body, Headers headers
    ) const {
        headers.emplace_back("Authorization", "Bearer " + token_);
        return server_.call({}, method_of(route), std::move(path), std::move(body), headers);
    }

    /// As the one who may do most on this route: the worker, or an admin.
    [[nodiscard]] test::HttpResponse call_as_mightiest(
        api::Route const& route, std::string path, std::string body, Headers headers = {}
    ) const {
        if (route.access == api::Access::worker) {
            return call(route, std::move(path), std::move(body), std::move(headers));
        }
        return server_.call(
            Role::admin, method_of(route), std::move(path), std::move(body), std::move(headers)
        );
    }

private:
    test::TestServer const& server_;
    std::string token_;
};

bool is_problem(test::HttpResponse const& response) {
    bool const said = response.headers.at("content-type") == "application/problem+json";
    if (response.body.empty()) return said && response.headers.contains("content-length");  // HEAD
    return said && test::at(response.body, "status") == std::to_string(response.status) &&
           !test::at(response.body, "code").empty() &&
           test::at(response.body, "request_id") == response.headers.at("x-request-id");
}

}  // namespace

TEST_CASE("every route refuses who may not call it") {
    test::TestServer const server;
    Worker const worker{server};
    for (api::Route const& route : app::all_routes()) {
        if (route.access == api::Access::anyone) continue;
        auto const least = least_role(route);
        INFO(method_of(route), " ", route.path);
        auto const refused =
            server.call({}, method_of(route), path_of(route), body_of(route), headers_of(route));
        CHECK(refused.status == 401);
        CHECK(refused.headers.contains("www-authenticate"));
        CHECK(is_problem(refused));
        if (least) {
            auto const program =
                worker.call(route, path_of(route), body_of(route), headers_of(route));
            CHECK(program.status == 403);
            CHECK(is_problem(program));
        }
        for (Role const role : {Role::viewer, Role::editor, Role::admin}) {
            if (least && role >= *least) continue;
            auto const forbidden = server.call(
                role, method_of(route), path_of(route), body_of(route), headers_of(route)
            );
            CHECK(forbidden.status == 403);
            CHECK(is_problem(forbidden));
        }
    }
}

TEST_CASE("every route answers nonsense with a problem and never with a 500") {
    test::TestServer const server;
    Worker const worker{server};
    for (api::Route const& route : app::all_routes()) {
        INFO(method_of(route), " ", route.path);
        bool const for_record = route.path.find("{id}") != std::string_view::npos;
        auto const empty =
            worker.call_as_mightiest(route, path_of(route), body_of(route), headers_of(route));
        CHECK(empty.status < 500);
        if (for_record) CHECK((empty.status == 404 || empty.status == 422));
        if (empty.status >= 400) CHECK(is_problem(empty));

        auto const not_an_id = worker.call_as_mightiest(
            route,
            std::regex_replace(std::string{route.path}, std::regex{"\\{[^}]*\\}"}, "%27--"),
            body_of(route),
            headers_of(route)
        );
        CHECK(not_an_id.status < 500);
        if (for_record) CHECK((not_an_id.status == 404 || not_an_id.status == 422));

        // What takes no parameters ignores them; what takes some refuses one that it doesn't know.
        if (route.parameters != nullptr && !for_record) {
            auto const unknown = worker.call_as_mightiest(
                route, path_of(route) + "?no_such=1", body_of(route), headers_of(route)
            );
            CHECK(unknown.status == 422);
            CHECK(test::at(unknown.body, "errors.0.code") == "UNKNOWN_PARAMETER");
        }
        if (route.body == api::Body::json) {
            CHECK(worker.call_as_mightiest(route, path_of(route), "{").status < 500);
            CHECK(worker.call_as_mightiest(route, path_of(route), "[1]").status < 500);
            CHECK(
                worker
                    .call_as_mightiest(route, path_of(route), "{}", {{"Content-Type", "text/xml"}})
                    .status == 415
            );
            auto const extra =
                worker.call_as_mightiest(route, path_of(route), R"({"no_such_field":1})");
            CHECK(extra.status == 422);
            std::string const big(static_cast<std::size_t>(route.body_limit) + 1, ' ');
            CHECK(worker.call_as_mightiest(route, path_of(route), big).status == 413);
        }
    }
}

TEST_CASE("a method that a path does not answer is 405 and Allow says which it does") {
    test::TestServer const server;
    std::set<std::string_view> paths;
    for (api::Route const& route : app::all_routes()) paths.insert(route.path);
    for (std::string_view const path : paths) {
        std::set<std::string> allowed;
        std::string concrete;
        for (api::Route const& route : app::all_routes()) {
            if (route.path != path) continue;
            allowed.insert(method_of(route));
            concrete = path_of(route);
        }
        for (char const* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
            if (allowed.contains(method)) continue;
            // A literal path beside a parameter, such as /episodes/import, is also a record's.
            INFO(method, " ", path);
            auto const response = server.call(Role::admin, method, concrete);
            if (response.status == 404 || response.status == 422) continue;
            CHECK(response.status == 405);
            for (std::string const& verb : allowed) {
                CHECK(response.headers.at("allow").find(verb) != std::string::npos);
            }
        }
    }
}

TEST_CASE("the OpenAPI document describes every route and every event, and all references resolve"
) {
    test::TestServer const server;
    auto const response = server.call({}, "GET", "/api/v1/openapi.json");
    REQUIRE(response.status == 200);
    boost::json::value const document = boost::json::parse(response.body);
    CHECK(document.at("openapi").as_string() == "3.1.0");
    for (api::Route const& route : app::all_routes()) {
        INFO(route.path);
        std::string method = method_of(route);
        for (char& c : method) c = static_cast<char>(std::tolower(c));
        auto const& operation = document.at("paths").at(route.path).at(method);
        CHECK(operation.at("operationId").as_string() == route.id);
    }
    for (events::EventInfo const& event : app::catalogue().events()) {
        CHECK(document.at("x-events").as_object().contains(event.spec->name));
    }
    std::regex const reference{"\"#/components/schemas/([A-Za-z_]+)\""};
    auto const& schemas = document.at("components").at("schemas").as_object();
    for (auto it = std::sregex_iterator{response.body.begin(), response.body.end(), reference};
         it != std::sregex_iterator{};
         ++it) {
        CHECK(schemas.contains((*it)[1].str()));
    }
    auto const docs = server.call({}, "GET", "/api/docs");
    CHECK(docs.status == 200);
    CHECK(docs.body.find("http://") == std::string::npos);
    CHECK(docs.body.find("https://") == std::string::npos);
    CHECK(docs.body.find("src=") == std::string::npos);
}

}  // namespace showrunner
