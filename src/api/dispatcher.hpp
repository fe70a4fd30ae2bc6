// From a request to its answer: routes, guards, errors, metrics. The one place where exceptions of
// handlers become responses.
#pragma once

#include "api/route.hpp"
#include "api/services.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace showrunner::api {

/// What is served beside the route table.
struct Surroundings {
    http::StaticFiles const* web = nullptr;  ///< the web app, when it is installed
    /// Paths that belong to the socket server, and how it takes them.
    std::function<bool(http::Request const&)> is_socket;
    std::function<http::Plan()> plan_socket;
    std::function<Task<http::Response>(http::Request&)> serve_socket;
    std::function<void(http::Request&, http::Upgrade&)> upgrade_socket;
};

class Dispatcher final : public http::Application {
public:
    Dispatcher(Services& services, std::span<Route const> routes, Surroundings surroundings);

    http::Plan plan(http::Request const& request) override;
    Task<http::Response> serve(http::Request& request) override;
    http::Response refuse(http::Request const& request, Error const& error) override;
    bool upgrade(http::Request& request, http::Upgrade& upgrade) override;

private:
    struct RouteMetrics {
        metrics::Histogram* seconds = nullptr;
        std::map<unsigned, metrics::Counter*> by_status;
    };

    [[nodiscard]] bool is_api(std::string_view path) const;
    Task<http::Response> serve_route(http::Request& request, http::Match const& match);
    Task<http::Response> answer(http::Request& request, std::string_view& route_path);
    Task<> sign_in(Context& context, Route const& route);
    void finish(
        http::Request const& request,
        http::Response& response,
        std::string_view route_path,
        double seconds
    );

    Services& services_;
    std::span<Route const> routes_;
    http::Router router_;
    Surroundings surroundings_;
    std::map<std::string_view, RouteMetrics> metrics_;
};

/// The headers of every page and answer of this server.
void add_security_headers(http::Headers& headers, bool secure);

}  // namespace showrunner::api
