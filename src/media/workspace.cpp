#include "media/workspace.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "process/child.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

namespace showrunner::media {

namespace {

constexpr std::size_t complaint_bytes_max = 2000;

bool out_of_time(process::Exit const& exit) {
    bool const killed = exit.how == process::Exit::How::killed;
    return exit.timed_out || (killed && (exit.number == SIGXCPU || exit.number == SIGKILL));
}

bool out_of_space(Outcome const& outcome) {
    bool const killed = outcome.exit.how == process::Exit::How::killed;
    return (killed && outcome.exit.number == SIGXFSZ) || outcome.complains_of("out of memory") ||
           outcome.complains_of("Cannot allocate memory") || outcome.complains_of("std::bad_alloc");
}

}  // namespace

Problem Outcome::problem(std::string_view program, std::string_view what) const {
    if (exit.how == process::Exit::How::not_started) {
        return {
            Failure::unavailable,
            fmt::format("The program {} {} on this server.", program, exit.describe())
        };
    }
    if (out_of_time(exit)) {
        return {Failure::too_large, fmt::format("{} takes more time than a file may.", what)};
    }
    if (out_of_space(*this)) {
        return {Failure::too_large, fmt::format("{} takes more memory than a file may.", what)};
    }
    return {Failure::broken, fmt::format("{} is damaged or incomplete.", what)};
}

Workspace::Workspace(Empty, fs::path const& near) {
    std::error_code error;
    fs::path const parent = near.empty() ? fs::temp_directory_path(error) : near;
    folder_ = fs::absolute(parent / (".media-" + random_token(12)));
    if (error || ::mkdir(folder_.c_str(), 0700) != 0) {
        throw std::system_error{errno, std::generic_category(), "a folder for looking into a file"};
    }
}

Workspace::Workspace(fs::path const& source, fs::path const& near) : Workspace{Empty{}, near} {
    fs::create_symlink(fs::absolute(source), folder_ / "input");
}

Workspace Workspace::empty(fs::path const& near) {
    return Workspace{Empty{}, near};
}

Workspace::~Workspace() {
    std::error_code error;
    fs::remove_all(folder_, error);
    if (error) log::warning("media_workspace_left", {{"error", error.message()}});
}

Task<Outcome> Workspace::run(
    std::string program,
    std::vector<std::string> arguments,
    Terms terms,
    process::LineSink output,
    process::LineSink errors
) const {
    process::Command command;
    command.program = std::move(program);
    command.arguments = std::move(arguments);
    command.working_directory = folder_;
    command.network = process::Network::refused;
    command.environment = {
        {"VIPS_WARNING", "0"},
        {"VIPS_CONCURRENCY", "1"},
        {"TMPDIR", folder_.string()},
    };
    if (terms.loaders == Loaders::hardened) command.environment["VIPS_BLOCK_UNTRUSTED"] = "1";
    command.limits = {
        .cpu_seconds = static_cast<unsigned>(terms.time.count()),
        .memory_bytes = terms.memory_bytes,
        .file_bytes = terms.file_bytes,
        .open_files = 64,
        .niceness = 10,
        .wall_limit = 2 * terms.time,
        .kill_grace = std::chrono::seconds{1},
        .output_bytes = 4ULL << 20U,
    };
    Outcome outcome;
    auto const complain = [&outcome, &errors](std::string_view line) {
        if (errors) errors(line);
        if (line.empty() || outcome.complaint.size() + line.size() > complaint_bytes_max) return;
        outcome.complaint.append(line).append("\n");
    };
    outcome.exit = co_await process::run(std::move(command), std::move(output), complain);
    co_return outcome;
}

void Workspace::write(std::string_view name, std::string_view text) const {
    std::ofstream file{path(name), std::ios::binary};
    file << text;
    file.close();
    if (!file) throw std::system_error{errno, std::generic_category(), "a file for a program"};
}

std::string Workspace::read(std::string_view name) const {
    std::ifstream file{path(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

bool Workspace::deliver(std::string_view name, fs::path const& target) const {
    std::error_code error;
    if (!fs::is_regular_file(path(name), error) || fs::file_size(path(name), error) == 0) {
        return false;
    }
    fs::rename(path(name), target);
    return true;
}

}  // namespace showrunner::media
