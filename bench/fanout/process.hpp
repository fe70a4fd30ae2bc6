// A server under test, in a process of its own, and what it costs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace showrunner::bench {

class Process {
public:
    /// Starts `command` on one core and waits for its `ready http://host:port` line.
    Process(std::vector<std::string> const& command, int core);
    ~Process();
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Seconds on a processor so far, all threads together.
    [[nodiscard]] double cpu_seconds() const;

    [[nodiscard]] double resident_bytes() const;

private:
    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
};

/// Keeps this process, or the one about to be executed, on one core.
void pin_to_core(int core);

/// As many open files as the system allows.
void raise_file_limit();

}  // namespace showrunner::bench
