// The API's description, made from the route table and the catalogue that serve it.
#pragma once

#include "api/route.hpp"
#include "events/catalogue.hpp"

#include <span>
#include <string>

namespace showrunner::api {

/// OpenAPI 3.1. Events are listed under `x-events`, their payloads among the schemas.
[[nodiscard]] std::string openapi(
    std::span<Route const> routes, events::Catalogue const& catalogue
);

/// A page for people, without anything from elsewhere.
struct DocsPage {
    std::string html;
    std::string content_security_policy;
};

[[nodiscard]] DocsPage docs_page(std::span<Route const> routes, events::Catalogue const& catalogue);

/// docs/api.md and docs/events.md.
[[nodiscard]] std::string routes_markdown(std::span<Route const> routes);
[[nodiscard]] std::string events_markdown(events::Catalogue const& catalogue);

[[nodiscard]] std::string_view name_of(Access access);

}  // namespace showrunner::api
