#include "base/error.hpp"

#include <array>

namespace showrunner {

namespace {

constexpr std::array<CodeInfo, 19> table{{
    {Code::malformed, 400, "Malformed request", "MALFORMED"},
    {Code::unauthenticated, 401, "Not signed in", "UNAUTHENTICATED"},
    {Code::forbidden, 403, "Not allowed", "FORBIDDEN"},
    {Code::not_found, 404, "Not found", "NOT_FOUND"},
    {Code::method_not_allowed, 405, "Method not allowed", "METHOD_NOT_ALLOWED"},
    {Code::conflict, 409, "Conflict", "CONFLICT"},
    {Code::version_mismatch, 412, "The record has changed", "VERSION_MISMATCH"},
    {Code::too_large, 413, "Too large", "TOO_LARGE"},
    {Code::unsupported_media, 415, "Unsupported media type", "UNSUPPORTED_MEDIA_TYPE"},
    {Code::invalid, 422, "Invalid input", "INVALID"},
    {Code::too_many, 429, "Too many requests", "TOO_MANY_REQUESTS"},
    {Code::internal, 500, "Internal error", "INTERNAL"},
    {Code::unavailable, 503, "Unavailable", "UNAVAILABLE"},
    {Code::timeout, 408, "Request timed out", "TIMEOUT"},
    {Code::target_too_long, 414, "Target too long", "TARGET_TOO_LONG"},
    {Code::headers_too_large, 431, "Headers too large", "HEADERS_TOO_LARGE"},
    {Code::no_space, 507, "Insufficient storage", "STORAGE_FULL"},
    {Code::locked, 423, "Locked", "LOCKED"},
    {Code::gone, 410, "Gone", "GONE"},
}};

constexpr bool table_is_in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].code) != i) return false;
    }
    return true;
}

static_assert(table_is_in_order());

}  // namespace

CodeInfo const& info(Code code) {
    return table[static_cast<std::size_t>(code)];
}

std::optional<Error> error_in(std::exception_ptr exception) {
    try {
        std::rethrow_exception(exception);
    } catch (Error const& error) {
        return error;
    } catch (...) {
        return std::nullopt;
    }
}

Error invalid_field(std::string field, std::string code, std::string message) {
    Error error{Code::invalid, message};
    error.fields.push_back({std::move(field), std::move(code), std::move(message)});
    return error;
}

}  // namespace showrunner
