// Events about files.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <vector>

namespace showrunner::files {

struct FileUploadStarted {
    static constexpr events::Spec spec{
        .name = "file_upload_started",
        .action = "START",
        .resource = "file",
        .summary = "began to upload \"{file_name}\"",
        .when = "A file was announced; its content is on the way.",
    };
    json::Raw file;
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::optional<std::string> uploaded_by;
};
BOOST_DESCRIBE_STRUCT(FileUploadStarted, (), (file, file_id, episode_id, file_name, uploaded_by))

struct FileUploaded {
    static constexpr events::Spec spec{
        .name = "file_uploaded",
        .action = "CREATE",
        .resource = "file",
        .notifies = events::Notify::watchers,
        .summary = "uploaded \"{file_name}\"",
        .when = "A file is whole, checked and ready: sent by a person or made by a job.",
    };
    json::Raw file;
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::string file_type;
    std::int64_t file_size = 0;
    std::optional<std::string> uploaded_by;
};
BOOST_DESCRIBE_STRUCT(
    FileUploaded, (), (file, file_id, episode_id, file_name, file_type, file_size, uploaded_by)
)

struct FileFailed {
    static constexpr events::Spec spec{
        .name = "file_failed",
        .action = "FAILED",
        .resource = "file",
        .notifies = events::Notify::creator,
        .summary = "could not upload \"{file_name}\": {error}",
        .when = "An upload was broken off, ran out of time, or its content was refused.",
    };
    json::Raw file;
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::string code;
    std::string error;
};
BOOST_DESCRIBE_STRUCT(FileFailed, (), (file, file_id, episode_id, file_name, code, error))

struct FileUpdated {
    static constexpr events::Spec spec{
        .name = "file_updated",
        .action = "UPDATE",
        .resource = "file",
        .summary = "changed {changed_fields} of \"{file_name}\"",
        .when = "A file was renamed, or something was found in it or made from it.",
    };
    json::Raw file;
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::vector<std::string> changed_fields;
    std::optional<std::string> updated_by;
};
BOOST_DESCRIBE_STRUCT(
    FileUpdated, (), (file, file_id, episode_id, file_name, changed_fields, updated_by)
)

struct FileDeleted {
    static constexpr events::Spec spec{
        .name = "file_deleted",
        .action = "DELETE",
        .resource = "file",
        .notifies = events::Notify::watchers,
        .summary = "deleted \"{file_name}\"",
        .when = "A file was deleted; for a while it can be restored.",
    };
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::optional<std::string> deleted_by;
    int version = 0;  ///< of the record after the deletion
};
BOOST_DESCRIBE_STRUCT(FileDeleted, (), (file_id, episode_id, file_name, deleted_by, version))

struct FileRestored {
    static constexpr events::Spec spec{
        .name = "file_restored",
        .action = "RESTORE",
        .resource = "file",
        .notifies = events::Notify::watchers,
        .summary = "restored \"{file_name}\"",
        .when = "A deleted file was restored.",
    };
    json::Raw file;
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::optional<std::string> restored_by;
};
BOOST_DESCRIBE_STRUCT(FileRestored, (), (file, file_id, episode_id, file_name, restored_by))

struct FileDownload {
    static constexpr events::Spec spec{
        .name = "file_download",
        .action = "DOWNLOAD",
        .resource = "file",
        .summary = "downloaded \"{file_name}\"",
        .when = "A file was fetched, or a link to it asked for: once a user, file and ten minutes.",
    };
    std::string file_id;
    std::string episode_id;
    std::string file_name;
    std::optional<std::string> downloaded_by;
};
BOOST_DESCRIBE_STRUCT(FileDownload, (), (file_id, episode_id, file_name, downloaded_by))

struct FilePurged {
    static constexpr events::Spec spec{
        .name = "file_purged",
        .action = "PURGE",
        .resource = "file",
        .summary = "removed the content of \"{file_name}\" for good",
        .when = "The content of a file that was deleted long ago was removed.",
    };
    std::string file_id;
    std::string file_name;
};
BOOST_DESCRIBE_STRUCT(FilePurged, (), (file_id, file_name))

using Events = boost::mp11::mp_list<
    FileUploadStarted,
    FileUploaded,
    FileFailed,
    FileUpdated,
    FileDeleted,
    FileRestored,
    FileDownload,
    FilePurged>;

}  // namespace showrunner::files
