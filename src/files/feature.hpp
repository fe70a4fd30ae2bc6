// The files feature: everything declarative.
#pragma once

#include "api/route.hpp"
#include "api/snapshot.hpp"
#include "db/failure.hpp"
#include "files/events.hpp"
#include "files/file.hpp"
#include "files/links.hpp"
#include "files/records.hpp"
#include "files/tus.hpp"

namespace showrunner::files {

Task<http::Response> list_files(api::Context& context);
Task<http::Response> create_file(api::Context& context);
Task<http::Response> upload_form(api::Context& context);
Task<http::Response> put_content(api::Context& context);
Task<http::Response> complete_direct(api::Context& context);
Task<http::Response> get_file(api::Context& context);
Task<http::Response> update_file(api::Context& context);
Task<http::Response> delete_file_route(api::Context& context);
Task<http::Response> restore_file_route(api::Context& context);
Task<http::Response> get_link(api::Context& context);
Task<http::Response> get_content(api::Context& context);
Task<http::Response> follow_link(api::Context& context);
Task<std::optional<std::string>> read_snapshot(api::Context& context, std::string id);

struct GetFile {
    static constexpr std::array rules{
        json::Rule{.field = "deleted", .about = "true: also when it is deleted."}
    };
    std::optional<bool> deleted;
};
BOOST_DESCRIBE_STRUCT(GetFile, (), (deleted))

struct GetContent {
    static constexpr std::array rules{json::Rule{
        .field = "download",
        .about = "true: to be saved. Otherwise a browser shows it, if nothing in it can run."
    }};
    std::optional<bool> download;
};
BOOST_DESCRIBE_STRUCT(GetContent, (), (download))

struct GetLink {
    static constexpr std::array rules{
        json::Rule{
            .field = "download",
            .about = "true: to be saved. Otherwise a browser shows it, if nothing in it can run."
        },
        json::Rule{.field = "ttl_s", .min = 1, .max = 86'400, .about = "How long it is valid."},
    };
    std::optional<bool> download;
    std::optional<int> ttl_s;
};
BOOST_DESCRIBE_STRUCT(GetLink, (), (download, ttl_s))

struct Feature {
    using enum http::Verb;
    using enum api::Access;
    using enum api::Shape;
    using Body = api::Body;

    static constexpr std::string_view name = "files";
    using Events = files::Events;
    static constexpr std::array<db::ConstraintMeaning, 0> constraints{};
    static constexpr std::array snapshots{api::SnapshotSource{"file", read_snapshot}};

    static constexpr api::Type file = api::type<File>("File");
    /// The limits of kinds are the operator's; this is where counting ends.
    static constexpr std::uint64_t any_size = 1ULL << 50U;
    static constexpr std::string_view any_media = "";
    static constexpr auto once = api::Answer::secret;

    static constexpr std::array routes{
        api::Route{post, "/api/v1/files", "createFile",
                   "Announce a file, and learn how to send its content", editor, create_file, one,
                   api::type<CreatedFile>("CreatedFile"), Body::json,
                   api::type<CreateFile>("CreateFile"), nullptr, 201},
        api::Route{get, "/api/v1/episodes/{id}/files", "listEpisodeFiles",
                   "List the files of an episode, newest first", viewer, list_files, many, file,
                   Body::none, {}, api::parameters_of<ListFiles>},
        api::Route{post, "/api/v1/episodes/{id}/files", "uploadFile",
                   "Upload a file as a form: the fields name, kind and sha256, then one file",
                   editor, upload_form, one, file, Body::stream, {}, nullptr, 201,
                   "multipart/form-data", any_size, 0},
        api::Route{get, "/api/v1/files/{id}", "getFile", "Get a file's record", viewer, get_file, one,
                   file, Body::none, {}, api::parameters_of<GetFile>},
        api::Route{patch, "/api/v1/files/{id}", "updateFile", "Rename a file", editor, update_file,
                   one, file, Body::json, api::type<UpdateFile>("UpdateFile")},
        api::Route{del, "/api/v1/files/{id}", "deleteFile", "Delete a file; it can be restored",
                   editor, delete_file_route, none, {}, Body::none, {}, nullptr, 204},
        api::Route{post, "/api/v1/files/{id}/restore", "restoreFile", "Restore a deleted file", editor,
                   restore_file_route, one, file},
        api::Route{get, "/api/v1/files/{id}/url", "getFileUrl",
                   "A link to the content that needs no token, for a while; counts as a download",
                   viewer, get_link, one, api::type<Link>("FileLink"), Body::none, {},
                   api::parameters_of<GetLink>},
        api::Route{get, "/api/v1/files/{id}/content", "getFileContent",
                   "The content, or a range of it", viewer, get_content, bare, {}, Body::none, {},
                   api::parameters_of<GetContent>},
        api::Route{put, "/api/v1/files/{id}/content", "putFileContent",
                   "Send the content of a file that was announced for it", editor, put_content, one,
                   file, Body::stream, {}, nullptr, 200, any_media, any_size, 0},
        api::Route{post, "/api/v1/files/{id}/complete", "completeFile",
                   "Say that the content was sent to the store itself", editor, complete_direct, one,
                   file},
        api::Route{get, "/api/v1/files/{id}/download", "followFileUrl", "Where links of files lead",
                   anyone, follow_link, bare, {}, Body::none, {}, api::parameters_of<SignedLink>},
        api::Route{options, "/api/v1/uploads", "describeUploads",
                   "What the server does of tus, the protocol of resumable uploads", anyone,
                   describe_tus, none, {}, Body::none, {}, nullptr, 204},
        api::Route{post, "/api/v1/uploads", "createUpload",
                   "Begin a resumable upload (tus): Upload-Metadata names filename and episode_id",
                   editor, create_upload, bare, {}, Body::stream, {}, nullptr, 201, any_media,
                   any_size, 0, once},
        api::Route{head, "/api/v1/uploads/{id}", "getUpload", "How far a resumable upload is (tus)",
                   editor, head_upload, bare},
        api::Route{patch, "/api/v1/uploads/{id}", "appendToUpload",
                   "Go on with a resumable upload (tus)", editor, patch_upload, none, {},
                   Body::stream, {}, nullptr, 204, any_media, any_size, 0},
        api::Route{del, "/api/v1/uploads/{id}", "cancelUpload", "Break a resumable upload off (tus)",
                   editor, delete_upload, none, {}, Body::none, {}, nullptr, 204},
    };
    static_assert(api::are_sound(routes));
};

}  // namespace showrunner::files
