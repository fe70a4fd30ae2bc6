#include "process.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace showrunner::bench {

namespace {

std::uint16_t port_in(std::string const& ready_line) {
    std::size_t const colon = ready_line.rfind(':');
    if (!ready_line.starts_with("ready ") || colon == std::string::npos) {
        throw std::runtime_error{"the server did not get ready: " + ready_line};
    }
    return static_cast<std::uint16_t>(std::stoul(ready_line.substr(colon + 1)));
}

}  // namespace

void pin_to_core(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<unsigned>(core), &cores);
    ::sched_setaffinity(0, sizeof cores, &cores);
}

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Process::Process(std::vector<std::string> const& command, int core) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error{"pipe failed"};
    pid_ = ::fork();
    if (pid_ == 0) {
        pin_to_core(core);
        ::dup2(pipe[1], STDOUT_FILENO);
        ::close(pipe[0]);
        ::close(pipe[1]);
        std::vector<char*> arguments;
        for (std::string const& word : command) arguments.push_back(const_cast<char*>(word.data()));
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(pipe[1]);
    std::string line;
    char c = 0;
    while (::read(pipe[0], &c, 1) == 1 && c != '\n') line += c;
    ::close(pipe[0]);
    port_ = port_in(line);
}

Process::~Process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

double Process::cpu_seconds() const {
    double seconds = 0;
    auto const tasks = "/proc/" + std::to_string(pid_) + "/task";
    for (auto const& task : std::filesystem::directory_iterator{tasks}) {
        std::ifstream file{task.path() / "schedstat"};
        double nanoseconds = 0;
        if (file >> nanoseconds) seconds += nanoseconds / 1e9;
    }
    return seconds;
}

double Process::resident_bytes() const {
    std::ifstream file{"/proc/" + std::to_string(pid_) + "/statm"};
    double size = 0;
    double resident = 0;
    file >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace showrunner::bench
