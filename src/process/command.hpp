// What to run, how much it may take, and how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::process {

/// Of the program and, except for what says otherwise, of each process that it starts.
struct Limits {
    unsigned cpu_seconds = 60;                     ///< then SIGXCPU, a second later SIGKILL
    std::uint64_t memory_bytes = 1ULL << 30U;      ///< of address space: allocating fails beyond
    std::uint64_t file_bytes = 1ULL << 30U;        ///< of a file that it writes; then SIGXFSZ
    unsigned open_files = 256;                     ///< descriptors
    std::optional<unsigned> processes = {};        ///< of the user in all; none: the user's own
    int niceness = 0;                              ///< up to 19: gives way to everything else
    std::chrono::milliseconds wall_limit{60'000};  ///< then SIGTERM for all its processes
    std::chrono::milliseconds kill_grace{5000};    ///< from SIGTERM to SIGKILL
    std::uint64_t output_bytes = 1ULL << 20U;      ///< of each stream; what follows is dropped
};

enum class Network : std::uint8_t {
    allowed,
    refused,  ///< no socket of any family, for it and for what it starts
};

struct Command {
    std::string program;                      ///< absolute path
    std::vector<std::string> arguments = {};  ///< without the program's own name
    std::string input = {};                   ///< all of standard input
    /// Empty: a private temporary folder that is gone when the program is. Deleting it holds up the
    /// event loop: who has large files written names a folder, and deletes it elsewhere.
    std::filesystem::path working_directory = {};
    /// Beside PATH (of the system), LANG (C.UTF-8) and HOME (the working directory), which it may
    /// name too. Nothing of ours is passed on.
    std::map<std::string, std::string> environment = {};
    Limits limits = {};
    Network network = Network::allowed;
};

/// How it ended. That a program fails is for the caller to act on: a value, not an exception.
struct Exit {
    enum class How : std::uint8_t {
        exited,       ///< `number` is its status
        killed,       ///< `number` is the signal
        not_started,  ///< `number` is the errno
    };

    How how = How::not_started;
    int number = 0;
    bool timed_out = false;            ///< it was ended because its wall_limit had passed
    bool output_truncated = false;     ///< output beyond a limit was dropped, or a line was cut
    std::chrono::microseconds cpu{0};  ///< of it and of the processes that it waited for
    std::chrono::milliseconds wall{0};
    std::uint64_t memory_bytes_max = 0;  ///< the most that was resident

    [[nodiscard]] bool succeeded() const { return how == How::exited && number == 0; }

    /// `ended with status 3`, `ran longer than it may`, `was killed by signal 9`, …
    [[nodiscard]] std::string describe() const;
};

/// Gets each line as it comes, without its newline: any bytes, at most line_bytes_max. Must not
/// throw.
using LineSink = std::function<void(std::string_view)>;

/// What is longer is cut.
inline constexpr std::size_t line_bytes_max = 64UL << 10U;

}  // namespace showrunner::process
