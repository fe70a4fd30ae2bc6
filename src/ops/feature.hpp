// The system's own endpoints: alive, ready, metrics, what this server is and how it is used.
#pragma once

#include "api/route.hpp"
#include "db/failure.hpp"
#include "ops/reindex.hpp"

#include <boost/mp11.hpp>

namespace showrunner::ops {

/// How many bytes a file of each kind may have.
struct FileLimits {
    std::int64_t video = 0;
    std::int64_t image = 0;
    std::int64_t audio = 0;
    std::int64_t script = 0;
    std::int64_t other = 0;
};
BOOST_DESCRIBE_STRUCT(FileLimits, (), (video, image, audio, script, other))

struct ServerInfo {
    std::string name;
    std::string version;
    std::string build_id;  ///< of the web app; empty without one
    std::string node;
    std::vector<std::string> missing_tools;  ///< without which some files have no previews
    FileLimits file_bytes_max;
};
BOOST_DESCRIBE_STRUCT(
    ServerInfo, (), (name, version, build_id, node, missing_tools, file_bytes_max)
)

struct Links {
    std::string openapi;
    std::string docs;
    std::string realtime;
};
BOOST_DESCRIBE_STRUCT(Links, (), (openapi, docs, realtime))

struct ApiRoot {
    std::string name;
    std::string version;
    Links links;
};
BOOST_DESCRIBE_STRUCT(ApiRoot, (), (name, version, links))

Task<http::Response> get_health(api::Context& context);
Task<http::Response> get_ready(api::Context& context);
Task<http::Response> get_metrics(api::Context& context);
Task<http::Response> get_root(api::Context& context);
Task<http::Response> get_config(api::Context& context);
Task<http::Response> get_openapi(api::Context& context);
Task<http::Response> get_docs(api::Context& context);

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;

    static constexpr std::string_view name = "ops";
    using Events = boost::mp11::mp_list<>;
    static constexpr std::span<db::ConstraintMeaning const> constraints{};

    static constexpr std::array handlers{jobs::Handler{
        .type = "reindex",
        .summary = "Rebuild the indexes",
        .run = run_reindex,
        .args = jobs::args<ReindexArgs>("ReindexArgs"),
        .action = auth::Action::administer,
        .about = jobs::About::installation,
        .queue = "maintenance",
        .max_attempts = 2,
        .timeout = std::chrono::hours{12},
    }};

    static constexpr std::array routes{
        api::Route{get, "/health", "getHealth", "Is the process alive", anyone, get_health, bare},
        api::Route{
            get,
            "/ready",
            "getReady",
            "Can it serve: the database answers, the server isn't stopping",
            anyone,
            get_ready,
            bare
        },
        api::Route{
            get,
            "/metrics",
            "getMetrics",
            "Metrics for Prometheus; with the metrics token, an admin's token, or from this "
            "machine",
            anyone,
            get_metrics,
            bare
        },
        api::Route{
            get,
            "/api/v1",
            "getRoot",
            "Name, version and where to go on",
            viewer,
            get_root,
            one,
            api::type<ApiRoot>("ApiRoot")
        },
        api::Route{
            get,
            "/api/v1/config",
            "getConfig",
            "What a client should know of this server",
            viewer,
            get_config,
            one,
            api::type<ServerInfo>("ServerInfo")
        },
        api::Route{
            get,
            "/api/v1/openapi.json",
            "getOpenapi",
            "This description, as OpenAPI 3.1",
            anyone,
            get_openapi,
            bare
        },
        api::Route{
            get, "/api/docs", "getDocs", "This description, as a page", anyone, get_docs, bare
        },
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::ops
