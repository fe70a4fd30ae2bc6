// Where the bytes of files are: one port, an engine behind it (a folder on disk, S3). A blob is
// immutable; it is found by its key, which says nothing of who uses it: that is in PostgreSQL.
//
// All members are called on the event loop and block it never. An engine that has no room throws
// Error{Code::no_space}, one that is away Error{Code::unavailable}.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::blobs {

/// An upload on its way. Kept on record between its appends, so that any process can go on with it:
/// one at a time, which is for the caller to see to.
struct Staged {
    std::string id;            ///< of the upload, a UUID in lower case
    std::uint64_t offset = 0;  ///< bytes that the store has been given
    std::string state = {};    ///< the engine's own text; to be kept with the offset
};

/// Shared, because an engine's thread may use them after a caller has gone.
using Bytes = std::shared_ptr<std::string const>;

struct Item {
    std::string key;  ///< of a blob, or the id of a staged upload
    std::uint64_t bytes = 0;
    Time modified;
};

struct Listing {
    std::vector<Item> items;
    std::string next_cursor;  ///< empty at the end
};

/// For a link that the engine itself answers.
struct LinkOptions {
    std::string disposition;  ///< the whole header: `attachment; filename=…`
    std::string media_type;
    std::chrono::seconds ttl{300};
};

/// For an upload past this server. All three are part of the signature.
struct DirectOptions {
    std::uint64_t bytes = 0;
    std::string media_type;
    std::string sha256;  ///< hex
    std::chrono::seconds ttl{900};
};

/// What the client has to send, as it is.
struct DirectRequest {
    std::string method = "PUT";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers = {};
};

class Store {
public:
    Store() = default;
    Store(Store const&) = delete;
    Store& operator=(Store const&) = delete;
    virtual ~Store() = default;

    /// `disk`, `s3`: what the column blobs.store says.
    [[nodiscard]] virtual std::string_view name() const = 0;

    /// Before the first use. Throws std::runtime_error with a sentence for the operator.
    virtual Task<> prepare() { co_return; }

    /// How much append() is best given at once; less is for the end of an upload, or of a part of
    /// it that a client sent.
    [[nodiscard]] virtual std::size_t block_bytes() const = 0;

    // ------------------------------------------------------------ staged uploads

    virtual Task<Staged> begin(std::string id) = 0;

    /// Adds `bytes` behind `staged.offset` and moves `staged` on; when it throws, `staged` is as it
    /// was. Throws Error{Code::conflict} when the upload is not at that offset: somebody else
    /// writes it.
    virtual Task<> append(Staged& staged, Bytes bytes) = 0;

    /// What was appended survives a crash: now `staged` may be put on record.
    virtual Task<> sync(Staged& staged) = 0;

    /// Before another process, or the same one after a failure, appends to what is on record: what
    /// is beyond `staged.offset` goes. False when the store does not have that much (any more).
    virtual Task<bool> resume(Staged& staged) = 0;

    /// The upload becomes a blob, durably; its key. Doing it again (after a crash) gives the same
    /// key. An upload that a client made directly is checked here: Error{Code::invalid} with the
    /// token CHECKSUM_MISMATCH or SIZE_MISMATCH. Error{Code::not_found} when there is none.
    virtual Task<std::string> finish(Staged const& staged, std::string sha256) = 0;

    /// Removes all traces; also of one that is gone already.
    virtual Task<> abort(Staged const& staged) = 0;

    // ------------------------------------------------------------ blobs

    /// `length` bytes from `offset` on. Error{Code::not_found} when there is no such blob, or it is
    /// shorter.
    virtual Task<std::shared_ptr<http::BodySource>> open(
        std::string key, std::uint64_t offset, std::uint64_t length
    ) = 0;

    /// Its size; nothing when there is none.
    virtual Task<std::optional<std::uint64_t>> size(std::string key) = 0;

    /// Makes `path` a file with its content, not to be written to: it may be the store's own.
    virtual Task<> fetch(std::string key, std::filesystem::path path) = 0;

    /// Also when it is gone already.
    virtual Task<> remove(std::string key) = 0;

    // ------------------------------------------------------------ reconciliation

    /// In the order of the keys, after `cursor` (empty: from the first), at most `limit` or so.
    virtual Task<Listing> list(std::string cursor, std::size_t limit) = 0;
    virtual Task<Listing> list_staged(std::string cursor, std::size_t limit) = 0;

    /// Removes a staged upload that list_staged() told of and no record is left of.
    virtual Task<> abort_stray(Item const& staged) = 0;

    // ------------------------------------------------------------ links

    /// Nothing: this engine has no links of its own, and the server makes and answers them.
    [[nodiscard]] virtual std::optional<std::string> presign_get(
        std::string_view key, LinkOptions const& options
    ) const = 0;

    /// The same; else finish() takes what was sent there.
    [[nodiscard]] virtual std::optional<DirectRequest> presign_put(
        Staged& staged, DirectOptions const& options
    ) const = 0;
};

}  // namespace showrunner::blobs
