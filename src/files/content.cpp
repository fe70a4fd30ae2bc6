#include "files/content.hpp"

#include "base/text.hpp"
#include "files/depot.hpp"
#include "files/types.hpp"
#include "http/encode.hpp"
#include "http/grammar.hpp"

#include <charconv>

namespace showrunner::files {

namespace {

/// Nothing in it may run, load anything or send anything, whatever a browser takes it for.
constexpr std::string_view sandbox =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'";

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Whether a list of entity tags holds `etag`. Weak comparison is for If-None-Match.
bool lists(std::string_view header, std::string_view etag) {
    if (http::trim(header) == "*") return true;
    while (!header.empty()) {
        std::string_view tag = http::next_element(header, ',');
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
    }
    return false;
}

bool is_unmodified_since(std::string_view header, Time modified) {
    auto const since = http::parse_http_date(header);
    return since && std::chrono::floor<std::chrono::seconds>(modified) <= *since;
}

/// The range is only meant when the content is the one that the client has a part of.
bool range_applies(http::Request const& request, std::string_view etag, Time modified) {
    std::string_view const condition = request.headers.get("If-Range");
    if (condition.empty() || condition == etag) return true;
    if (condition.starts_with("\"") || condition.starts_with("W/")) return false;
    auto const date = http::parse_http_date(condition);
    return date && *date == std::chrono::floor<std::chrono::seconds>(modified);
}

void set_headers(
    http::Headers& headers, File const& file, std::string const& etag, Disposition wanted
) {
    bool const text = file.media_type.starts_with("text/");
    headers.set("Content-Type", file.media_type + (text ? "; charset=utf-8" : ""));
    headers.set("Content-Disposition", disposition_of(wanted, file.media_type, file.name));
    headers.set("ETag", etag);
    headers.set("Last-Modified", http::http_date(file.created_at));
    headers.set("Accept-Ranges", "bytes");
    headers.set("Content-Security-Policy", std::string{sandbox});
    // Never again another content; but who may see it can change.
    headers.set("Cache-Control", "private, no-cache");
}

http::Response bare(unsigned status, std::string const& etag) {
    http::Response response = http::Response::empty(status);
    response.headers.set("ETag", etag);
    response.headers.set("Cache-Control", "private, no-cache");
    return response;
}

/// Answers that give nothing away but that it is, or is not, what the client has.
std::optional<http::Response> conditional(
    http::Request const& request, std::string const& etag, Time modified
) {
    std::string_view const match = request.headers.get("If-Match");
    if (!match.empty() && !lists(match, etag)) {
        throw Error{Code::version_mismatch, "ETAG_MISMATCH", "The content is another."};
    }
    std::string_view const none = request.headers.get("If-None-Match");
    std::string_view const since = request.headers.get("If-Modified-Since");
    bool const known =
        !none.empty() ? lists(none, etag) : !since.empty() && is_unmodified_since(since, modified);
    if (!known) return std::nullopt;
    return bare(304, etag);
}

}  // namespace

std::string disposition_of(Disposition wanted, std::string_view media_type, std::string_view name) {
    bool const shown = wanted != Disposition::attachment && is_safe_inline(media_type);
    std::string plain;
    std::string encoded;
    for (char const c : name) {
        bool const token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        bool const printable = c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
        plain += printable ? c : '_';
        if (token) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return fmt::format(
        R"({}; filename="{}"; filename*=UTF-8''{})", shown ? "inline" : "attachment", plain, encoded
    );
}

RangeOutcome parse_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    RangeOutcome const ignored{RangeFault::ignored, {0, size}};
    if (!header.starts_with(unit)) return ignored;
    std::string_view const spec = http::trim(header.substr(unit.size()));
    auto const dash = spec.find('-');
    bool const several = spec.find(',') != std::string_view::npos;
    if (several || dash == std::string_view::npos) return ignored;
    auto const first = number(spec.substr(0, dash));
    auto const last = number(spec.substr(dash + 1));
    if (!first && dash > 0) return ignored;
    if (!last && dash + 1 < spec.size()) return ignored;
    if (!first && !last) return ignored;
    if (!first) {
        if (*last == 0) return {RangeFault::unsatisfiable, {}};
        std::uint64_t const length = std::min(*last, size);
        return {RangeFault::none, {size - length, length}};
    }
    if (last && *last < *first) return ignored;
    if (*first >= size) return {RangeFault::unsatisfiable, {}};
    std::uint64_t const end = last ? std::min(*last, size - 1) : size - 1;
    return {RangeFault::none, {*first, end - *first + 1}};
}

Task<http::Response> content_response(
    api::Services& services,
    http::Request const& request,
    std::shared_ptr<Stored const> stored,
    Disposition wanted
) {
    File const& file = stored->file;
    if (file.state != State::ready) {
        throw Error{Code::conflict, "FILE_NOT_READY", "The file has no content (yet)."};
    }
    if (!stored->key) throw Error{Code::gone, "CONTENT_GONE", "The content is gone for good."};
    std::string const etag = fmt::format("\"{}\"", file.sha256.value_or(""));
    auto const answer = conditional(request, etag, file.created_at);
    if (answer) co_return *answer;
    auto const size = static_cast<std::uint64_t>(file.bytes.value_or(0));
    RangeOutcome outcome{RangeFault::ignored, {0, size}};
    std::string_view const header = request.headers.get("Range");
    bool const get = request.method == http::Verb::get;
    if (get && !header.empty() && range_applies(request, etag, file.created_at)) {
        outcome = parse_range(header, size);
    }
    if (outcome.fault == RangeFault::unsatisfiable) {
        http::Response response = bare(416, etag);
        response.headers.set("Content-Range", fmt::format("bytes */{}", size));
        co_return response;
    }
    http::Response response;
    auto const [offset, length] = outcome.range;
    if (outcome.fault == RangeFault::none) {
        response.status = 206;
        response.headers.set(
            "Content-Range", fmt::format("bytes {}-{}/{}", offset, offset + length - 1, size)
        );
    }
    set_headers(response.headers, file, etag, wanted);
    response.compressible = false;
    if (get) {
        response.source = co_await services.files.store->open(*stored->key, offset, length);
        response.source_bytes = length;
    } else {
        response.headers.set("Content-Length", std::to_string(length));
    }
    co_return response;
}

bool is_download(http::Request const& request, http::Response const& response) {
    return request.method == http::Verb::get && (response.status == 200 || response.status == 206);
}

}  // namespace showrunner::files
