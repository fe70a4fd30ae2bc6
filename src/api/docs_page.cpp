// The API's documentation as a page and as Markdown.
#include "api/openapi.hpp"
#include "auth/token.hpp"
#include "base/json.hpp"

#include <sodium.h>

namespace showrunner::api {

namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid #8884}
code,pre{font-family:ui-monospace,monospace;font-size:13px}
details{border:1px solid #8884;border-radius:8px;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer;display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap}
.verb{font-weight:600;min-width:4.5rem}.role{margin-left:auto;font-size:12px;opacity:.8}
pre{overflow:auto;background:#8881;padding:.8rem;border-radius:6px;max-height:26rem}
)";

std::string escape(std::string_view text) {
    std::string out;
    for (char const c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

/// JSON with two spaces a level: made by the server's own serializer, so no strings hold breaks.
std::string indented(std::string_view json_text) {
    std::string out;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json_text.size(); ++i) {
        char const c = json_text[i];
        if (c == '"' && (i == 0 || json_text[i - 1] != '\\')) in_string = !in_string;
        if (!in_string && (c == '}' || c == ']')) out += '\n' + std::string(--depth * 2, ' ');
        out += c;
        if (in_string) continue;
        if (c == '{' || c == '[') out += '\n' + std::string(++depth * 2, ' ');
        if (c == ',') out += '\n' + std::string(depth * 2, ' ');
        if (c == ':') out += ' ';
    }
    return out;
}

std::string group_of(std::string_view path) {
    constexpr std::string_view prefix = "/api/v1/";
    if (!path.starts_with(prefix)) return "system";
    path.remove_prefix(prefix.size());
    if (path == "config" || path == "openapi.json") return "system";
    return std::string{path.substr(0, path.find('/'))};
}

std::string schema_block(std::string_view label, std::string const& schema) {
    return fmt::format("<p>{}</p><pre>{}</pre>", label, escape(indented(schema)));
}

std::string access_text(Access access) {
    if (access == Access::anyone) return "no token";
    if (access == Access::worker) return std::string{name_of(access)};
    return fmt::format("{} and above", name_of(access));
}

std::string route_html(Route const& route) {
    std::string out = fmt::format(
        R"(<details><summary><span class="verb">{}</span><code>{}</code><span>{}</span><span class="role">{}</span></summary>)",
        http::name_of(route.verb),
        escape(route.path),
        escape(route.summary),
        access_text(route.access)
    );
    if (route.parameters != nullptr) {
        out += schema_block("Query parameters", "[" + route.parameters() + "]");
    }
    if (route.body == Body::json) out += schema_block("Body", route.request.schema());
    if (route.body == Body::stream) out += fmt::format("<p>Body: {}</p>", escape(route.media));
    if (route.response.schema != nullptr) {
        out += schema_block(
            fmt::format("Answer {}: {}", route.status, route.response.name), route.response.schema()
        );
    }
    return out + "</details>";
}

std::string csp_hash(std::string_view text) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(
        hash.data(), reinterpret_cast<unsigned char const*>(text.data()), text.size()
    );
    std::string base64(
        sodium_base64_ENCODED_LEN(hash.size(), sodium_base64_VARIANT_ORIGINAL), '\0'
    );
    sodium_bin2base64(
        base64.data(), base64.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL
    );
    base64.pop_back();  // The terminating zero.
    return base64;
}

}  // namespace

DocsPage docs_page(std::span<Route const> routes, events::Catalogue const& catalogue) {
    std::string html = fmt::format(
        R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Showrunner API</title><style>{}</style></head><body><main><h1>Showrunner API {}</h1><p>Machine-readable: <a href="/api/v1/openapi.json">OpenAPI 3.1</a>. Lists are <code>{{"data": […], "pagination": …}}</code>, single records <code>{{"data": …}}</code>, errors <code>application/problem+json</code>. Sign in at <code>POST /api/v1/auth/login</code> and send the token as <code>Authorization: Bearer</code>.</p>)",
        style,
        SHOWRUNNER_VERSION
    );
    std::string group;
    for (Route const& route : routes) {
        std::string const own = group_of(route.path);
        if (own != group) html += fmt::format("<h2>{}</h2>", own);
        group = own;
        html += route_html(route);
    }
    html +=
        "<h2>Events</h2><p>Sent over Socket.IO in namespace <code>/real-time</code>, and read with "
        "<code>GET /api/v1/events</code>.</p>";
    for (events::EventInfo const& event : catalogue.events()) {
        html += fmt::format(
            R"(<details><summary><code>{}</code><span>{}</span></summary>{}</details>)",
            event.spec->name,
            escape(event.spec->when),
            schema_block("Payload", event.schema())
        );
    }
    html += "</main></body></html>";
    return {
        std::move(html),
        fmt::format(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'",
            csp_hash(style)
        )
    };
}

std::string routes_markdown(std::span<Route const> routes) {
    std::string out =
        "# REST endpoints\n\nGenerated from the route table by `./dev docs`; the server publishes "
        "the same as "
        "OpenAPI 3.1 at `/api/v1/openapi.json` and as a page at `/api/docs`.\n";
    std::string group;
    for (Route const& route : routes) {
        std::string const own = group_of(route.path);
        if (own != group) {
            out += fmt::format(
                "\n## {}\n\n| endpoint | least role | what it does |\n|---|---|---|\n", own
            );
        }
        group = own;
        out += fmt::format(
            "| `{} {}` | {} | {} |\n",
            http::name_of(route.verb),
            route.path,
            name_of(route.access),
            route.summary
        );
    }
    return out;
}

std::string events_markdown(events::Catalogue const& catalogue) {
    std::string out =
        "# Events\n\nGenerated from the catalogue by `./dev docs`. Every payload also has `id`, "
        "`timestamp`, "
        "`actor`, `showId` and, when the request sent X-Client-Id, `origin`.\n\n"
        "| event | action | payload | when |\n|---|---|---|---|\n";
    for (events::EventInfo const& event : catalogue.events()) {
        std::string members;
        for (std::string_view const member : event.members) {
            members += (members.empty() ? "" : ", ") + json::to_camel(member);
        }
        out += fmt::format(
            "| `{}` | {} | {} | {} |\n",
            event.spec->name,
            event.spec->action,
            members,
            event.spec->when
        );
    }
    return out;
}

}  // namespace showrunner::api
