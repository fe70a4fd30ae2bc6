// Configuration: every key is declared once, here. A key has a flag (--data-dir), an environment
// variable (SHOWRUNNER_DATA_DIR, or its usual name), a line in the TOML file (data_dir = "…") and a
// default; the first of these that is given is in force. An unknown or bad key refuses to start.
#pragma once

#include <boost/describe.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::app {

// In groups: Boost.Describe takes 52 members at most.

struct ServerConfig {
    std::string listen = "127.0.0.1:3002";
    std::string data_dir = "./data";
    std::string database_url;
    std::string web_dir;
    std::string log_level = "info";
    std::string secret;
    std::string metrics_token;
    std::string admin_email;
    std::string admin_password;
    std::string trusted_proxies;
    std::string socket_origins;
    std::int64_t access_token_s = 900;
    std::int64_t db_connections = 16;
    std::int64_t db_queue_max = 4096;
    std::int64_t http_connections = 20'000;
    std::int64_t http_requests = 4096;
    std::int64_t socket_connections = 10'000;
    std::int64_t socket_connections_per_address = 0;
    std::int64_t socket_connections_per_user = 100;
    std::int64_t socket_queue_bytes = 1024 * 1024;
    std::int64_t socket_payload_bytes = 1'000'000;
    std::int64_t socket_messages_per_second = 100;
    std::int64_t ping_interval_ms = 25'000;
    std::int64_t ping_timeout_ms = 20'000;
    std::int64_t drain_timeout_ms = 10'000;
    std::string job_queue = "postgres";
    std::string sqs_prefix = "showrunner-";
    std::int64_t sqs_resend_s = 300;
    std::string job_queues;
    std::int64_t job_concurrency = 10;
    std::int64_t job_poll_interval_ms = 1'000;
    std::int64_t job_lease_s = 30;
    std::int64_t job_drain_timeout_ms = 25'000;
    std::int64_t job_history_days = 90;
    std::string job_commands;
    std::int64_t job_command_cpu_s = 600;
    std::int64_t job_command_memory_mb = 4096;
    std::string media_path = "/usr/local/bin:/usr/bin:/bin";
    std::string outbound_addresses = "public";
};

struct FileConfig {
    std::string file_store = "disk";
    std::string file_dir;
    std::string s3_bucket;
    std::string s3_prefix;
    std::string s3_style = "auto";
    std::int64_t file_video_mb = 10'240;
    std::int64_t file_image_mb = 25;
    std::int64_t file_audio_mb = 2'048;
    std::int64_t file_script_mb = 5;
    std::int64_t file_other_mb = 1'024;
    std::int64_t file_show_quota_mb = 0;
    std::int64_t file_uploads = 200;
    std::int64_t file_upload_hours = 24;
    std::int64_t file_deleted_days = 30;
    std::int64_t file_link_s = 300;
};

struct Config : ServerConfig, FileConfig {};

BOOST_DESCRIBE_STRUCT(
    ServerConfig,
    (),
    (listen,
     data_dir,
     database_url,
     web_dir,
     log_level,
     secret,
     metrics_token,
     admin_email,
     admin_password,
     trusted_proxies,
     socket_origins,
     access_token_s,
     db_connections,
     db_queue_max,
     http_connections,
     http_requests,
     socket_connections,
     socket_connections_per_address,
     socket_connections_per_user,
     socket_queue_bytes,
     socket_payload_bytes,
     socket_messages_per_second,
     ping_interval_ms,
     ping_timeout_ms,
     drain_timeout_ms,
     job_queue,
     sqs_prefix,
     sqs_resend_s,
     job_queues,
     job_concurrency,
     job_poll_interval_ms,
     job_lease_s,
     job_drain_timeout_ms,
     job_history_days,
     job_commands,
     job_command_cpu_s,
     job_command_memory_mb,
     media_path,
     outbound_addresses)
)
BOOST_DESCRIBE_STRUCT(
    FileConfig,
    (),
    (file_store,
     file_dir,
     s3_bucket,
     s3_prefix,
     s3_style,
     file_video_mb,
     file_image_mb,
     file_audio_mb,
     file_script_mb,
     file_other_mb,
     file_show_quota_mb,
     file_uploads,
     file_upload_hours,
     file_deleted_days,
     file_link_s)
)
BOOST_DESCRIBE_STRUCT(Config, (ServerConfig, FileConfig), ())

enum class Secrecy : std::uint8_t { open, secret };

struct KeyInfo {
    std::string_view name;
    std::string_view about;
    Secrecy secrecy = Secrecy::open;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view variable = {};  ///< when it isn't SHOWRUNNER_<NAME>
};

/// In the order of the members of Config.
inline constexpr std::array config_keys{
    KeyInfo{"listen", "Address and port to serve on; port 0 takes a free one."},
    KeyInfo{"data_dir", "Folder of the private PostgreSQL."},
    KeyInfo{
        "database_url",
        "A PostgreSQL to use instead of the private one.",
        Secrecy::secret,
        0,
        0,
        "DATABASE_URL"
    },
    KeyInfo{"web_dir", "Folder of the built web app; found beside the program when empty."},
    KeyInfo{"log_level", "debug, info, warning or error."},
    KeyInfo{
        "secret",
        "At least 32 characters that sign tokens; kept in the database when empty.",
        Secrecy::secret
    },
    KeyInfo{
        "metrics_token",
        "Bearer token for /metrics; when empty it is for this machine and admins.",
        Secrecy::secret
    },
    KeyInfo{"admin_email", "E-mail address of the first admin, made when there is no user."},
    KeyInfo{
        "admin_password",
        "Password of the first admin; a random one is printed when empty.",
        Secrecy::secret
    },
    KeyInfo{
        "trusted_proxies",
        "Networks, separated by commas, whose X-Forwarded-For and -Proto are believed."
    },
    KeyInfo{"socket_origins", "Origins of other web pages that may connect, separated by commas."},
    KeyInfo{
        "access_token_s",
        "Seconds that an access token is good for; clients refresh it by themselves.",
        Secrecy::open,
        1,
        86'400
    },
    KeyInfo{"db_connections", "Connections to PostgreSQL.", Secrecy::open, 4, 500},
    KeyInfo{
        "db_queue_max", "Statements that may wait for a connection.", Secrecy::open, 16, 1'000'000
    },
    KeyInfo{"http_connections", "Open connections.", Secrecy::open, 10, 1'000'000},
    KeyInfo{"http_requests", "Requests under way at once.", Secrecy::open, 10, 100'000},
    KeyInfo{"socket_connections", "Socket.IO connections.", Secrecy::open, 0, 1'000'000},
    KeyInfo{
        "socket_connections_per_address",
        "Of one address; 0: no limit.",
        Secrecy::open,
        0,
        1'000'000
    },
    KeyInfo{
        "socket_connections_per_user",
        "Of one user in a namespace; 0: no limit.",
        Secrecy::open,
        0,
        1'000'000
    },
    KeyInfo{
        "socket_queue_bytes",
        "Bytes queued for a connection before it is closed.",
        Secrecy::open,
        16'384,
        1LL << 30
    },
    KeyInfo{
        "socket_payload_bytes",
        "Bytes of one message from a client.",
        Secrecy::open,
        1024,
        1LL << 30
    },
    KeyInfo{"socket_messages_per_second", "From one connection.", Secrecy::open, 1, 1'000'000},
    KeyInfo{"ping_interval_ms", "Between heartbeats of Socket.IO.", Secrecy::open, 100, 600'000},
    KeyInfo{"ping_timeout_ms", "For the answer to a heartbeat.", Secrecy::open, 100, 600'000},
    KeyInfo{
        "drain_timeout_ms",
        "For requests and connections to end at a stop.",
        Secrecy::open,
        0,
        600'000
    },
    KeyInfo{
        "job_queue",
        "postgres, or sqs: jobs are handed out by way of SQS, with the usual AWS_ variables.",
        Secrecy::open,
        0,
        0,
        "JOB_QUEUE"
    },
    KeyInfo{"sqs_prefix", "Of the names of queues at SQS; installations differ in it."},
    KeyInfo{
        "sqs_resend_s",
        "A due job that was sent this long ago, and that nobody took, is sent again.",
        Secrecy::open,
        1,
        86'400
    },
    KeyInfo{
        "job_queues", "Queues that are worked, separated by commas; all of our own when empty."
    },
    KeyInfo{
        "job_concurrency",
        "Jobs that this process runs at once; 0: none, for a server beside `showrunner work`.",
        Secrecy::open,
        0,
        10'000
    },
    KeyInfo{
        "job_poll_interval_ms",
        "How often queues are looked at, should no signal come.",
        Secrecy::open,
        10,
        60'000
    },
    KeyInfo{
        "job_lease_s",
        "A job whose process is not heard of for this long is given to another.",
        Secrecy::open,
        3,
        3'600
    },
    KeyInfo{
        "job_drain_timeout_ms",
        "For jobs to end at a stop; what does not is given back.",
        Secrecy::open,
        0,
        3'600'000
    },
    KeyInfo{
        "job_history_days",
        "Completed and cancelled jobs, attempts and logs are kept for this long.",
        Secrecy::open,
        7,
        3'650
    },
    KeyInfo{
        "job_commands",
        "Programs that jobs of the type command may run: name=/path/of/program, by commas."
    },
    KeyInfo{"job_command_cpu_s", "Processor time of a command.", Secrecy::open, 1, 86'400},
    KeyInfo{"job_command_memory_mb", "Address space of a command.", Secrecy::open, 16, 1'048'576},
    KeyInfo{
        "media_path",
        "Folders, separated by colons, with libvips', FFmpeg's and librsvg's programs; empty: no "
        "previews, and compositions are not rendered."
    },
    KeyInfo{
        "outbound_addresses", "What requests that users direct may reach: public addresses, or any."
    },
    KeyInfo{
        "file_store",
        "Where the content of files is: disk, or s3, with the usual AWS_ variables.",
        Secrecy::open,
        0,
        0,
        "FILE_STORE"
    },
    KeyInfo{"file_dir", "The folder of file_store = disk; files in data_dir when empty."},
    KeyInfo{"s3_bucket", "The bucket of file_store = s3.", Secrecy::open, 0, 0, "S3_BUCKET"},
    KeyInfo{"s3_prefix", "Of all names in the bucket: installations that share it differ in it."},
    KeyInfo{
        "s3_style",
        "How URLs name the bucket: path (host/bucket), virtual (bucket.host), or auto: virtual at "
        "AWS, path elsewhere."
    },
    KeyInfo{"file_video_mb", "Of one video, in MiB.", Secrecy::open, 1, 1'048'576},
    KeyInfo{"file_image_mb", "Of one image, in MiB.", Secrecy::open, 1, 1'048'576},
    KeyInfo{"file_audio_mb", "Of one audio file, in MiB.", Secrecy::open, 1, 1'048'576},
    KeyInfo{"file_script_mb", "Of one script, in MiB.", Secrecy::open, 1, 1'048'576},
    KeyInfo{"file_other_mb", "Of any other file, in MiB.", Secrecy::open, 1, 1'048'576},
    KeyInfo{
        "file_show_quota_mb",
        "Of all files of a show together, in MiB; 0: no limit.",
        Secrecy::open,
        0,
        1LL << 40
    },
    KeyInfo{"file_uploads", "That are written at once.", Secrecy::open, 1, 10'000},
    KeyInfo{
        "file_upload_hours",
        "An upload that nobody goes on with for this long is given up.",
        Secrecy::open,
        1,
        8'760
    },
    KeyInfo{
        "file_deleted_days",
        "Deleted files can be restored for this long; then their content is removed.",
        Secrecy::open,
        0,
        3'650
    },
    KeyInfo{"file_link_s", "A link to a file is valid for this long.", Secrecy::open, 1, 86'400},
};

/// A key's value and where it comes from.
struct Setting {
    std::string value;
    std::string source;  ///< "default", "--listen", "DATABASE_URL", "showrunner.toml"
};

struct LoadedConfig {
    Config config;
    std::map<std::string, Setting, std::less<>> settings;
};

/// `flags`: values given on the command line, by key. `environment`: all variables. `file`: a TOML
/// file, or empty. Throws std::runtime_error with a sentence that names the key.
[[nodiscard]] LoadedConfig load_config(
    std::map<std::string, std::string> const& flags,
    std::map<std::string, std::string> const& environment,
    std::string const& file
);

[[nodiscard]] std::string variable_of(KeyInfo const& key);
[[nodiscard]] std::string flag_of(KeyInfo const& key);

/// docs/config.md
[[nodiscard]] std::string config_markdown();

}  // namespace showrunner::app
