// Blobs in a folder, found by their content's hash: what a team has before it has S3. Several nodes
// may share the folder.
//
//   staged/<upload id>            grows
//   blobs/ab/cd/<sha256>.<id>     written, synced, renamed, its folder synced: whole or not there
#pragma once

#include "blobs/store.hpp"

#include <boost/asio/thread_pool.hpp>

namespace showrunner::blobs {

class DiskStore final : public Store {
public:
    explicit DiskStore(std::filesystem::path root);

    [[nodiscard]] std::string_view name() const override { return "disk"; }

    /// Makes the folders.
    Task<> prepare() override;

    [[nodiscard]] std::size_t block_bytes() const override { return std::size_t{1} << 20U; }

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
    [[nodiscard]] std::filesystem::path staged_path(std::string_view id) const;
    [[nodiscard]] std::filesystem::path blob_path(std::string_view key) const;

    std::filesystem::path const staged_;
    std::filesystem::path const blobs_;
    asio::thread_pool threads_;
};

}  // namespace showrunner::blobs
