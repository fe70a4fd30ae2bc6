#include "api/openapi.hpp"

#include "base/json.hpp"

#include <map>

namespace showrunner::api {

namespace {

/// What every event's payload has besides its own members (events::payload_head).
constexpr std::string_view common_event_schema =
    R"({"type":"object","required":["id","timestamp","actor","showId"],"properties":{)"
    R"("id":{"type":"string","format":"uuid"},"timestamp":{"type":"string","format":"date-time"},)"
    R"("actor":{"anyOf":[{"type":"object","required":["id","name"],"properties":{"id":{"type":"string"},)"
    R"("name":{"type":"string"}}},{"type":"null"}]},"origin":{"type":"string",)"
    R"("description":"The X-Client-Id of the request that caused the event."},)"
    R"("showId":{"anyOf":[{"type":"string","format":"uuid"},{"type":"null"}]}}})";

constexpr std::string_view problem_schema =
    R"({"type":"object","required":["type","title","status","detail","code","request_id"],"properties":{)"
    R"("type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("detail":{"type":"string"},"code":{"type":"string"},"request_id":{"type":"string"},)"
    R"("errors":{"type":"array","items":{"type":"object","required":["field","code","message"],)"
    R"("properties":{"field":{"type":"string"},"code":{"type":"string"},"message":{"type":"string"}}}},)"
    R"("allowed":{"type":"array","items":{"type":"string"}},)"
    R"("current":{"type":"object","additionalProperties":true,)"
    R"("description":"The record as it is now, for 409 and 412."}}})";

constexpr std::string_view pagination_schema =
    R"({"type":"object","required":["limit","next_cursor"],"properties":{"limit":{"type":"integer"},)"
    R"("next_cursor":{"anyOf":[{"type":"string"},{"type":"null"}]},"total":{"type":"integer"}}})";

constexpr std::string_view security_schemes =
    R"({"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT",)"
    R"("description":"A person's access token, from signing in."},)"
    R"("apiToken":{"type":"http","scheme":"bearer","bearerFormat":"sr_…",)"
    R"("description":"A program's API token, which an admin makes. It may call what its scopes )"
    R"(name and nothing else."}})";

void quoted(std::string& out, std::string_view text) {
    json::write_string(out, text);
}

std::string reference(Type const& type) {
    return fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", type.name);
}

std::string lower(http::Verb verb) {
    std::string name{http::name_of(verb)};
    for (char& c : name) c = static_cast<char>(c + ('a' - 'A'));
    return name;
}

std::string response_schema(Route const& route) {
    std::string const item = reference(route.response);
    switch (route.shape) {
        case Shape::one:
            return R"({"type":"object","required":["data"],"properties":{"data":)" + item + "}}";
        case Shape::many:
            return R"({"type":"object","required":["data","pagination"],"properties":{"data":)"
                   R"({"type":"array","items":)" +
                   item + R"(},"pagination":{"$ref":"#/components/schemas/Pagination"}}})";
        case Shape::bare:
            return route.response.schema == nullptr ? R"({"type":"object"})" : item;
        case Shape::none:
            break;
    }
    return {};
}

void write_parameters(std::string& out, Route const& route) {
    std::string list;
    std::string_view path = route.path;
    for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
        auto const close = path.find('}', open);
        if (!list.empty()) list += ',';
        list += R"({"in":"path","required":true,"schema":{"type":"string"},"name":)";
        quoted(list, path.substr(open + 1, close - open - 1));
        list += '}';
        path.remove_prefix(close + 1);
    }
    if (route.parameters != nullptr) {
        if (!list.empty()) list += ',';
        list += route.parameters();
    }
    auto const header = [&](std::string_view name, std::string_view about) {
        if (!list.empty()) list += ',';
        list += R"({"in":"header","schema":{"type":"string"},"name":)";
        quoted(list, name);
        list += R"(,"description":)";
        quoted(list, about);
        list += '}';
    };
    if (takes_idempotency_key(route)) {
        header(
            "Idempotency-Key",
            "The same key and request within 24 hours gets the first answer again."
        );
    }
    if (route.verb == http::Verb::patch || route.verb == http::Verb::put ||
        route.verb == http::Verb::del) {
        header(
            "If-Match",
            "The ETag that the change is based on; another is 412 with the current record."
        );
    }
    out += R"(,"parameters":[)" + list + "]";
}

void write_request(std::string& out, Route const& route) {
    if (route.body == Body::none || (route.body == Body::stream && route.media.empty())) return;
    out += R"(,"requestBody":{"required":true,"content":{)";
    if (route.body == Body::json) {
        out += R"("application/json":{"schema":)" + reference(route.request) + "}";
    } else {
        std::string_view media = route.media;
        for (bool first = true; !media.empty(); first = false) {
            auto const space = media.find(' ');
            if (!first) out += ',';
            quoted(out, media.substr(0, space));
            out += R"(:{"schema":{"type":"string"}})";
            media = space == std::string_view::npos ? std::string_view{} : media.substr(space + 1);
        }
    }
    out += "}}";
}

void write_operation(std::string& out, Route const& route) {
    quoted(out, lower(route.verb));
    out += R"(:{"operationId":)";
    quoted(out, route.id);
    out += R"(,"summary":)";
    quoted(out, route.summary);
    if (route.access == Access::anyone) {
        out += R"(,"security":[])";
    } else if (route.access == Access::worker) {
        out += R"(,"security":[{"apiToken":["worker"]}])";
    } else {
        out += R"(,"x-role":)";
        quoted(out, name_of(route.access));
    }
    write_parameters(out, route);
    write_request(out, route);
    out += fmt::format(R"(,"responses":{{"{}":{{"description":"Success")", route.status);
    if (route.shape != Shape::none) {
        out += R"(,"content":{"application/json":{"schema":)" + response_schema(route) + "}}";
    }
    out += R"(},"default":{"description":"A problem","content":{"application/problem+json":)"
           R"({"schema":{"$ref":"#/components/schemas/Problem"}}}}}})";
}

void write_events(std::string& out, events::Catalogue const& catalogue) {
    out += R"(,"x-events":{)";
    bool first = true;
    for (events::EventInfo const& event : catalogue.events()) {
        if (!first) out += ',';
        first = false;
        quoted(out, event.spec->name);
        out += R"(:{"description":)";
        quoted(out, event.spec->when);
        out += R"(,"payload":{"$ref":)";
        quoted(out, fmt::format("#/components/schemas/event_{}", event.spec->name));
        out += "}}";
    }
    out += '}';
}

}  // namespace

std::string_view name_of(Access access) {
    switch (access) {
        case Access::anyone:
            return "anyone";
        case Access::viewer:
            return "viewer";
        case Access::editor:
            return "editor";
        case Access::admin:
            return "admin";
        case Access::worker:
            return "worker token";
    }
    return "admin";
}

std::string openapi(std::span<Route const> routes, events::Catalogue const& catalogue) {
    std::map<std::string, std::string> schemas{
        {"Problem", std::string{problem_schema}},
        {"Pagination", std::string{pagination_schema}},
        {"Event", std::string{common_event_schema}},
    };
    std::map<std::string_view, std::vector<Route const*>> paths;
    for (Route const& route : routes) {
        paths[route.path].push_back(&route);
        for (Type const& type : {route.request, route.response}) {
            if (type.schema != nullptr) schemas[std::string{type.name}] = type.schema();
        }
    }
    for (events::EventInfo const& event : catalogue.events()) {
        schemas[fmt::format("event_{}", event.spec->name)] =
            R"({"allOf":[{"$ref":"#/components/schemas/Event"},)" + event.schema() + "]}";
    }
    std::string out = R"({"openapi":"3.1.0","info":{"title":"Showrunner","version":)";
    quoted(out, SHOWRUNNER_VERSION);
    out += R"(,"description":"The canonical control record for episodic production."},)"
           R"("servers":[{"url":"/"}],"security":[{"bearer":[]}],"paths":{)";
    bool first = true;
    for (auto const& [path, operations] : paths) {
        if (!first) out += ',';
        first = false;
        quoted(out, path);
        out += ":{";
        for (std::size_t i = 0; i < operations.size(); ++i) {
            if (i > 0) out += ',';
            write_operation(out, *operations[i]);
        }
        out += '}';
    }
    out += R"(},"components":{"securitySchemes":)";
    out += security_schemes;
    out += R"(,"schemas":{)";
    first = true;
    for (auto const& [name, schema] : schemas) {
        if (!first) out += ',';
        first = false;
        quoted(out, name);
        out += ':' + schema;
    }
    out += "}}";
    write_events(out, catalogue);
    out += '}';
    return out;
}

}  // namespace showrunner::api
