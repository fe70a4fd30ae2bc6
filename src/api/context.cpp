#include "api/context.hpp"

#include "auth/token.hpp"
#include "base/text.hpp"

#include <charconv>

namespace showrunner::api {

std::string const& Context::param(std::string_view name) const {
    for (auto const& [known, value] : params) {
        if (known == name) return value;
    }
    throw std::logic_error{"the route has no such parameter"};
}

std::string Context::id(std::string_view name) const {
    std::string const& id = param(name);
    if (!is_id(id)) throw Error{Code::not_found, "There is no such record."};
    return to_lower(id);
}

std::optional<int> Context::if_match() const {
    std::string_view text = request.headers.get("If-Match");
    if (text.empty() || text == "*") return {};
    if (text.starts_with("W/")) text.remove_prefix(2);
    int version = 0;
    bool const quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
    if (quoted) text = text.substr(1, text.size() - 2);
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw Error{
            Code::malformed, "IF_MATCH", "If-Match must be the ETag of the record, such as \"3\"."
        };
    }
    return version;
}

Task<db::Rows> Context::write(db::Query const& statement, db::Params parameters) {
    if (transaction_ != nullptr)
        co_return co_await transaction_->run(statement, std::move(parameters));
    db::Rows rows = co_await services.db.run(statement, std::move(parameters));
    services.tail.wake();
    co_return rows;
}

void Context::signal(std::string_view topic, std::string_view payload) {
    if (transaction_ == nullptr) return services.signals.send(topic, payload);
    signals_.emplace_back(topic, payload);
}

Task<db::Rows> Context::read(db::Query const& statement, db::Params parameters) {
    if (transaction_ != nullptr)
        co_return co_await transaction_->run(statement, std::move(parameters));
    co_return co_await services.db.run(statement, std::move(parameters));
}

std::string make_cursor(std::string_view sort, std::vector<std::string> const& after) {
    std::vector<std::string> parts{std::string{sort}};
    parts.insert(parts.end(), after.begin(), after.end());
    return auth::base64url(json::to_text(parts));
}

std::vector<std::string> read_cursor(
    std::string_view cursor, std::string_view sort, std::size_t values
) {
    Error const refused =
        invalid_field("cursor", "CURSOR", "is not a cursor of this list and order");
    auto const text = auth::from_base64url(cursor);
    if (!text) throw refused;
    boost::system::error_code error;
    boost::json::value const value = boost::json::parse(*text, error);
    if (error || !value.is_array() || value.get_array().size() != values + 1) throw refused;
    std::vector<std::string> parts;
    for (boost::json::value const& part : value.get_array()) {
        if (!part.is_string() || part.get_string().find('\0') != std::string_view::npos)
            throw refused;
        parts.emplace_back(part.get_string());
    }
    if (parts.front() != sort) throw refused;
    parts.erase(parts.begin());
    return parts;
}

}  // namespace showrunner::api
