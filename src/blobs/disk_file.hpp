// Blocking calls on files, with their failures as exceptions: for the threads of a store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace showrunner::blobs {

/// Throws what `error` (an errno) means: Error{Code::no_space}, Error{Code::not_found}, else
/// std::system_error.
[[noreturn]] void fail(int error, std::string_view doing);

class Descriptor {
public:
    /// As open(2), close-on-exec.
    Descriptor(std::filesystem::path const& path, int flags);

    /// For reading, when that needs nothing from a disk or another machine: else nothing.
    [[nodiscard]] static std::optional<Descriptor> open_at_once(std::filesystem::path const& path);

    ~Descriptor();

    Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;

    [[nodiscard]] int get() const { return fd_; }

    [[nodiscard]] std::uint64_t size() const;
    void write_all(std::string_view bytes, std::uint64_t offset) const;
    void truncate(std::uint64_t size) const;
    void sync() const;

private:
    explicit Descriptor(int fd) : fd_{fd} {}

    int fd_;
};

/// Names that were made in or taken out of the folder survive a crash.
void sync_folder(std::filesystem::path const& folder);

}  // namespace showrunner::blobs
