// From a Command to a running process: fork, limits, exec.
#pragma once

#include "process/command.hpp"

#include <sys/types.h>

#include <utility>

namespace showrunner::process {

/// Closes its file descriptor.
class Descriptor {
public:
    Descriptor() = default;

    explicit Descriptor(int descriptor) : descriptor_{descriptor} {}

    Descriptor(Descriptor&& other) noexcept : descriptor_{other.release()} {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    ~Descriptor();

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

    [[nodiscard]] int get() const { return descriptor_; }

    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_ = -1;
};

/// A process that we started and that leads its group. Until it has been reaped its id, and that of
/// its group, belong to nobody else. Destroying it kills and reaps what is left.
class Process {
public:
    Process() = default;

    explicit Process(pid_t id) : id_{id} {}

    Process(Process&& other) noexcept : id_{std::exchange(other.id_, 0)} {}

    Process& operator=(Process&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }

    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;
    ~Process();

    /// To every process of the group.
    void signal_group(int number) const;

    /// Without waiting.
    [[nodiscard]] bool has_ended() const;

    /// Waits for its end, fills in how it was, and kills what it left in its group.
    void reap(Exit& exit);

    [[nodiscard]] bool is_reaped() const { return id_ == 0; }

private:
    pid_t id_ = 0;
};

struct Launched {
    Process process;
    Descriptor watch;   ///< a pidfd: readable when the process has ended
    Descriptor output;  ///< of its standard output, the end to read
    Descriptor errors;  ///< of its standard error
    int error = 0;      ///< errno: it was not started
};

/// `folder`: its working directory.
[[nodiscard]] Launched launch(Command const& command, std::filesystem::path const& folder);

}  // namespace showrunner::process
