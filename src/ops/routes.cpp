#include "api/bearer.hpp"
#include "api/context.hpp"
#include "api/openapi.hpp"
#include "files/files.hpp"
#include "ops/feature.hpp"

namespace showrunner::ops {

namespace {

bool from_this_machine(http::Request const& request) {
    // Behind a proxy on this machine the address is that of the proxy's client.
    return request.remote_address.starts_with("127.") || request.remote_address == "::1";
}

Task<> require_scraper(api::Context& context) {
    std::string_view const token = api::bearer_token(context.request);
    std::string const& wanted = context.services.about.metrics_token;
    if (!wanted.empty() && equal_secrets(token, wanted)) co_return;
    if (wanted.empty() && token.empty() && from_this_machine(context.request)) co_return;
    if (token.empty())
        throw Error{Code::unauthenticated, "Send the metrics token or an admin's token."};
    context.principal = co_await context.services.accounts.authenticate(token);
    context.require(auth::Action::administer);
}

FileLimits file_limits(api::Services const& services) {
    using enum files::Kind;
    auto const most = [&](files::Kind kind) { return files::bytes_max(services, kind); };
    return {most(video), most(image), most(audio), most(script), most(other)};
}

}  // namespace

Task<http::Response> get_health(api::Context& /*context*/) {
    co_return http::Response::json(200, R"({"status":"ok"})");
}

Task<http::Response> get_ready(api::Context& context) {
    std::string database = co_await context.services.db.check(std::chrono::seconds{2});
    bool const stopping = context.services.about.stopping;
    bool const ready = database.empty() && !stopping;
    std::vector<std::string> const missing = context.services.media.tools.missing();
    http::Response response = http::Response::json(
        ready ? 200 : 503,
        fmt::format(
            R"({{"status":"{}","checks":{{"database":"{}","accepting":{},"media":"{}"}}}})",
            ready ? "ready" : "not ready",
            database.empty() ? "ok" : "unavailable",
            !stopping,
            // It serves without them; what is missing is only previews.
            missing.empty() ? "ok" : fmt::format("without {}", fmt::join(missing, ", "))
        )
    );
    if (!ready) response.headers.set("Retry-After", "1");
    co_return response;
}

Task<http::Response> get_metrics(api::Context& context) {
    co_await require_scraper(context);
    co_return http::Response::text(
        200, context.services.metrics.render(), "text/plain; version=0.0.4; charset=utf-8"
    );
}

Task<http::Response> get_root(api::Context& /*context*/) {
    co_return api::one(ApiRoot{
        "showrunner", SHOWRUNNER_VERSION, {"/api/v1/openapi.json", "/api/docs", "/socket.io/"}
    });
}

Task<http::Response> get_config(api::Context& context) {
    api::About const& about = context.services.about;
    co_return api::one(ServerInfo{
        "showrunner",
        SHOWRUNNER_VERSION,
        about.build_id,
        about.node,
        context.services.media.tools.missing(),
        file_limits(context.services)
    });
}

Task<http::Response> get_openapi(api::Context& context) {
    http::Response response = http::Response::json(200, context.services.about.openapi);
    response.headers.set("Cache-Control", "no-cache");
    co_return response;
}

Task<http::Response> get_docs(api::Context& context) {
    api::DocsPage const& page = *context.services.about.docs;
    http::Response response = http::Response::text(200, page.html, "text/html; charset=utf-8");
    response.headers.set("Content-Security-Policy", page.content_security_policy);
    response.headers.set("Cache-Control", "no-cache");
    co_return response;
}

}  // namespace showrunner::ops
