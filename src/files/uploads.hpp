// Uploads in PostgreSQL: announced, claimed by one writer at a time, put on record as they grow,
// and ended. A writer is known by its lease; what it does under an older one has no effect.
#pragma once

#include "api/context.hpp"
#include "blobs/store.hpp"
#include "files/file.hpp"

#include <optional>
#include <string>

namespace showrunner::files {

struct Upload {
    std::string file_id;
    Method method = Method::put;
    bool kind_given = false;
    std::optional<std::int64_t> bytes;  ///< as announced
    std::optional<std::string> sha256;
    std::int64_t position = 0;  ///< durable in the store
    std::string staged;
    std::string hash;
    std::string metadata;
    std::int64_t lease = 0;
    Time expires_at;
};
BOOST_DESCRIBE_STRUCT(
    Upload,
    (),
    (file_id, method, kind_given, bytes, sha256, position, staged, hash, metadata, lease, expires_at
    )
)

struct NewFile {
    std::string episode_id;
    std::string name;
    Method method = Method::put;
    std::optional<Kind> kind = {};
    std::optional<std::string> media_type = {};
    std::optional<std::int64_t> bytes = {};
    std::optional<std::string> sha256 = {};
    std::string metadata = {};
    std::optional<json::Raw> source = {};
    std::string id = {};      ///< chosen beforehand, for an upload past this server
    std::string staged = {};  ///< the store's notes of it
};

/// Puts the file and its upload on record. The episode must be there, and what is announced within
/// the limits of its kind and of the show. Permission is for the caller to have seen to.
Task<File> announce(
    api::Services& services, db::Transaction* transaction, events::Actor const& actor, NewFile input
);

/// The same in a request: who may write to the episode's show.
Task<File> announce(api::Context& context, NewFile input);

/// Throws Error for an episode that is not there, or not to be written to.
Task<> check_episode(api::Context& context, std::string episode_id);

/// An upload, and the right to write it.
struct Claim {
    File file;
    Upload upload;
};

/// Throws Error: not_found, locked (somebody writes it now), gone (it has expired or failed),
/// unavailable (too many are being written).
Task<Claim> claim(api::Services& services, std::string id);

/// Nothing when it is over.
Task<std::optional<Upload>> find_upload(api::Services& services, std::string id);

enum class Hold : std::uint8_t { keep, release };

/// Puts on record how far it is, and prolongs the lease or gives it up. Throws
/// Error{Code::conflict} when the lease has gone to another.
Task<> record_position(
    api::Services& services,
    Upload const& upload,
    blobs::Staged const& staged,
    std::string hash_state,
    Hold hold
);

/// Gives a claim up, with nothing changed.
Task<> release(api::Services& services, Upload upload);

/// What is known of a file when its last byte is there.
struct Content {
    std::string key;
    std::string sha256;
    std::int64_t bytes = 0;
    std::string media_type;
    Kind kind = Kind::other;
};

struct Completed {
    File file;
    std::string key;  ///< of the blob that it refers to: another one's when the content was there
};

/// The upload is over and the file ready. Throws Error{Code::conflict} without the lease.
Task<Completed> complete(
    api::Services& services, events::Actor const& actor, Claim claim, Content content
);

/// The upload is over and the file failed; false without the lease.
Task<bool> fail(
    api::Services& services, events::Actor const& actor, Claim claim, Error const& error
);

/// Throws Error{Code::too_large} or {Code::invalid} (quota, empty).
void check_size(api::Services& services, Kind kind, std::int64_t bytes);
Task<> check_quota(
    api::Services& services, std::string show_id, std::string but_file_id, std::int64_t bytes
);

[[nodiscard]] Error upload_taken();

}  // namespace showrunner::files
