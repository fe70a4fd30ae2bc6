// Where a program looks into one file: a folder of its own, in which the file is called `input`, so
// that no name that somebody has chosen is ever an option, a protocol or a pattern.
#pragma once

#include "base/task.hpp"
#include "media/result.hpp"
#include "process/command.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace showrunner::media {

namespace fs = std::filesystem;

/// Which of libvips' readers may be chosen by a file's bytes.
enum class Loaders : std::uint8_t {
    hardened,  ///< those that libvips calls fit for files of strangers
    any,       ///< for what we have made, or know to be a PDF
};

/// How much a program may take for one file.
struct Terms {
    std::chrono::seconds time{120};  ///< of the processor, and twice that on the clock
    std::uint64_t memory_bytes = 3ULL << 30U;
    std::uint64_t file_bytes = 1ULL << 30U;
    Loaders loaders = Loaders::hardened;
};

/// How a program ended, and the first lines of what it complained about.
struct Outcome {
    process::Exit exit;
    std::string complaint;

    [[nodiscard]] bool succeeded() const { return exit.succeeded(); }

    [[nodiscard]] bool complains_of(std::string_view text) const {
        return complaint.find(text) != std::string::npos;
    }

    /// Not for success. `what`: "The picture".
    [[nodiscard]] Problem problem(std::string_view program, std::string_view what) const;
};

class Workspace {
public:
    /// `near`: a folder to make this one in, for results that are moved on; empty: that of
    /// temporary files.
    explicit Workspace(fs::path const& source, fs::path const& near = {});

    /// Without a source.
    static Workspace empty(fs::path const& near);

    ~Workspace();
    Workspace(Workspace const&) = delete;
    Workspace& operator=(Workspace const&) = delete;

    /// Runs a program in here, with nothing of the network. `errors` hears what it complains of,
    /// too.
    Task<Outcome> run(
        std::string program,
        std::vector<std::string> arguments,
        Terms terms = {},
        process::LineSink output = {},
        process::LineSink errors = {}
    ) const;

    /// A small file for a program to read.
    void write(std::string_view name, std::string_view text) const;

    /// Empty when there is none.
    [[nodiscard]] std::string read(std::string_view name) const;

    /// What a program has made becomes `target`; false: it has made nothing.
    [[nodiscard]] bool deliver(std::string_view name, fs::path const& target) const;

    [[nodiscard]] fs::path path(std::string_view name) const { return folder_ / name; }

private:
    struct Empty {};

    Workspace(Empty, fs::path const& near);

    fs::path folder_;
};

}  // namespace showrunner::media
