#include "blobs/disk_source.hpp"

#include "base/offload.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace showrunner::blobs {

namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{256} * 1024;

std::string read_at(Descriptor const& file, std::uint64_t offset, std::uint64_t bytes) {
    std::string chunk(bytes, '\0');
    ssize_t const n = ::pread(file.get(), chunk.data(), chunk.size(), static_cast<off_t>(offset));
    if (n < 0) fail(errno, "read");
    chunk.resize(static_cast<std::size_t>(n));
    return chunk;
}

/// Whether the byte can be had without waiting for the disk.
bool is_cached(int fd, std::uint64_t offset) {
    char byte = 0;
    iovec part{&byte, 1};
    ssize_t const n = ::preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    // A file system that cannot say is taken at its word: sendfile() waits.
    return n >= 0 || errno != EAGAIN;
}

}  // namespace

Task<bool> DiskSource::read(std::string& chunk) {
    if (left_ == 0) co_return false;
    auto work = [file = file_, offset = offset_, bytes = std::min(left_, chunk_bytes)] {
        return read_at(*file, offset, bytes);
    };
    chunk = co_await offload(threads_, std::move(work));
    offset_ += chunk.size();
    left_ -= chunk.size();
    co_return !chunk.empty();
}

std::optional<http::FileSpan> DiskSource::file() const {
    return http::FileSpan{file_->get(), offset_};
}

Task<> DiskSource::warm(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) co_return;
    bool const ready =
        is_cached(file_->get(), offset) && is_cached(file_->get(), offset + bytes - 1);
    if (ready) co_return;
    auto work = [file = file_, offset, bytes] { return read_at(*file, offset, bytes).size(); };
    co_await offload(threads_, std::move(work));
}

}  // namespace showrunner::blobs
