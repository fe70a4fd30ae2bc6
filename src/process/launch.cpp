#include "process/launch.hpp"

#include "process/no_network.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace showrunner::process {

namespace {

/// Zero-terminated pointers into texts that outlive them, as exec wants them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_of(
    Command const& command, std::filesystem::path const& folder
) {
    std::map<std::string, std::string> variables{
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"LANG", "C.UTF-8"},
        {"HOME", folder.string()},
    };
    for (auto const& [name, value] : command.environment) variables[name] = value;
    std::vector<std::string> entries;
    entries.reserve(variables.size());
    for (auto const& [name, value] : variables)
        entries.push_back(fmt::format("{}={}", name, value));
    return entries;
}

/// All that the child needs, made before the fork: after it, only async-signal-safe calls.
struct Plan {
    char const* program;
    char* const* arguments;
    char* const* environment;
    char const* folder;
    Limits const& limits;
    Network network;
    int input;
    int output;
    int errors;
    int failure;  ///< pipe for errno, closed by exec
    pid_t parent;
};

[[noreturn]] void fail(Plan const& plan) {
    int const error = errno;
    [[maybe_unused]] auto const written = ::write(plan.failure, &error, sizeof error);
    ::_exit(127);
}

bool limit(int resource, std::uint64_t soft, std::uint64_t hard) {
    rlimit const both{soft, hard};
    return ::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0;
}

bool apply(Limits const& limits) {
    return limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1ULL) &&
           limit(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes) &&
           limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes) &&
           limit(RLIMIT_NOFILE, limits.open_files, limits.open_files) && limit(RLIMIT_CORE, 0, 0) &&
           (!limits.processes || limit(RLIMIT_NPROC, *limits.processes, *limits.processes)) &&
           (limits.niceness == 0 || ::setpriority(PRIO_PROCESS, 0, limits.niceness) == 0);
}

/// Puts the three standard streams in their places.
bool connect(Plan const& plan) {
    std::array sources{plan.input, plan.output, plan.errors};
    // Out of the way first: one of them may have the number of another's place.
    for (int& source : sources) source = ::fcntl(source, F_DUPFD_CLOEXEC, 3);
    for (int place = 0; place < 3; ++place) {
        if (::dup2(sources[static_cast<std::size_t>(place)], place) < 0) return false;
    }
    return true;
}

/// Runs in the child.
[[noreturn]] void become(Plan plan) {
    // The three places of the standard streams may not be taken by the pipe.
    plan.failure = ::fcntl(plan.failure, F_DUPFD_CLOEXEC, 3);
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // If the parent is gone by now the signal will never come.
    if (::getppid() != plan.parent) ::_exit(127);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    // What we ignore or handle is not the program's business.
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::umask(0077);
    if (!connect(plan) || ::chdir(plan.folder) != 0) fail(plan);
    // Not every library opens its descriptors close-on-exec: Asio's sockets are not.
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(plan);
    if (!apply(plan.limits)) fail(plan);
    if (plan.network == Network::refused && !refuse_network()) fail(plan);
    ::execve(plan.program, plan.arguments, plan.environment);
    fail(plan);
}

/// A descriptor to read `text` from. In memory rather than a pipe: there is nothing to pump, and
/// a program that doesn't read it holds up nobody.
Descriptor input_of(std::string const& text) {
    if (text.empty()) return Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    Descriptor file{::memfd_create("input", MFD_CLOEXEC)};
    for (std::size_t written = 0; file.is_open() && written < text.size();) {
        ssize_t const count = ::write(file.get(), text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Descriptor{};
        written += static_cast<std::size_t>(count);
    }
    if (file.is_open()) ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

struct Pipe {
    Descriptor reading;
    Descriptor writing;
};

Pipe open_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

/// Zero when the program runs, else the errno that the child sent.
int read_failure(Descriptor const& pipe) {
    int error = 0;
    ssize_t got = 0;
    do {
        got = ::read(pipe.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? error : 0;
}

/// It would be cut there, unnoticed.
bool has_zero(std::vector<std::string> const& texts) {
    return std::ranges::any_of(texts, [](std::string const& text) {
        return text.find('\0') != std::string::npos;
    });
}

Launched not_started(int error) {
    Launched launched;
    launched.error = error;
    return launched;
}

}  // namespace

Descriptor::~Descriptor() {
    if (is_open()) ::close(descriptor_);
}

Process::~Process() {
    if (is_reaped()) return;
    signal_group(SIGKILL);
    Exit unused;
    reap(unused);
}

void Process::signal_group(int number) const {
    if (!is_reaped()) ::kill(-id_, number);
}

bool Process::has_ended() const {
    if (is_reaped()) return true;
    siginfo_t ended{};
    int const found = ::waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOWAIT | WNOHANG);
    return found == 0 && ended.si_pid != 0;
}

void Process::reap(Exit& exit) {
    if (is_reaped()) return;
    siginfo_t ended{};
    // Without reaping it yet: as long as it is a zombie the group's number is its own.
    while (::waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR
    ) {
    }
    signal_group(SIGKILL);
    int status = 0;
    rusage usage{};
    while (::wait4(id_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    id_ = 0;
    exit.how = WIFSIGNALED(status) ? Exit::How::killed : Exit::How::exited;
    exit.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    auto const time = [](timeval const& value) {
        return std::chrono::seconds{value.tv_sec} + std::chrono::microseconds{value.tv_usec};
    };
    exit.cpu = time(usage.ru_utime) + time(usage.ru_stime);
    exit.memory_bytes_max = static_cast<std::uint64_t>(usage.ru_maxrss) << 10U;
}

Launched launch(Command const& command, std::filesystem::path const& folder) {
    if (!command.program.starts_with('/')) {
        throw std::logic_error{"a program is named by its absolute path"};
    }
    std::vector<std::string> arguments{command.program};
    arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
    std::vector<std::string> environment = environment_of(command, folder);
    if (has_zero(arguments) || has_zero(environment)) return not_started(EINVAL);
    std::vector<char*> const argument_list = pointers_to(arguments);
    std::vector<char*> const environment_list = pointers_to(environment);
    Descriptor const input = input_of(command.input);
    if (!input.is_open()) return not_started(errno);
    Pipe output = open_pipe();
    Pipe errors = open_pipe();
    Pipe failure = open_pipe();
    if (!output.reading.is_open() || !errors.reading.is_open() || !failure.reading.is_open()) {
        return not_started(errno);
    }
    Plan const plan{
        command.program.c_str(),
        argument_list.data(),
        environment_list.data(),
        folder.c_str(),
        command.limits,
        command.network,
        input.get(),
        output.writing.get(),
        errors.writing.get(),
        failure.writing.get(),
        ::getpid(),
    };
    pid_t const child = ::fork();
    if (child == 0) become(plan);
    if (child < 0) return not_started(errno);
    Launched launched;
    launched.process = Process{child};
    failure.writing = Descriptor{};
    // Also waits until the child leads its group.
    launched.error = read_failure(failure.reading);
    if (launched.error != 0) return launched;
    launched.watch = Descriptor{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
    if (!launched.watch.is_open()) launched.error = errno;
    launched.output = std::move(output.reading);
    launched.errors = std::move(errors.reading);
    return launched;
}

}  // namespace showrunner::process
