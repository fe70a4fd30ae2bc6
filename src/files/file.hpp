// The file: its record, and what clients may send.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"

#include <boost/describe.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::files {

enum class Kind : std::uint8_t { video, image, audio, script, other };
BOOST_DESCRIBE_ENUM(Kind, video, image, audio, script, other)

enum class State : std::uint8_t { uploading, ready, failed };
BOOST_DESCRIBE_ENUM(State, uploading, ready, failed)

/// A record as the API and the events show it; members as the columns.
struct File {
    std::string id;
    std::string episode_id;
    std::string show_id;
    std::string name;
    Kind kind = Kind::other;
    std::string media_type;  ///< once ready: what the bytes say
    std::optional<std::int64_t> bytes;
    std::optional<std::string> sha256;
    State state = State::uploading;
    std::optional<json::Raw> error;   ///< {code, message}
    std::optional<json::Raw> source;  ///< what made it, when no person sent it
    std::optional<json::Raw> media;   ///< what looking into it found
    json::Raw derivatives{"[]"};      ///< [{role, width, height, url, …}]
    int version = 1;
    Time created_at;
    std::optional<std::string> created_by;  ///< user id; none: the server
    Time updated_at;
    std::optional<std::string> updated_by;
    std::optional<Time> deleted_at;
};
BOOST_DESCRIBE_STRUCT(
    File,
    (),
    (id,
     episode_id,
     show_id,
     name,
     kind,
     media_type,
     bytes,
     sha256,
     state,
     error,
     source,
     media,
     derivatives,
     version,
     created_at,
     created_by,
     updated_at,
     updated_by,
     deleted_at)
)

/// A record with where its content is.
struct Stored {
    File file;
    std::optional<std::string> key;  ///< of its blob; none before it is ready, and when purged
};

/// How the bytes come.
enum class Method : std::uint8_t { put, tus, multipart, direct, job };
BOOST_DESCRIBE_ENUM(Method, put, tus, multipart, direct, job)

enum class WantedMethod : std::uint8_t { put, tus, direct };
BOOST_DESCRIBE_ENUM(WantedMethod, put, tus, direct)

struct CreateFile {
    static constexpr bool is_input = true;
    static constexpr std::array rules{
        json::Rule{.field = "episode_id", .format = "uuid"},
        json::Rule{.field = "name", .min = 1, .max = 255, .about = "With its extension."},
        json::Rule{.field = "bytes", .min = 1, .max = INT64_MAX, .about = "How many will come."},
        json::Rule{.field = "media_type", .max = 255, .about = "A hint: the bytes decide."},
        json::Rule{.field = "sha256", .min = 64, .max = 64, .about = "In hex: checked at the end."},
        json::Rule{.field = "kind", .about = "Made from the content when absent."},
        json::Rule{
            .field = "method",
            .about = "put: one request; tus: resumable; direct: to the store itself, where it can "
                     "(else put). put when absent."
        },
    };
    std::string episode_id;
    std::string name;
    std::int64_t bytes = 0;
    std::optional<std::string> media_type;
    std::optional<std::string> sha256;
    std::optional<Kind> kind;
    std::optional<WantedMethod> method;
};
BOOST_DESCRIBE_STRUCT(CreateFile, (), (episode_id, name, bytes, media_type, sha256, kind, method))

/// How the client sends the bytes of a file that it has announced.
struct UploadTicket {
    Method method = Method::put;
    std::string verb;  ///< PUT or PATCH
    std::string url;
    std::map<std::string, std::string> headers;  ///< to be sent as they are
    Time expires_at;
};
BOOST_DESCRIBE_STRUCT(UploadTicket, (), (method, verb, url, headers, expires_at))

struct CreatedFile {
    File file;
    UploadTicket upload;
};
BOOST_DESCRIBE_STRUCT(CreatedFile, (), (file, upload))

struct UpdateFile {
    static constexpr bool is_input = true;
    static constexpr std::array rules{json::Rule{.field = "name", .min = 1, .max = 255}};
    std::string name;
};
BOOST_DESCRIBE_STRUCT(UpdateFile, (), (name))

/// What a file may not be called: paths, control characters, nothing at all. Throws
/// Error{Code::invalid}; what surrounds the name is cut off.
void tidy_name(std::string& name);

}  // namespace showrunner::files
