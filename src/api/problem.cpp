#include "api/problem.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "db/failure.hpp"

#include <boost/system/system_error.hpp>
#include <fmt/ranges.h>

namespace showrunner::api {

namespace {

void write_fields(std::string& out, std::vector<FieldError> const& fields) {
    out += R"(,"errors":[)";
    bool first = true;
    for (FieldError const& field : fields) {
        if (!first) out += ',';
        first = false;
        out += R"({"field":)";
        json::write(out, field.field);
        out += R"(,"code":)";
        json::write(out, field.code);
        out += R"(,"message":)";
        json::write(out, field.message);
        out += '}';
    }
    out += ']';
}

void member(std::string& out, std::string_view name, std::string_view text) {
    out += ',';
    json::write(out, name);
    out += ':';
    json::write(out, text);
}

void log_failure(http::Request const& request, std::string_view what) {
    log::error(
        "request_failed",
        {{"request_id", request.request_id},
         {"method", http::name_of(request.method)},
         {"path", request.path},
         {"error", what}}
    );
}

}  // namespace

http::Response problem(Error const& error, std::string_view request_id) {
    CodeInfo const& code = info(error.code);
    std::string body = fmt::format(R"({{"type":"about:blank","status":{})", code.status);
    member(body, "title", code.title);
    member(body, "detail", error.what());
    member(body, "code", error.token);
    member(body, "request_id", request_id);
    if (!error.fields.empty()) write_fields(body, error.fields);
    if (!error.allowed.empty()) {
        body += R"(,"allowed":)";
        json::write(body, error.allowed);
    }
    if (!error.current.empty()) body += R"(,"current":)" + error.current;
    body += '}';
    http::Response response = http::Response::json(code.status, std::move(body));
    response.headers.set("Content-Type", "application/problem+json");
    response.headers.set("Cache-Control", "no-store");
    if (error.retry_after_s > 0) {
        response.headers.set("Retry-After", std::to_string(error.retry_after_s));
    }
    if (error.code == Code::unauthenticated) response.headers.set("WWW-Authenticate", "Bearer");
    if (error.code == Code::method_not_allowed) {
        response.headers.set("Allow", fmt::format("{}", fmt::join(error.allowed, ", ")));
    }
    if (!error.etag.empty()) response.headers.set("ETag", error.etag);
    return response;
}

http::Response problem(std::exception_ptr error, http::Request const& request) {
    try {
        std::rethrow_exception(error);
    } catch (Error const& known) {
        return problem(known, request.request_id);
    } catch (boost::system::system_error const& failed) {
        if (failed.code() == asio::error::operation_aborted) throw;
        log_failure(request, failed.what());
    } catch (db::ConnectionLost const& lost) {
        log_failure(request, lost.what());
        Error unavailable{
            Code::unavailable,
            lost.outcome_unknown ? "OUTCOME_UNKNOWN" : "UNAVAILABLE",
            lost.outcome_unknown ? "The database connection broke: the change may or may not have "
                                   "been made. Look before you try again."
                                 : "The database is not available. Try again in a moment."
        };
        unavailable.retry_after_s = 1;
        return problem(unavailable, request.request_id);
    } catch (std::exception const& failed) {
        log_failure(request, failed.what());
    }
    return problem(
        Error{
            Code::internal,
            "Something went wrong on the server. It has been logged under the request id."
        },
        request.request_id
    );
}

}  // namespace showrunner::api
