// What other features use of files: finding and reading them, and putting ones on record that a job
// has made. The event `file_uploaded` says that a file has become ready.
#pragma once

#include "api/services.hpp"
#include "files/file.hpp"
#include "files/records.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace showrunner::files {

/// The limit of a kind's files.
[[nodiscard]] std::int64_t bytes_max(api::Services const& services, Kind kind);

/// A file of an episode that no person sends.
struct MadeFile {
    std::string episode_id = {};
    std::string name = {};
    std::optional<Kind> kind = {};  ///< by the content when absent
    json::Raw source{"{}"};         ///< {"job_id": …, "composition_id": …}
};

/// Copies what is at `path` into the store, checks it as every upload is checked, and puts the file
/// on record: `file_upload_started`, then `file_uploaded`. The actor is whose doing it is.
Task<File> add_file(
    api::Services& services, events::Actor actor, MadeFile made, std::filesystem::path path
);

/// The same with the content in memory.
Task<File> add_file(
    api::Services& services, events::Actor actor, MadeFile made, std::string content
);

/// Makes `path` a file with the content, not to be written to. Throws Error{Code::not_found} when
/// there is no such file that is ready.
Task<File> fetch_file(api::Services& services, std::string id, std::filesystem::path path);

/// Content that belongs to no file of its own, such as a thumbnail. Who keeps its id in a column
/// that refers to blobs(id) lets the function blob_in_use() know of it; it must be there within the
/// hour.
struct Blob {
    std::string id;
    std::string key;
    std::string sha256;
    std::int64_t bytes = 0;
};

Task<Blob> keep_blob(api::Services& services, std::filesystem::path path);
Task<std::optional<Blob>> find_blob(api::Services& services, std::string id);

/// An answer with a blob: ETag, ranges, conditions and headers as for files. `name` and
/// `media_type` are what the client is told.
Task<http::Response> blob_response(
    api::Services& services,
    http::Request const& request,
    Blob blob,
    std::string name,
    std::string media_type,
    Time modified
);

}  // namespace showrunner::files
