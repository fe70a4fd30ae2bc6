#include "blobs/disk_store.hpp"

#include "base/id.hpp"
#include "base/offload.hpp"
#include "blobs/disk_file.hpp"
#include "blobs/disk_source.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace showrunner::blobs {

namespace {

namespace fs = std::filesystem;

/// Disks take a few requests at once; more threads only wait.
constexpr std::size_t thread_count = 4;

constexpr std::size_t sha256_digits = 64;
constexpr std::size_t id_characters = 36;

/// What work that has no result gives.
struct Done {};

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// `ab/cd/<sha256>.<id>` and nothing else: a key never leaves the folder.
bool is_key(std::string_view key) {
    if (key.size() != 6 + sha256_digits + 1 + id_characters) return false;
    std::string_view const hash = key.substr(6, sha256_digits);
    return key[2] == '/' && key[5] == '/' && is_hex(hash) &&
           key.substr(0, 2) == hash.substr(0, 2) && key.substr(3, 2) == hash.substr(2, 2) &&
           key[6 + sha256_digits] == '.' && is_id(key.substr(7 + sha256_digits));
}

std::string key_of(std::string_view sha256, std::string_view id) {
    std::string key{sha256.substr(0, 2)};
    key.append("/").append(sha256.substr(2, 2)).append("/").append(sha256);
    return key.append(".").append(id);
}

/// Held while a process writes: one that comes late must not write over what another appended.
void lock(Descriptor const& file) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return;
    if (errno == EWOULDBLOCK) {
        throw Error{Code::conflict, "UPLOAD_BUSY", "Somebody else is writing this upload."};
    }
    fail(errno, "flock");
}

void append_to(fs::path const& path, std::uint64_t offset, std::string_view bytes) {
    Descriptor const file{path, O_WRONLY};
    lock(file);
    if (file.size() != offset) {
        throw Error{Code::conflict, "UPLOAD_BUSY", "Somebody else has written this upload."};
    }
    file.write_all(bytes, offset);
    // The disk begins while more arrives, so that the sync at the end has little left to wait for.
    ::sync_file_range(
        file.get(),
        static_cast<off_t>(offset),
        static_cast<off_t>(bytes.size()),
        SYNC_FILE_RANGE_WRITE
    );
}

bool cut_to(fs::path const& path, std::uint64_t offset) {
    struct stat about{};

    if (::stat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return false;
        fail(errno, "stat");
    }
    if (static_cast<std::uint64_t>(about.st_size) < offset) return false;
    Descriptor const file{path, O_WRONLY};
    lock(file);
    file.truncate(offset);
    return true;
}

void publish(fs::path const& from, fs::path const& to, std::uint64_t bytes) {
    std::error_code error;
    if (!fs::exists(from, error) && fs::file_size(to, error) == bytes) return;  // Done before.
    {
        Descriptor const file{from, O_WRONLY};
        lock(file);
        file.truncate(bytes);
        if (::fsync(file.get()) != 0) fail(errno, "fsync");
    }
    fs::path const folder = to.parent_path();
    if (fs::create_directories(folder, error)) {
        sync_folder(folder.parent_path());
        sync_folder(folder.parent_path().parent_path());
    }
    if (error) fail(error.value(), "mkdir");
    if (::rename(from.c_str(), to.c_str()) != 0) fail(errno, "rename");
    sync_folder(folder);
}

void remove_file(fs::path const& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(errno, "unlink");
}

void make_copy(fs::path const& from, fs::path const& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return;
    if (errno != EXDEV && errno != EPERM && errno != EMLINK) fail(errno, "link");
    std::error_code error;
    fs::copy_file(from, to, error);
    if (error) fail(error.value(), "copy");
}

std::optional<Item> item_of(fs::path const& path, std::string key) {
    struct stat about{};

    if (::stat(path.c_str(), &about) != 0) return std::nullopt;
    std::chrono::seconds const modified{about.st_mtim.tv_sec};
    return Item{std::move(key), static_cast<std::uint64_t>(about.st_size), Time{modified}};
}

std::vector<std::string> names_in(fs::path const& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (auto it = fs::directory_iterator{folder, error}; it != fs::end(it); it.increment(error)) {
        names.push_back(it->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

Listing list_blobs(fs::path const& root, std::string const& cursor, std::size_t limit) {
    Listing listing;
    std::string const start = cursor.substr(0, 5);
    for (std::string const& first : names_in(root)) {
        if (first < start.substr(0, 2)) continue;
        for (std::string const& second : names_in(root / first)) {
            std::string const folder = first + "/" + second;
            if (folder < start) continue;
            for (std::string const& name : names_in(root / folder)) {
                std::string key = folder + "/" + name;
                if (key <= cursor || !is_key(key)) continue;
                if (listing.items.size() == limit) {
                    listing.next_cursor = listing.items.back().key;
                    return listing;
                }
                auto item = item_of(root / folder / name, std::move(key));
                if (item) listing.items.push_back(std::move(*item));
            }
        }
    }
    return listing;
}

Listing list_uploads(fs::path const& root, std::string const& cursor, std::size_t limit) {
    Listing listing;
    for (std::string& name : names_in(root)) {
        if (name <= cursor || !is_id(name)) continue;
        if (listing.items.size() == limit) {
            listing.next_cursor = listing.items.back().key;
            break;
        }
        auto item = item_of(root / name, name);
        if (item) listing.items.push_back(std::move(*item));
    }
    return listing;
}

}  // namespace

DiskStore::DiskStore(fs::path root)
    : staged_{root / "staged"}, blobs_{root / "blobs"}, threads_{thread_count} {}

Task<> DiskStore::prepare() {
    std::error_code error;
    for (fs::path const& folder : {staged_, blobs_}) {
        fs::create_directories(folder, error);
        if (error || ::access(folder.c_str(), W_OK | X_OK) != 0) {
            throw std::runtime_error{"files cannot be kept in " + folder.string()};
        }
    }
    co_return;
}

fs::path DiskStore::staged_path(std::string_view id) const {
    if (!is_id(id)) throw std::logic_error{"the id of an upload is a UUID"};
    return staged_ / id;
}

fs::path DiskStore::blob_path(std::string_view key) const {
    if (!is_key(key)) throw Error{Code::not_found, "The content is not in the store."};
    return blobs_ / key;
}

Task<Staged> DiskStore::begin(std::string id) {
    auto work = [path = staged_path(id)] {
        Descriptor const made{path, O_WRONLY | O_CREAT | O_EXCL};
        sync_folder(path.parent_path());
        return Done{};
    };
    co_await offload(threads_, std::move(work));
    co_return Staged{std::move(id)};
}

Task<> DiskStore::append(Staged& staged, Bytes bytes) {
    auto work = [path = staged_path(staged.id), offset = staged.offset, bytes] {
        append_to(path, offset, *bytes);
        return Done{};
    };
    co_await offload(threads_, std::move(work));
    staged.offset += bytes->size();
}

Task<> DiskStore::sync(Staged& staged) {
    auto work = [path = staged_path(staged.id)] {
        Descriptor{path, O_WRONLY}.sync();
        return Done{};
    };
    co_await offload(threads_, std::move(work));
}

Task<bool> DiskStore::resume(Staged& staged) {
    auto work = [path = staged_path(staged.id), offset = staged.offset] {
        return cut_to(path, offset);
    };
    bool const there = co_await offload(threads_, std::move(work));
    co_return there;
}

Task<std::string> DiskStore::finish(Staged const& staged, std::string sha256) {
    std::string key = key_of(sha256, staged.id);
    auto work = [from = staged_path(staged.id), to = blob_path(key), bytes = staged.offset] {
        publish(from, to, bytes);
        return Done{};
    };
    co_await offload(threads_, std::move(work));
    co_return key;
}

Task<> DiskStore::abort(Staged const& staged) {
    auto work = [path = staged_path(staged.id)] {
        remove_file(path);
        return Done{};
    };
    co_await offload(threads_, std::move(work));
}

Task<std::shared_ptr<http::BodySource>> DiskStore::open(
    std::string key, std::uint64_t offset, std::uint64_t length
) {
    fs::path path = blob_path(key);
    // Mostly it was opened before, and going to a thread would cost more than opening.
    auto file = Descriptor::open_at_once(path);
    if (!file) {
        auto work = [path = std::move(path)] { return Descriptor{path, O_RDONLY}; };
        file.emplace(co_await offload(threads_, std::move(work)));
    }
    std::uint64_t const size = file->size();
    if (offset > size || length > size - offset) fail(ENOENT, "open");
    co_return std::make_shared<DiskSource>(threads_, std::move(*file), offset, length);
}

Task<std::optional<std::uint64_t>> DiskStore::size(std::string key) {
    if (!is_key(key)) co_return std::nullopt;
    auto work = [path = blobs_ / key] { return item_of(path, {}); };
    auto const item = co_await offload(threads_, std::move(work));
    if (!item) co_return std::nullopt;
    co_return item->bytes;
}

Task<> DiskStore::fetch(std::string key, fs::path path) {
    auto work = [from = blob_path(key), to = std::move(path)] {
        make_copy(from, to);
        return Done{};
    };
    co_await offload(threads_, std::move(work));
}

Task<> DiskStore::remove(std::string key) {
    if (!is_key(key)) co_return;
    auto work = [path = blobs_ / key] {
        remove_file(path);
        return Done{};
    };
    co_await offload(threads_, std::move(work));
}

Task<Listing> DiskStore::list(std::string cursor, std::size_t limit) {
    auto work = [root = blobs_, cursor = std::move(cursor), limit] {
        return list_blobs(root, cursor, limit);
    };
    Listing listing = co_await offload(threads_, std::move(work));
    co_return listing;
}

Task<Listing> DiskStore::list_staged(std::string cursor, std::size_t limit) {
    auto work = [root = staged_, cursor = std::move(cursor), limit] {
        return list_uploads(root, cursor, limit);
    };
    Listing listing = co_await offload(threads_, std::move(work));
    co_return listing;
}

Task<> DiskStore::abort_stray(Item const& staged) {
    co_await abort(Staged{staged.key});
}

std::optional<std::string> DiskStore::presign_get(std::string_view, LinkOptions const&) const {
    return std::nullopt;
}

std::optional<DirectRequest> DiskStore::presign_put(Staged&, DirectOptions const&) const {
    return std::nullopt;
}

}  // namespace showrunner::blobs
