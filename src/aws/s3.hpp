// Amazon S3 by its REST protocol: only what a store of files needs.
//
// Calls are tried again, with a jittered back-off and within a deadline, when S3 throttles, fails
// or cannot be reached. A call whose answer was lost is made twice; all of them bear that, but for
// complete_upload(), of which the second may find no upload any more.
#pragma once

#include "aws/credentials.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/task.hpp"
#include "client/download.hpp"
#include "client/http.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace showrunner::aws {

inline constexpr metrics::Spec s3_retries_spec{
    .name = "showrunner_s3_retries_total",
    .kind = metrics::Kind::counter,
    .help = "Calls to S3 that were made again, by action.",
    .label = "action",
};

/// How a bucket is named in a URL: `https://host/bucket/key` or `https://bucket.host/key`.
enum class BucketStyle : std::uint8_t { path, virtual_host };

/// A part of a multipart upload is at least this large, but for the last one.
inline constexpr std::uint64_t s3_part_bytes_min = std::uint64_t{5} << 20U;
inline constexpr unsigned s3_parts_max = 10'000;

struct S3Options {
    std::string endpoint;  ///< a URL without a path
    std::string region;
    Credentials credentials;
    std::string bucket;
    BucketStyle style = BucketStyle::virtual_host;
    client::AddressFilter allow = client::is_any;  ///< the operator names the endpoint
    std::chrono::milliseconds timeout{10'000};     ///< of one attempt without much to send
    /// Of one that sends a part, or waits for S3 to put parts together.
    std::chrono::milliseconds transfer_timeout{120'000};
    std::chrono::milliseconds deadline{20'000};  ///< no attempt begins after it
    unsigned attempts_max = 8;
    std::chrono::milliseconds backoff_min{100};
    std::chrono::milliseconds backoff_max{5'000};
};

/// What is sent, with its hash: S3 refuses what does not arrive as it was.
struct S3Content {
    std::shared_ptr<std::string const> bytes;
    std::string sha256;  ///< hex
};

struct S3Object {
    std::string key;
    std::uint64_t bytes = 0;
    std::string etag;  ///< with its quotes
    std::string sha256 = {
    };  ///< hex; empty when S3 was not given it, or does not keep it, and in lists
    Time modified;
};

struct S3Listing {
    std::vector<S3Object> objects;
    bool more = false;
};

struct S3Part {
    unsigned number = 0;  ///< from 1
    std::uint64_t bytes = 0;
    std::string etag;
};

/// A multipart upload that was begun.
struct S3Upload {
    std::string key;
    std::string id;
    Time initiated;
};

struct S3Uploads {
    std::vector<S3Upload> uploads;
    bool more = false;
};

/// For a link to GET with; S3 answers with these headers.
struct S3GetLink {
    std::string disposition;
    std::string media_type;
    std::chrono::seconds ttl{300};
};

/// For a link to PUT with; S3 takes nothing that differs.
struct S3PutLink {
    std::uint64_t bytes = 0;
    std::string media_type = {};  ///< not for a part
    std::string sha256 = {};      ///< hex; not for a part
    std::chrono::seconds ttl{900};
};

struct S3SignedPut {
    std::string url;
    client::Headers headers;  ///< to be sent as they are, Content-Length being the body's
};

/// Outlives its calls. They throw
///   Error{Code::not_found} with the token S3_NO_OBJECT or S3_NO_UPLOAD,
///   Error{Code::conflict, "S3_CHANGED"} when a copy's source is not what it was,
///   Error{Code::too_large, "S3_TOO_LARGE"}, Error{Code::no_space, "S3_FULL"},
///   Error{Code::unavailable, "S3_THROTTLED" or "S3_FAILED"} when trying again did not help,
///   Error{Code::internal, "S3_NO_BUCKET", "S3_DENIED" or "S3_REFUSED"} for what an operator has to
///   see to, and what client::Http throws; operation_aborted when cancelled.
class S3 {
public:
    S3(client::Http& http, Clock const& clock, metrics::Registry& registry, S3Options options);

    // ------------------------------------------------------------ buckets and objects

    /// Also when it is there already.
    [[nodiscard]] Task<> create_bucket();

    /// What keeps us from using it; nothing when it can be listed.
    [[nodiscard]] Task<std::optional<Error>> check_bucket();

    [[nodiscard]] Task<> put(std::string key, S3Content content, std::string media_type = {});

    /// `length` bytes from `offset` on. More than nothing, and not beyond the end.
    [[nodiscard]] Task<std::shared_ptr<client::Download>> get(
        std::string key, std::uint64_t offset, std::uint64_t length
    );

    [[nodiscard]] Task<std::optional<S3Object>> head(std::string key);

    /// Within the bucket, when the source's ETag is this one; up to 5 GB.
    [[nodiscard]] Task<> copy(std::string from, std::string etag, std::string to);

    /// Also when it is gone already.
    [[nodiscard]] Task<> remove(std::string key);

    /// In the order of the keys, which come after `after`.
    [[nodiscard]] Task<S3Listing> list(std::string prefix, std::string after, std::size_t limit);

    // ------------------------------------------------------------ multipart uploads

    [[nodiscard]] Task<std::string> create_upload(std::string key);

    [[nodiscard]] Task<S3Part> put_part(
        std::string key, std::string upload, unsigned number, S3Content content
    );

    /// From an object of the bucket.
    [[nodiscard]] Task<S3Part> copy_part(
        std::string key, std::string upload, unsigned number, std::string from
    );

    /// All of them, in order.
    [[nodiscard]] Task<std::vector<S3Part>> list_parts(std::string key, std::string upload);

    /// False when there is no such upload (any more).
    [[nodiscard]] Task<bool> complete_upload(
        std::string key, std::string upload, std::vector<S3Part> parts
    );

    /// Also when it is gone already.
    [[nodiscard]] Task<> abort_upload(std::string key, std::string upload);

    /// Those after (`key_after`, `id_after`).
    [[nodiscard]] Task<S3Uploads> list_uploads(
        std::string prefix, std::string key_after, std::string id_after, std::size_t limit
    );

    // ------------------------------------------------------------ links

    [[nodiscard]] std::string presign_get(std::string_view key, S3GetLink const& link) const;
    [[nodiscard]] S3SignedPut presign_put(std::string_view key, S3PutLink const& link) const;
    [[nodiscard]] S3SignedPut presign_part(
        std::string_view key, std::string_view upload, unsigned number, S3PutLink const& link
    ) const;

private:
    struct Call {
        std::string_view action;  ///< S3's name, for the metric
        std::string method;
        std::string key = {};
        std::string query = {};
        client::Headers headers = {};
        S3Content content = {};
        std::chrono::milliseconds timeout{};
    };

    using Answer = std::variant<client::Response, Error>;

    [[nodiscard]] client::Request request_for(Call const& call) const;
    Task<Answer> attempt(Call call);
    Task<client::Response> make(Call call);

    client::Http& http_;
    Clock const& clock_;
    metrics::Registry& registry_;
    S3Options options_;
};

}  // namespace showrunner::aws
