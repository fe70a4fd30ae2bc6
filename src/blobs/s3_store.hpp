// Blobs in a bucket of S3, under random names. What arrives is durable when append() returns, and
// any node goes on with it:
//
//   <prefix>staged/<upload id>/begun          an upload that is under way
//   <prefix>staged/<upload id>/tail-<offset>  its last bytes up to there, too few to be a part
//   <prefix>staged/<upload id>/direct         what a client sent past this server
//   <prefix>blobs/<upload id>                 whole: parts put together, or a copy of one of these
//
// A tail is replaced by one of another name, because the older may still be what is on record. It
// goes at the second sync() after that; what a crash leaves is found by reconciliation.
#pragma once

#include "aws/s3.hpp"
#include "blobs/store.hpp"

#include <boost/asio/thread_pool.hpp>

namespace showrunner::blobs {

struct S3Progress;

class S3Store final : public Store {
public:
    /// `prefix`: of all names in the bucket, empty or with a slash at its end. `s3` outlives it.
    S3Store(aws::S3& s3, std::string prefix);

    [[nodiscard]] std::string_view name() const override { return "s3"; }

    [[nodiscard]] std::size_t block_bytes() const override { return std::size_t{8} << 20U; }

    /// S3 that is away is waited for by whoever needs it.
    Task<> prepare() override;

    Task<Staged> begin(std::string id) override;
    Task<> append(Staged& staged, Bytes bytes) override;
    Task<> sync(Staged& staged) override;
    Task<bool> resume(Staged& staged) override;
    Task<std::string> finish(Staged const& staged, std::string sha256) override;
    Task<> abort(Staged const& staged) override;

    Task<std::shared_ptr<http::BodySource>> open(
        std::string key, std::uint64_t offset, std::uint64_t length
    ) override;
    Task<std::optional<std::uint64_t>> size(std::string key) override;
    Task<> fetch(std::string key, std::filesystem::path path) override;
    Task<> remove(std::string key) override;

    Task<Listing> list(std::string cursor, std::size_t limit) override;
    Task<Listing> list_staged(std::string cursor, std::size_t limit) override;
    Task<> abort_stray(Item const& staged) override;

    [[nodiscard]] std::optional<std::string> presign_get(
        std::string_view key, LinkOptions const& options
    ) const override;
    [[nodiscard]] std::optional<DirectRequest> presign_put(
        Staged& staged, DirectOptions const& options
    ) const override;

private:
    [[nodiscard]] std::string blob_object(std::string_view key) const;
    [[nodiscard]] std::string staged_object(std::string_view id, std::string_view name) const;
    [[nodiscard]] std::string tail_object(std::string_view id, std::uint64_t offset) const;

    Task<aws::S3Content> content_of(Bytes bytes);
    Task<std::string> read_tail(Staged const& staged, S3Progress const& progress);
    Task<bool> has_parts(std::string const& id, S3Progress const& progress);
    Task<bool> is_whole(std::string const& id, std::uint64_t bytes);

    Task<> put_together(Staged const& staged, S3Progress const& progress);
    Task<> copy_to_blob(std::string const& id, aws::S3Object const& object);
    Task<> check_direct(
        aws::S3Object const& object, S3Progress const& progress, std::string sha256
    );
    Task<std::string> hash_of(aws::S3Object const& object);
    Task<> clear(std::string id);

    Task<Listing> list_objects_of_uploads(std::string after, std::size_t limit);
    Task<Listing> list_multipart_uploads(std::string cursor, std::size_t limit);

    aws::S3& s3_;
    std::string const prefix_;
    asio::thread_pool threads_;
};

}  // namespace showrunner::blobs
