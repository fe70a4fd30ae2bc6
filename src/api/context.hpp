// One request on its way through a handler.
#pragma once

#include "api/query.hpp"
#include "api/services.hpp"
#include "auth/policy.hpp"
#include "base/json.hpp"
#include "events/ledger.hpp"
#include "http/message.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::api {

class Context {
public:
    Context(Services& services, http::Request& request) : services{services}, request{request} {}

    Services& services;
    http::Request& request;
    auth::Principal principal;
    events::Actor actor;
    std::vector<std::pair<std::string_view, std::string>> params;  ///< of the path

    /// A parameter of the path; std::logic_error when the route has none of that name.
    [[nodiscard]] std::string const& param(std::string_view name) const;
    /// The path's `{id}`; Error{Code::not_found} unless it is a UUID, in lower case.
    [[nodiscard]] std::string id(std::string_view name = "id") const;

    template <typename T>
    [[nodiscard]] T body() const {
        return json::parse<T>(request.body);
    }

    template <typename T>
    [[nodiscard]] T query() const {
        return parse_query<T>(request);
    }

    /// The version that If-Match asks for; nothing without the header or for `*`.
    [[nodiscard]] std::optional<int> if_match() const;

    /// Runs a statement that changes something. With an Idempotency-Key it is part of the
    /// transaction that also keeps the answer; else it commits by itself.
    Task<db::Rows> write(db::Query const& statement, db::Params parameters);

    /// Runs a look-up, inside the same transaction when there is one.
    Task<db::Rows> read(db::Query const& statement, db::Params parameters);

    /// Signals the processes when what was written is committed.
    void signal(std::string_view topic, std::string_view payload = {});

    /// The request's transaction, when it has an Idempotency-Key.
    [[nodiscard]] db::Transaction* transaction() { return transaction_; }

    void require(auth::Action action, std::optional<std::string_view> show_id = {}) const {
        auth::require(principal, action, show_id);
    }

private:
    friend class Idempotency;
    db::Transaction* transaction_ = nullptr;
    std::vector<std::pair<std::string, std::string>> signals_;  ///< for after the commit
};

// ---------------------------------------------------------------- answers

/// {"data": record}
template <typename T>
[[nodiscard]] http::Response one(T const& record, unsigned status = 200) {
    std::string body;
    body.reserve(1024);
    body += R"({"data":)";
    json::write(body, record);
    body += '}';
    return http::Response::json(status, std::move(body));
}

/// The same, with the record's version as its ETag.
template <typename T>
[[nodiscard]] http::Response record(T const& record, unsigned status = 200) {
    http::Response response = one(record, status);
    response.headers.set("ETag", fmt::format("\"{}\"", record.version));
    return response;
}

struct Pagination {
    int limit = 0;
    std::optional<std::string> next_cursor;
    std::optional<std::int64_t> total;
};

/// {"data": […], "pagination": {…}}
template <typename T>
[[nodiscard]] http::Response many(std::vector<T> const& records, Pagination const& pagination) {
    std::string body;
    body.reserve(256 + records.size() * 700);
    body += R"({"data":)";
    json::write(body, records);
    body += R"(,"pagination":{"limit":)";
    json::write(body, pagination.limit);
    body += R"(,"next_cursor":)";
    json::write(body, pagination.next_cursor);
    if (pagination.total) {
        body += R"(,"total":)";
        json::write(body, *pagination.total);
    }
    body += "}}";
    return http::Response::json(200, std::move(body));
}

/// A whole list that is never long.
template <typename T>
[[nodiscard]] http::Response all(std::vector<T> const& records) {
    auto const count = static_cast<std::int64_t>(records.size());
    return many(records, {static_cast<int>(count), {}, count});
}

/// Opaque text for the values that the next page starts after, and back. The cursor belongs to one
/// sort order; with another it is Error{Code::invalid}.
[[nodiscard]] std::string make_cursor(std::string_view sort, std::vector<std::string> const& after);
[[nodiscard]] std::vector<std::string> read_cursor(
    std::string_view cursor, std::string_view sort, std::size_t values
);

}  // namespace showrunner::api
