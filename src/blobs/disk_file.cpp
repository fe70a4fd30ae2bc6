#include "blobs/disk_file.hpp"

#include "base/error.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace showrunner::blobs {

void fail(int error, std::string_view doing) {
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
        throw Error{Code::no_space, "There is no room left to store this."};
    }
    if (error == ENOENT) throw Error{Code::not_found, "The content is not in the store."};
    throw std::system_error{error, std::generic_category(), std::string{doing}};
}

Descriptor::Descriptor(std::filesystem::path const& path, int flags)
    : fd_{::open(path.c_str(), flags | O_CLOEXEC, 0640)} {
    if (fd_ < 0) fail(errno, "open");
}

std::optional<Descriptor> Descriptor::open_at_once(std::filesystem::path const& path) {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    how.resolve = RESOLVE_CACHED;
    // glibc has no function of its own for it. Older kernels, and sandboxes, refuse.
    long const fd = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how);
    if (fd < 0) return std::nullopt;
    return Descriptor{static_cast<int>(fd)};
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

std::uint64_t Descriptor::size() const {
    struct stat about{};

    if (::fstat(fd_, &about) != 0) fail(errno, "fstat");
    return static_cast<std::uint64_t>(about.st_size);
}

void Descriptor::write_all(std::string_view bytes, std::uint64_t offset) const {
    while (!bytes.empty()) {
        ssize_t const n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(errno, "write");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void Descriptor::truncate(std::uint64_t size) const {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail(errno, "ftruncate");
}

void Descriptor::sync() const {
    if (::fdatasync(fd_) != 0) fail(errno, "fdatasync");
}

void sync_folder(std::filesystem::path const& folder) {
    Descriptor const opened{folder, O_RDONLY | O_DIRECTORY};
    if (::fsync(opened.get()) != 0) fail(errno, "fsync");
}

}  // namespace showrunner::blobs
