#include "files/files.hpp"

#include "base/offload.hpp"
#include "blobs/disk_file.hpp"
#include "db/described.hpp"
#include "files/content.hpp"
#include "files/depot.hpp"
#include "files/intake.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace showrunner::files {

namespace {

using db::Lane;
using db::Query;

Query const insert_blob{
    "insert_blob",
    "INSERT INTO blobs (id, store, key, sha256, bytes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT "
    "(store, sha256) DO UPDATE SET touched_at = now() RETURNING id, key",
    Lane::change
};

Query const find_blob_by_id{
    "find_blob", "SELECT id, key, sha256, bytes FROM blobs WHERE id = $1", Lane::read
};

/// A local file, a block after the other.
class LocalFile {
public:
    LocalFile(Depot& depot, std::filesystem::path const& path) : depot_{depot}, path_{path} {}

    Task<std::string> next() {
        auto read = [path = path_, offset = offset_, bytes = depot_.store->block_bytes()] {
            blobs::Descriptor const file{path, O_RDONLY};
            std::string block(bytes, '\0');
            ssize_t const n =
                ::pread(file.get(), block.data(), block.size(), static_cast<off_t>(offset));
            if (n < 0) blobs::fail(errno, "read");
            block.resize(static_cast<std::size_t>(n));
            return block;
        };
        std::string block = co_await offload(depot_.threads, std::move(read));
        offset_ += block.size();
        co_return block;
    }

private:
    Depot& depot_;
    std::filesystem::path path_;
    std::uint64_t offset_ = 0;
};

NewFile announcement(MadeFile made) {
    NewFile input;
    input.episode_id = std::move(made.episode_id);
    input.name = std::move(made.name);
    input.method = Method::job;
    input.kind = made.kind;
    input.source = std::move(made.source);
    return input;
}

Task<blobs::Staged> stage(Depot& depot, std::filesystem::path path, blobs::Sha256& hash) {
    blobs::Staged staged = co_await depot.store->begin(new_id());
    LocalFile file{depot, path};
    for (;;) {
        std::string block = co_await file.next();
        if (block.empty()) break;
        auto const bytes = std::make_shared<std::string const>(std::move(block));
        hash.update(*bytes);
        co_await depot.store->append(staged, bytes);
    }
    co_return staged;
}

}  // namespace

std::int64_t bytes_max(api::Services const& services, Kind kind) {
    return static_cast<std::int64_t>(services.files.settings.bytes_max_of(kind));
}

Task<File> add_file(
    api::Services& services, events::Actor actor, MadeFile made, std::filesystem::path path
) {
    File const file = co_await announce(services, nullptr, actor, announcement(std::move(made)));
    Claim claimed = co_await claim(services, file.id);
    Feeder intake{Intake::start(services, actor, std::move(claimed), {})};
    LocalFile source{services.files, path};
    for (;;) {
        std::string const block = co_await source.next();
        if (block.empty()) break;
        co_await intake->push(block);
    }
    File ready = co_await intake->finish(Intake::End::whole);
    co_return ready;
}

Task<File> add_file(
    api::Services& services, events::Actor actor, MadeFile made, std::string content
) {
    File const file = co_await announce(services, nullptr, actor, announcement(std::move(made)));
    Claim claimed = co_await claim(services, file.id);
    Feeder intake{Intake::start(services, actor, std::move(claimed), {})};
    co_await intake->push(content);
    File ready = co_await intake->finish(Intake::End::whole);
    co_return ready;
}

Task<File> fetch_file(api::Services& services, std::string id, std::filesystem::path path) {
    auto const stored = co_await find_stored(services, std::move(id));
    if (!stored || stored->file.state != State::ready || !stored->key) {
        throw Error{Code::not_found, "There is no such file that is ready."};
    }
    co_await services.files.store->fetch(*stored->key, std::move(path));
    co_return stored->file;
}

Task<Blob> keep_blob(api::Services& services, std::filesystem::path path) {
    Depot& depot = services.files;
    auto const turn = depot.take_turn();
    blobs::Sha256 hash;
    blobs::Staged const staged = co_await stage(depot, std::move(path), hash);
    if (staged.offset == 0) {
        co_await depot.store->abort(staged);
        throw Error{Code::invalid, "FILE_EMPTY", "There is nothing to keep."};
    }
    Blob blob{new_id(), {}, hash.hex(), static_cast<std::int64_t>(staged.offset)};
    std::string const own = co_await depot.store->finish(staged, blob.sha256);
    db::Params params{blob.id, depot.store->name(), own, blob.sha256, blob.bytes};
    db::Rows const rows = co_await services.db.run(insert_blob, std::move(params));
    blob.id = rows.front().get<std::string>(0);
    blob.key = rows.front().get<std::string>(1);
    if (blob.key != own) co_await depot.store->remove(own);
    co_return blob;
}

Task<std::optional<Blob>> find_blob(api::Services& services, std::string id) {
    db::Rows const rows = co_await services.db.run(find_blob_by_id, db::Params{id});
    if (rows.empty()) co_return std::nullopt;
    db::Row const row = rows.front();
    co_return Blob{
        row.get<std::string>(0),
        row.get<std::string>(1),
        row.get<std::string>(2),
        row.get<std::int64_t>(3)
    };
}

Task<http::Response> blob_response(
    api::Services& services,
    http::Request const& request,
    Blob blob,
    std::string name,
    std::string media_type,
    Time modified
) {
    Stored stored;
    stored.file.state = State::ready;
    stored.file.name = std::move(name);
    stored.file.media_type = std::move(media_type);
    stored.file.bytes = blob.bytes;
    stored.file.sha256 = std::move(blob.sha256);
    stored.file.created_at = modified;
    stored.key = std::move(blob.key);
    auto shared = std::make_shared<Stored const>(std::move(stored));
    http::Response response =
        co_await content_response(services, request, std::move(shared), Disposition::automatic);
    co_return response;
}

}  // namespace showrunner::files
