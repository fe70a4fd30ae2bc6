#include "db/postgres_files.hpp"

#include "base/id.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace showrunner::db {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view not_found =
    "PostgreSQL is not installed here. Install it (Debian, Ubuntu: apt install postgresql), set "
    "PG_BINDIR to the folder of its programs, or set DATABASE_URL to use a PostgreSQL of your own.";

bool has_programs(fs::path const& folder) {
    return ::access((folder / "initdb").c_str(), X_OK) == 0 &&
           ::access((folder / "postgres").c_str(), X_OK) == 0;
}

std::string first_line(fs::path const& file) {
    std::ifstream in{file};
    std::string line;
    std::getline(in, line);
    return line;
}

/// What `pg_config --bindir` says; empty without pg_config.
fs::path configured_bindir() {
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };

    std::unique_ptr<std::FILE, Close> const pipe{::popen("pg_config --bindir 2>/dev/null", "re")};
    std::array<char, 4096> line{};
    if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return {};
    std::string_view text{line.data()};
    while (text.ends_with('\n')) text.remove_suffix(1);
    return text;
}

int version_of(fs::path const& folder) {
    std::string const name = folder.filename().string();
    int version = 0;
    std::from_chars(name.data(), name.data() + name.size(), version);
    return version;
}

/// /usr/lib/postgresql/*/bin, the newest version first.
std::vector<fs::path> packaged_bindirs() {
    std::vector<fs::path> versions;
    std::error_code none;
    for (auto const& entry : fs::directory_iterator{"/usr/lib/postgresql", none}) {
        versions.push_back(entry.path());
    }
    std::sort(versions.begin(), versions.end(), [](fs::path const& a, fs::path const& b) {
        return version_of(a) > version_of(b);
    });
    for (fs::path& version : versions) version /= "bin";
    return versions;
}

bool may_enter(struct stat const& folder, Account const& account) {
    if (account.user == 0) return true;
    if (folder.st_uid == account.user) return (folder.st_mode & S_IXUSR) != 0;
    auto const& groups = account.groups;
    if (std::find(groups.begin(), groups.end(), folder.st_gid) != groups.end()) {
        return (folder.st_mode & S_IXGRP) != 0;
    }
    return (folder.st_mode & S_IXOTH) != 0;
}

}  // namespace

Account postgres_account() {
    bool const root = ::geteuid() == 0;
    passwd const* const entry = root ? ::getpwnam("postgres") : ::getpwuid(::geteuid());
    if (entry == nullptr) {
        throw std::runtime_error{
            root ? "PostgreSQL does not run as root, and there is no user postgres to run it as. "
                   "Create one (useradd --system postgres), or run Showrunner as another user."
                 : "PostgreSQL needs an entry in /etc/passwd for the user it runs as, and the "
                   "current user has none. Run Showrunner as a user that has one."
        };
    }
    Account account{entry->pw_uid, entry->pw_gid, {}, entry->pw_name, root};
    int count = 64;
    account.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(entry->pw_name, entry->pw_gid, account.groups.data(), &count);
    account.groups.resize(static_cast<std::size_t>(std::clamp(count, 0, 64)));
    return account;
}

fs::path find_bindir(fs::path const& given, fs::path const& cluster) {
    char const* const environment = std::getenv("PG_BINDIR");
    fs::path chosen = !given.empty()           ? given
                      : environment != nullptr ? fs::path{environment}
                                               : fs::path{};
    if (!chosen.empty()) {
        if (has_programs(chosen)) return chosen;
        throw std::runtime_error{fmt::format(
            "There are no programs initdb and postgres in {}, which PG_BINDIR names. {}",
            chosen.string(),
            not_found
        )};
    }
    std::vector<fs::path> found = packaged_bindirs();
    found.insert(found.begin(), configured_bindir());
    std::erase_if(found, [](fs::path const& folder) { return !has_programs(folder); });
    if (found.empty()) throw std::runtime_error{std::string{not_found}};

    std::string const version = first_line(cluster / "PG_VERSION");
    if (version.empty()) return found.front();
    for (fs::path const& folder : found) {
        if (folder.parent_path().filename() == version) return folder;
    }
    // Installed elsewhere than in a folder named by its version: PostgreSQL itself will say.
    if (version_of(found.front().parent_path()) == 0) return found.front();
    throw std::runtime_error{fmt::format(
        "The data in {} was made by PostgreSQL {}, which is not installed (found: {}). Install "
        "postgresql-{}, or move the data with `showrunner db dump` and `db restore`.",
        cluster.string(),
        version,
        found.front().string(),
        version
    )};
}

void make_private_folder(fs::path const& folder, Account const& account) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw std::runtime_error{fmt::format(
            "Cannot create the folder {}: {}.",
            folder.string(),
            std::generic_category().message(errno)
        )};
    }
    struct stat status{};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        throw std::runtime_error{fmt::format("{} is not a folder.", folder.string())};
    }
    if (status.st_uid == account.user) return;
    bool const ours = status.st_uid == ::geteuid();
    if (!ours || ::chown(folder.c_str(), account.user, account.group) != 0) {
        throw std::runtime_error{fmt::format(
            "The folder {} belongs to another user than {}, who needs it.",
            folder.string(),
            account.name
        )};
    }
}

void require_traversable(fs::path const& path, Account const& account) {
    fs::path folder;
    for (fs::path const& part : path.parent_path()) {
        folder /= part;
        struct stat status{};
        if (::stat(folder.c_str(), &status) != 0 || may_enter(status, account)) continue;
        throw std::runtime_error{fmt::format(
            "The user {}, as whom PostgreSQL runs, may not enter the folder {}. Choose another "
            "data directory (--data-dir), run Showrunner as an ordinary user, or allow it: chmod "
            "o+x {}",
            account.name,
            folder.string(),
            folder.string()
        )};
    }
}

fs::path socket_folder(fs::path const& data_dir) {
    fs::path beside = data_dir / "postgres-socket";
    std::string const text = beside.string();
    // libpq would take a comma for a list; quotes and spaces need escaping in three places.
    bool const plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view{"/._-+@:"}.find(static_cast<char>(c)) != std::string_view::npos;
    });
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - sizeof("/.s.PGSQL.5432.lock");
    if (plain && text.size() <= longest) return beside;
    return fs::temp_directory_path() /
           fmt::format("showrunner-{}", sha256_hex(data_dir.string()).substr(0, 16));
}

std::optional<Postmaster> running_postmaster(fs::path const& cluster) {
    std::ifstream file{cluster / "postmaster.pid"};
    std::array<std::string, 8> lines;
    for (std::string& line : lines) std::getline(file, line);
    Postmaster postmaster;
    std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), postmaster.process);
    if (postmaster.process <= 0) return {};
    // After a crash the number may belong to any other process: a postmaster's working directory
    // is its cluster.
    std::error_code error;
    auto const process = fmt::format("/proc/{}/cwd", postmaster.process);
    fs::path const works_in = fs::read_symlink(process, error);
    if (error || works_in != fs::weakly_canonical(cluster, error)) return {};
    postmaster.socket_dir = lines[4];
    postmaster.ready = lines[7].starts_with("ready");
    return postmaster;
}

std::string connection_string(fs::path const& socket_dir, std::string_view database) {
    return fmt::format("host={} user={} dbname={}", socket_dir.string(), private_name, database);
}

std::string tail_of(fs::path const& log) {
    std::ifstream in{log};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
        if (lines.size() > 5) lines.erase(lines.begin());
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace showrunner::db
