#include "blobs/s3_store.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/offload.hpp"
#include "blobs/landing.hpp"
#include "blobs/s3_progress.hpp"
#include "blobs/s3_source.hpp"
#include "blobs/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace showrunner::blobs {

namespace {

namespace fs = std::filesystem;

/// For hashing, and for writing what is fetched.
constexpr std::size_t thread_count = 2;

/// What S3 copies, and takes in one PUT.
constexpr std::uint64_t object_bytes_max = std::uint64_t{5} << 30U;

/// What work that has no result gives.
struct Done {};

S3Progress progress_of(Staged const& staged) {
    return staged.state.empty() ? S3Progress{} : json::parse<S3Progress>(staged.state);
}

std::string text_of(S3Progress const& progress) {
    std::string text;
    json::write(text, progress);
    return text;
}

std::uint64_t tail_bytes(Staged const& staged, S3Progress const& progress) {
    auto const whole = static_cast<std::uint64_t>(progress.part_bytes);
    return staged.offset > whole ? staged.offset - whole : 0;
}

Error missing() {
    return Error{Code::not_found, "The content is not in the store."};
}

Error mismatch(std::string_view token, std::string const& text) {
    return Error{Code::invalid, token, text};
}

}  // namespace

S3Store::S3Store(aws::S3& s3, std::string prefix)
    : s3_{s3}, prefix_{std::move(prefix)}, threads_{thread_count} {}

std::string S3Store::blob_object(std::string_view key) const {
    if (!is_id(key)) throw missing();
    return fmt::format("{}blobs/{}", prefix_, key);
}

std::string S3Store::staged_object(std::string_view id, std::string_view name) const {
    if (!is_id(id)) throw std::logic_error{"the id of an upload is a UUID"};
    return fmt::format("{}staged/{}/{}", prefix_, id, name);
}

std::string S3Store::tail_object(std::string_view id, std::uint64_t offset) const {
    return staged_object(id, fmt::format("tail-{:020}", offset));
}

Task<> S3Store::prepare() {
    std::optional<Error> const wrong = co_await s3_.check_bucket();
    if (!wrong) co_return;
    if (wrong->code != Code::unavailable) {
        throw std::runtime_error{std::string{"files cannot be kept in S3: "} + wrong->what()};
    }
    log::warning("s3_unavailable", {{"error", wrong->token}});
}

// ---------------------------------------------------------------- staged uploads

Task<aws::S3Content> S3Store::content_of(Bytes bytes) {
    auto work = [bytes] {
        Sha256 sum;
        sum.update(*bytes);
        return sum.hex();
    };
    std::string hash = co_await offload(threads_, std::move(work));
    co_return aws::S3Content{.bytes = std::move(bytes), .sha256 = std::move(hash)};
}

Task<Staged> S3Store::begin(std::string id) {
    std::string object = staged_object(id, "begun");
    aws::S3Content content = co_await content_of(std::make_shared<std::string const>());
    co_await s3_.put(std::move(object), std::move(content));
    co_return Staged{.id = std::move(id)};
}

Task<std::string> S3Store::read_tail(Staged const& staged, S3Progress const& progress) {
    std::uint64_t const bytes = tail_bytes(staged, progress);
    std::string tail;
    if (bytes == 0) co_return tail;
    tail.reserve(bytes + block_bytes());
    auto const download = co_await s3_.get(tail_object(staged.id, staged.offset), 0, bytes);
    std::string chunk;
    for (;;) {
        bool const more = co_await download->read(chunk);
        if (!more) break;
        tail += chunk;
    }
    if (tail.size() != bytes) throw missing();
    co_return tail;
}

Task<> S3Store::append(Staged& staged, Bytes bytes) {
    if (bytes->empty()) co_return;
    S3Progress progress = progress_of(staged);
    if (progress.parts >= aws::s3_parts_max) {
        throw Error{Code::too_large, "The upload has more parts than S3 puts together."};
    }
    std::uint64_t const offset = staged.offset + bytes->size();
    if (tail_bytes(staged, progress) > 0) {
        std::string joined = co_await read_tail(staged, progress);
        joined += *bytes;
        bytes = std::make_shared<std::string const>(std::move(joined));
        progress.stale.push_back(static_cast<std::int64_t>(staged.offset));
    }
    aws::S3Content content = co_await content_of(bytes);
    if (bytes->size() < aws::s3_part_bytes_min) {
        co_await s3_.put(tail_object(staged.id, offset), std::move(content));
    } else {
        std::string const object = blob_object(staged.id);
        if (progress.upload.empty()) progress.upload = co_await s3_.create_upload(object);
        auto const number = static_cast<unsigned>(progress.parts + 1);
        co_await s3_.put_part(object, progress.upload, number, std::move(content));
        progress.parts += 1;
        progress.part_bytes += static_cast<std::int64_t>(bytes->size());
    }
    staged.state = text_of(progress);
    staged.offset = offset;
}

Task<> S3Store::sync(Staged& staged) {
    S3Progress progress = progress_of(staged);
    if (progress.stale.empty() && progress.doomed.empty()) co_return;
    for (std::int64_t const offset : progress.doomed) {
        co_await s3_.remove(tail_object(staged.id, static_cast<std::uint64_t>(offset)));
    }
    progress.doomed = std::exchange(progress.stale, {});
    staged.state = text_of(progress);
}

Task<bool> S3Store::has_parts(std::string const& id, S3Progress const& progress) {
    auto const uploads = co_await s3_.list_uploads(blob_object(id), {}, {}, 1'000);
    bool const there = std::ranges::any_of(uploads.uploads, [&](aws::S3Upload const& each) {
        return each.id == progress.upload;
    });
    if (!there) co_return false;
    auto const parts = co_await s3_.list_parts(blob_object(id), progress.upload);
    std::int64_t bytes = 0;
    std::int64_t count = 0;
    for (aws::S3Part const& part : parts) {
        if (part.number > progress.parts) continue;  // Beyond what is on record.
        bytes += static_cast<std::int64_t>(part.bytes);
        ++count;
    }
    co_return count == progress.parts&& bytes == progress.part_bytes;
}

Task<bool> S3Store::resume(Staged& staged) {
    S3Progress const progress = progress_of(staged);
    std::uint64_t const tail = tail_bytes(staged, progress);
    if (progress.parts > 0) {
        bool const there = co_await has_parts(staged.id, progress);
        if (!there) co_return false;
    }
    if (tail == 0 && progress.parts > 0) co_return true;
    std::string const object =
        tail > 0 ? tail_object(staged.id, staged.offset) : staged_object(staged.id, "begun");
    auto const found = co_await s3_.head(object);
    co_return found && found->bytes == tail;
}

Task<bool> S3Store::is_whole(std::string const& id, std::uint64_t bytes) {
    auto const blob = co_await s3_.head(blob_object(id));
    co_return blob && blob->bytes == bytes;
}

Task<std::string> S3Store::finish(Staged const& staged, std::string sha256) {
    S3Progress const progress = progress_of(staged);
    bool const direct = progress.direct_bytes.has_value();
    std::uint64_t const bytes =
        direct ? static_cast<std::uint64_t>(*progress.direct_bytes) : staged.offset;
    bool const done_before = co_await is_whole(staged.id, bytes);
    if (done_before) {
        co_await clear(staged.id);
        co_return staged.id;
    }
    if (progress.parts > 0) {
        co_await put_together(staged, progress);
    } else {
        std::string object = staged_object(staged.id, "begun");
        if (direct) object = staged_object(staged.id, "direct");
        if (!direct && bytes > 0) object = tail_object(staged.id, bytes);
        auto const found = co_await s3_.head(std::move(object));
        if (!found) throw missing();
        if (direct) co_await check_direct(*found, progress, std::move(sha256));
        co_await copy_to_blob(staged.id, *found);
    }
    co_await clear(staged.id);
    co_return staged.id;
}

Task<> S3Store::put_together(Staged const& staged, S3Progress const& progress) {
    std::string const object = blob_object(staged.id);
    auto parts = co_await s3_.list_parts(object, progress.upload);
    std::erase_if(parts, [&](aws::S3Part const& part) { return part.number > progress.parts; });
    if (tail_bytes(staged, progress) > 0) {
        auto const number = static_cast<unsigned>(progress.parts + 1);
        aws::S3Part tail = co_await s3_.copy_part(
            object, progress.upload, number, tail_object(staged.id, staged.offset)
        );
        parts.push_back(std::move(tail));
    }
    bool const completed = co_await s3_.complete_upload(object, progress.upload, std::move(parts));
    if (!completed) {
        // The answer to an earlier attempt may have been lost.
        auto const blob = co_await s3_.head(object);
        if (!blob) throw missing();
    }
    bool const whole = co_await is_whole(staged.id, staged.offset);
    if (whole) co_return;
    co_await s3_.remove(object);
    throw mismatch("SIZE_MISMATCH", "The content in the store is not as long as it should be.");
}

Task<> S3Store::copy_to_blob(std::string const& id, aws::S3Object const& object) {
    co_await s3_.copy(object.key, object.etag, blob_object(id));
}

Task<> S3Store::check_direct(
    aws::S3Object const& object, S3Progress const& progress, std::string sha256
) {
    if (object.bytes != static_cast<std::uint64_t>(*progress.direct_bytes)) {
        throw mismatch("SIZE_MISMATCH", "The content is not as long as was announced.");
    }
    // Not every S3 keeps the hash; then it is ours to find out. The copy is of this very object.
    std::string hash = object.sha256;
    if (hash.empty()) hash = co_await hash_of(object);
    if (hash != sha256) {
        throw mismatch("CHECKSUM_MISMATCH", "The content is not what was announced.");
    }
}

Task<std::string> S3Store::hash_of(aws::S3Object const& object) {
    auto sum = std::make_shared<Sha256>();
    if (object.bytes > 0) {
        auto const download = co_await s3_.get(object.key, 0, object.bytes);
        std::string chunk;
        for (;;) {
            bool const more = co_await download->read(chunk);
            if (!more) break;
            auto work = [sum, piece = std::move(chunk)] {
                sum->update(piece);
                return Done{};
            };
            co_await offload(threads_, std::move(work));
        }
    }
    co_return sum->hex();
}

/// All that is staged; the blob stays.
Task<> S3Store::clear(std::string id) {
    std::string const folder = staged_object(id, "");
    auto const uploads = co_await s3_.list_uploads(blob_object(id), {}, {}, 1'000);
    for (aws::S3Upload const& upload : uploads.uploads) {
        co_await s3_.abort_upload(upload.key, upload.id);
    }
    for (bool more = true; more;) {
        aws::S3Listing const found = co_await s3_.list(folder, {}, 1'000);
        for (aws::S3Object const& object : found.objects) co_await s3_.remove(object.key);
        more = found.more;
    }
}

Task<> S3Store::abort(Staged const& staged) {
    co_await clear(staged.id);
}

// ---------------------------------------------------------------- blobs

Task<std::shared_ptr<http::BodySource>> S3Store::open(
    std::string key, std::uint64_t offset, std::uint64_t length
) {
    std::string const object = blob_object(key);
    if (length == 0) {
        auto const found = co_await s3_.head(object);
        if (!found || offset > found->bytes) throw missing();
        co_return std::make_shared<S3Source>(nullptr);
    }
    auto download = co_await s3_.get(object, offset, length);
    if (download->header("content-length") != std::to_string(length)) throw missing();
    co_return std::make_shared<S3Source>(std::move(download));
}

Task<std::optional<std::uint64_t>> S3Store::size(std::string key) {
    if (!is_id(key)) co_return std::nullopt;
    auto const found = co_await s3_.head(blob_object(key));
    if (!found) co_return std::nullopt;
    co_return found->bytes;
}

Task<> S3Store::fetch(std::string key, fs::path path) {
    std::optional<std::uint64_t> const bytes = co_await size(key);
    if (!bytes) throw missing();
    auto const source = co_await open(std::move(key), 0, *bytes);
    auto landing = std::make_shared<Landing>(std::move(path));
    std::string chunk;
    for (;;) {
        bool const more = co_await source->read(chunk);
        if (!more) break;
        auto work = [landing, piece = std::move(chunk)] {
            landing->add(piece);
            return Done{};
        };
        co_await offload(threads_, std::move(work));
    }
    if (landing->written() != *bytes) {
        throw Error{Code::unavailable, "S3_FAILED", "S3 did not send all of it"};
    }
    auto last = [landing] {
        landing->finish();
        return Done{};
    };
    co_await offload(threads_, std::move(last));
}

Task<> S3Store::remove(std::string key) {
    if (is_id(key)) co_await s3_.remove(blob_object(key));
}

// ---------------------------------------------------------------- links

std::optional<std::string> S3Store::presign_get(std::string_view key, LinkOptions const& options)
    const {
    return s3_.presign_get(
        blob_object(key),
        {.disposition = options.disposition, .media_type = options.media_type, .ttl = options.ttl}
    );
}

std::optional<DirectRequest> S3Store::presign_put(Staged& staged, DirectOptions const& options)
    const {
    if (options.bytes > object_bytes_max || options.sha256.empty()) return std::nullopt;
    S3Progress progress;
    progress.direct_bytes = static_cast<std::int64_t>(options.bytes);
    staged.state = text_of(progress);
    aws::S3SignedPut put = s3_.presign_put(
        staged_object(staged.id, "direct"),
        {.bytes = options.bytes,
         .media_type = options.media_type,
         .sha256 = options.sha256,
         .ttl = options.ttl}
    );
    return DirectRequest{.url = std::move(put.url), .headers = std::move(put.headers)};
}

}  // namespace showrunner::blobs
