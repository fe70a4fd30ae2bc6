// Where a private PostgreSQL has its programs and files, and as whom it runs.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::db {

/// Database and superuser of a private PostgreSQL.
inline constexpr std::string_view private_name = "showrunner";

/// The account PostgreSQL runs as: our own, or `postgres` when we are root, as which it refuses to
/// run.
struct Account {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
    std::string name;
    bool switched = false;  ///< not our own
};

[[nodiscard]] Account postgres_account();

/// The folder with `initdb` and `postgres`: `given`, PG_BINDIR, or the newest that is installed;
/// of the version that made the cluster when there is one.
[[nodiscard]] std::filesystem::path find_bindir(
    std::filesystem::path const& given, std::filesystem::path const& cluster
);

/// Creates `folder` (0700, owned by `account`) unless it is there.
void make_private_folder(std::filesystem::path const& folder, Account const& account);

/// Throws with the name of the first folder above `path` that `account` may not enter.
void require_traversable(std::filesystem::path const& path, Account const& account);

/// A folder for the socket: beside the data, or in the temporary folder when a path there would be
/// longer than a socket's may be.
[[nodiscard]] std::filesystem::path socket_folder(std::filesystem::path const& data_dir);

/// postmaster.pid of a running postmaster.
struct Postmaster {
    pid_t process = 0;
    std::filesystem::path socket_dir;
    bool ready = false;  ///< accepts connections
};

/// The postmaster that runs on `cluster`; nothing when none does (a stale file does not count).
[[nodiscard]] std::optional<Postmaster> running_postmaster(std::filesystem::path const& cluster);

[[nodiscard]] std::string connection_string(
    std::filesystem::path const& socket_dir, std::string_view database
);

/// The last lines of a log file.
[[nodiscard]] std::string tail_of(std::filesystem::path const& log);

}  // namespace showrunner::db
