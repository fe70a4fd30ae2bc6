#include "aws/s3.hpp"

#include "aws/s3_wire.hpp"
#include "aws/sigv4.hpp"
#include "aws/uri.hpp"
#include "base/id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace showrunner::aws {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A thousand parts or objects, at their longest.
constexpr std::size_t answer_bytes_max = 4U << 20U;
constexpr std::size_t page_max = 1'000;

/// When another attempt is due, and whether there is one.
class Patience {
public:
    explicit Patience(S3Options const& options)
        : options_{options},
          deadline_{steady_clock::now() + options.deadline},
          backoff_{options.backoff_min} {}

    /// Nothing when it is enough.
    std::optional<milliseconds> next() {
        // Between half of the back-off and all of it, so that nodes don't come back together.
        auto const half = static_cast<std::uint64_t>(backoff_.count()) / 2;
        milliseconds const pause = backoff_ - milliseconds{random_below(half + 1)};
        if (++attempts_ >= options_.attempts_max) return std::nullopt;
        if (steady_clock::now() + pause >= deadline_) return std::nullopt;
        backoff_ = std::min(backoff_ * 2, options_.backoff_max);
        return pause;
    }

private:
    S3Options const& options_;
    steady_clock::time_point deadline_;
    milliseconds backoff_;
    unsigned attempts_ = 0;
};

Scope scope_of(S3Options const& options) {
    return {.region = options.region, .service = "s3"};
}

std::string etag_of(client::Response const& response) {
    std::string_view const etag = response.header("etag");
    if (!etag.empty()) return std::string{etag};
    throw Error{Code::unavailable, "S3_FAILED", "S3's answer makes no sense"};
}

std::string part_query(unsigned number, std::string_view upload) {
    return fmt::format("partNumber={}&uploadId={}", number, percent_encode(upload));
}

/// Of a failed answer that is streamed: what it says, up to a limit.
Task<std::string> words_of(client::Download& download) {
    std::string words;
    std::string chunk;
    while (words.size() < answer_bytes_max) {
        bool const more = co_await download.read(chunk);
        if (!more) break;
        words += chunk;
    }
    co_return words;
}

}  // namespace

S3::S3(client::Http& http, Clock const& clock, metrics::Registry& registry, S3Options options)
    : http_{http}, clock_{clock}, registry_{registry}, options_{std::move(options)} {
    registry_.declare(s3_retries_spec);
}

client::Request S3::request_for(Call const& call) const {
    client::Request request;
    request.method = call.method;
    request.url = s3_wire::url_of(options_, call.key);
    if (!call.query.empty()) request.url += '?' + call.query;
    request.headers = call.headers;
    request.shared_body = call.content.bytes;
    request.timeout = call.timeout > milliseconds{0} ? call.timeout : options_.timeout;
    request.response_bytes_max = answer_bytes_max;
    request.allow = options_.allow;
    std::string const hash = call.content.bytes ? call.content.sha256 : sha256_hex({});
    sign_hashed(request, options_.credentials, scope_of(options_), clock_.now(), hash);
    return request;
}

Task<S3::Answer> S3::attempt(Call call) {
    Patience patience{options_};
    for (;;) {
        // Signed anew each time: a signature is good for minutes only.
        std::variant<client::Response, Error> result = co_await http_.attempt(request_for(call));
        std::optional<s3_wire::Refusal> refusal;
        if (Error const* const failure = std::get_if<Error>(&result)) {
            refusal = s3_wire::refusal_of(*failure);
        } else {
            refusal = s3_wire::refusal_of(std::get<client::Response>(result));
        }
        if (!refusal) co_return std::get<client::Response>(std::move(result));
        std::optional<milliseconds> const pause = refusal->again ? patience.next() : std::nullopt;
        if (!pause) co_return std::move(refusal->error);
        registry_.counter(s3_retries_spec, call.action).add();
        co_await sleep_for(*pause);
    }
}

Task<client::Response> S3::make(Call call) {
    Answer answer = co_await attempt(std::move(call));
    if (Error const* const failure = std::get_if<Error>(&answer)) throw Error{*failure};
    co_return std::get<client::Response>(std::move(answer));
}

// ---------------------------------------------------------------- buckets and objects

Task<> S3::create_bucket() {
    Call call{.action = "CreateBucket", .method = "PUT"};
    Answer const answer = co_await attempt(std::move(call));
    Error const* const failure = std::get_if<Error>(&answer);
    bool const there = failure == nullptr ||
                       std::string_view{failure->what()}.ends_with("BucketAlreadyOwnedByYou");
    if (!there) throw Error{*failure};
}

Task<std::optional<Error>> S3::check_bucket() {
    // Not HEAD: what is wrong is in the body.
    Call call{.action = "ListObjectsV2", .method = "GET", .query = "list-type=2&max-keys=1"};
    Answer const answer = co_await attempt(std::move(call));
    Error const* const failure = std::get_if<Error>(&answer);
    if (failure == nullptr) co_return std::nullopt;
    co_return *failure;
}

Task<> S3::put(std::string key, S3Content content, std::string media_type) {
    Call call{.action = "PutObject", .method = "PUT", .key = std::move(key)};
    call.headers.emplace_back("x-amz-checksum-sha256", s3_wire::base64_of_hex(content.sha256));
    if (!media_type.empty()) call.headers.emplace_back("Content-Type", std::move(media_type));
    call.content = std::move(content);
    call.timeout = options_.transfer_timeout;
    co_await make(std::move(call));
}

Task<std::shared_ptr<client::Download>> S3::get(
    std::string key, std::uint64_t offset, std::uint64_t length
) {
    Call call{.action = "GetObject", .method = "GET", .key = std::move(key)};
    call.headers.emplace_back("Range", fmt::format("bytes={}-{}", offset, offset + length - 1));
    Patience patience{options_};
    for (;;) {
        auto result = co_await http_.open(request_for(call));
        s3_wire::Refusal refusal{Error{Code::internal, ""}};
        if (Error const* const failure = std::get_if<Error>(&result)) {
            refusal = s3_wire::refusal_of(*failure);
        } else {
            auto download = std::get<std::shared_ptr<client::Download>>(std::move(result));
            bool const whole = download->status() == 200 && offset == 0;
            if (download->status() == 206 || whole) co_return download;
            std::string const words = co_await words_of(*download);
            refusal = s3_wire::refusal_of(download->status(), words);
        }
        std::optional<milliseconds> const pause = refusal.again ? patience.next() : std::nullopt;
        if (!pause) throw Error{refusal.error};
        registry_.counter(s3_retries_spec, call.action).add();
        co_await sleep_for(*pause);
    }
}

Task<std::optional<S3Object>> S3::head(std::string key) {
    Call call{.action = "HeadObject", .method = "HEAD", .key = key};
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    Answer const answer = co_await attempt(std::move(call));
    if (Error const* const failure = std::get_if<Error>(&answer)) {
        if (failure->code == Code::not_found) co_return std::nullopt;
        throw Error{*failure};
    }
    co_return s3_wire::object_of(std::get<client::Response>(answer), std::move(key));
}

Task<> S3::copy(std::string from, std::string etag, std::string to) {
    Call call{.action = "CopyObject", .method = "PUT", .key = std::move(to)};
    call.headers = {
        {"x-amz-copy-source", s3_wire::copy_source(options_, from)},
        {"x-amz-copy-source-if-match", std::move(etag)},
    };
    call.timeout = options_.transfer_timeout;
    co_await make(std::move(call));
}

Task<> S3::remove(std::string key) {
    Call call{.action = "DeleteObject", .method = "DELETE", .key = std::move(key)};
    Answer const answer = co_await attempt(std::move(call));
    Error const* const failure = std::get_if<Error>(&answer);
    if (failure != nullptr && failure->code != Code::not_found) throw Error{*failure};
}

Task<S3Listing> S3::list(std::string prefix, std::string after, std::size_t limit) {
    Call call{.action = "ListObjectsV2", .method = "GET"};
    call.query = fmt::format(
        "list-type=2&max-keys={}&prefix={}", std::min(limit, page_max), percent_encode(prefix)
    );
    if (!after.empty()) call.query += "&start-after=" + percent_encode(after);
    client::Response const response = co_await make(std::move(call));
    co_return s3_wire::listing_of(response.body);
}

// ---------------------------------------------------------------- multipart uploads

Task<std::string> S3::create_upload(std::string key) {
    Call call{.action = "CreateMultipartUpload", .method = "POST", .key = std::move(key)};
    call.query = "uploads=";
    client::Response const response = co_await make(std::move(call));
    co_return s3_wire::upload_id_of(response.body);
}

Task<S3Part> S3::put_part(std::string key, std::string upload, unsigned number, S3Content content) {
    Call call{.action = "UploadPart", .method = "PUT", .key = std::move(key)};
    call.query = part_query(number, upload);
    S3Part part{.number = number, .bytes = content.bytes->size(), .etag = {}};
    call.content = std::move(content);
    call.timeout = options_.transfer_timeout;
    client::Response const response = co_await make(std::move(call));
    part.etag = etag_of(response);
    co_return part;
}

Task<S3Part> S3::copy_part(std::string key, std::string upload, unsigned number, std::string from) {
    Call call{.action = "UploadPartCopy", .method = "PUT", .key = std::move(key)};
    call.query = part_query(number, upload);
    call.headers.emplace_back("x-amz-copy-source", s3_wire::copy_source(options_, from));
    call.timeout = options_.transfer_timeout;
    client::Response const response = co_await make(std::move(call));
    S3Part part{.number = number, .bytes = 0, .etag = s3_wire::copied_etag_of(response.body)};
    co_return part;
}

Task<std::vector<S3Part>> S3::list_parts(std::string key, std::string upload) {
    std::vector<S3Part> parts;
    for (bool more = true; more && parts.size() < s3_parts_max;) {
        Call call{.action = "ListParts", .method = "GET", .key = key};
        call.query = fmt::format(
            "max-parts={}&part-number-marker={}&uploadId={}",
            page_max,
            parts.empty() ? 0 : parts.back().number,
            percent_encode(upload)
        );
        client::Response const response = co_await make(std::move(call));
        s3_wire::PartsPage page = s3_wire::parts_of(response.body);
        more = page.more && !page.parts.empty();
        std::ranges::move(page.parts, std::back_inserter(parts));
    }
    co_return parts;
}

Task<bool> S3::complete_upload(std::string key, std::string upload, std::vector<S3Part> parts) {
    Call call{.action = "CompleteMultipartUpload", .method = "POST", .key = std::move(key)};
    call.query = "uploadId=" + percent_encode(upload);
    call.headers.emplace_back("Content-Type", "application/xml");
    auto body = std::make_shared<std::string const>(s3_wire::complete_upload(parts));
    call.content = S3Content{.bytes = body, .sha256 = sha256_hex(*body)};
    call.timeout = options_.transfer_timeout;
    Answer const answer = co_await attempt(std::move(call));
    Error const* const failure = std::get_if<Error>(&answer);
    if (failure != nullptr && failure->code != Code::not_found) throw Error{*failure};
    co_return failure == nullptr;
}

Task<> S3::abort_upload(std::string key, std::string upload) {
    Call call{.action = "AbortMultipartUpload", .method = "DELETE", .key = std::move(key)};
    call.query = "uploadId=" + percent_encode(upload);
    Answer const answer = co_await attempt(std::move(call));
    Error const* const failure = std::get_if<Error>(&answer);
    if (failure != nullptr && failure->code != Code::not_found) throw Error{*failure};
}

Task<S3Uploads> S3::list_uploads(
    std::string prefix, std::string key_after, std::string id_after, std::size_t limit
) {
    Call call{.action = "ListMultipartUploads", .method = "GET"};
    call.query = fmt::format(
        "uploads=&max-uploads={}&prefix={}", std::min(limit, page_max), percent_encode(prefix)
    );
    if (!key_after.empty()) call.query += "&key-marker=" + percent_encode(key_after);
    if (!id_after.empty()) call.query += "&upload-id-marker=" + percent_encode(id_after);
    client::Response const response = co_await make(std::move(call));
    co_return s3_wire::uploads_of(response.body);
}

// ---------------------------------------------------------------- links

std::string S3::presign_get(std::string_view key, S3GetLink const& link) const {
    Presigned request;
    request.url = fmt::format(
        "{}?response-content-disposition={}&response-content-type={}",
        s3_wire::url_of(options_, key),
        percent_encode(link.disposition),
        percent_encode(link.media_type)
    );
    request.expires = link.ttl;
    return presign(request, options_.credentials, scope_of(options_), clock_.now());
}

S3SignedPut S3::presign_put(std::string_view key, S3PutLink const& link) const {
    Presigned request;
    request.method = "PUT";
    request.url = s3_wire::url_of(options_, key);
    request.headers = {
        {"content-type", link.media_type},
        {"x-amz-checksum-sha256", s3_wire::base64_of_hex(link.sha256)},
    };
    S3SignedPut signed_put{.url = {}, .headers = request.headers};
    request.headers.emplace_back("content-length", std::to_string(link.bytes));
    request.expires = link.ttl;
    signed_put.url = presign(request, options_.credentials, scope_of(options_), clock_.now());
    return signed_put;
}

S3SignedPut S3::presign_part(
    std::string_view key, std::string_view upload, unsigned number, S3PutLink const& link
) const {
    Presigned request;
    request.method = "PUT";
    request.url = fmt::format("{}?{}", s3_wire::url_of(options_, key), part_query(number, upload));
    request.headers.emplace_back("content-length", std::to_string(link.bytes));
    request.expires = link.ttl;
    return {
        .url = presign(request, options_.credentials, scope_of(options_), clock_.now()),
        .headers = {},
    };
}

}  // namespace showrunner::aws
