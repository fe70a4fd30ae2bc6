#include "db/postgres_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace showrunner::db {

namespace {

/// Closes its descriptor.
class Descriptor {
public:
    explicit Descriptor(int descriptor) : descriptor_{descriptor} {}

    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;

    ~Descriptor() { close(); }

    void close() {
        if (descriptor_ >= 0) ::close(descriptor_);
        descriptor_ = -1;
    }

    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

/// All a child needs, made before the fork: after it, only async-signal-safe calls.
struct Launch {
    char const* program;
    char* const* arguments;
    Account const& account;
    int log;
    int failure;  ///< pipe for errno, closed by exec
    pid_t parent;
    int orphan_signal;
};

[[noreturn]] void fail(Launch const& launch) {
    int const error = errno;
    [[maybe_unused]] auto const written = ::write(launch.failure, &error, sizeof error);
    ::_exit(127);
}

/// Runs in the child.
[[noreturn]] void become(Launch const& launch) {
    // A session of its own: Ctrl-C at our terminal is for us, and we stop PostgreSQL in order.
    ::setsid();
    Account const& account = launch.account;
    if (account.switched && (::setgroups(account.groups.size(), account.groups.data()) != 0 ||
                             ::setgid(account.group) != 0 || ::setuid(account.user) != 0)) {
        fail(launch);
    }
    // After setuid, which clears it. If the parent is gone by now the signal will never come.
    ::prctl(PR_SET_PDEATHSIG, launch.orphan_signal);
    if (::getppid() != launch.parent) ::_exit(127);
    for (int const number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGQUIT}) {
        ::signal(number, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::umask(0077);
    int const input = ::open("/dev/null", O_RDONLY);
    if (input < 0 || ::dup2(input, STDIN_FILENO) < 0 || ::dup2(launch.log, STDOUT_FILENO) < 0 ||
        ::dup2(launch.log, STDERR_FILENO) < 0) {
        fail(launch);
    }
    ::execv(launch.program, launch.arguments);
    fail(launch);
}

std::string describe(int error) {
    return std::generic_category().message(error);
}

}  // namespace

pid_t start_process(Command const& command, Account const& account) {
    std::vector<char*> arguments;
    arguments.reserve(command.arguments.size() + 1);
    for (std::string const& argument : command.arguments) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    // Opened by us: the account need not be able to write where we keep logs.
    Descriptor const log{
        ::open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)
    };
    if (log.get() < 0) {
        throw std::runtime_error{
            fmt::format("Cannot write {}: {}.", command.log.string(), describe(errno))
        };
    }
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error{fmt::format("Cannot create a pipe: {}.", describe(errno))};
    }
    Descriptor const reading{ends[0]};
    Descriptor writing{ends[1]};
    Launch const launch{
        arguments.front(),
        arguments.data(),
        account,
        log.get(),
        writing.get(),
        ::getpid(),
        command.when_orphaned == WhenOrphaned::interrupt ? SIGINT : SIGKILL,
    };
    pid_t const child = ::fork();
    if (child == 0) become(launch);
    if (child < 0) throw std::runtime_error{fmt::format("Cannot fork: {}.", describe(errno))};
    writing.close();
    int error = 0;
    ssize_t got = 0;
    do {
        got = ::read(reading.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        wait_for_exit(child);
        throw std::runtime_error{fmt::format(
            "Cannot run {} as {}: {}.", command.arguments.front(), account.name, describe(error)
        )};
    }
    return child;
}

std::optional<int> exit_status(pid_t child) {
    int status = 0;
    pid_t const ended = ::waitpid(child, &status, WNOHANG);
    if (ended == 0) return {};
    return ended == child ? status : -1;
}

int wait_for_exit(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

void pause_for(std::chrono::milliseconds duration) {
    ::poll(nullptr, 0, static_cast<int>(duration.count()));
}

void stop_postmaster(pid_t process) {
    using std::chrono::steady_clock;

    struct Order {
        int signal;
        std::chrono::seconds patience;
    };

    static constexpr std::array orders{
        Order{SIGINT, std::chrono::seconds{10}},
        Order{SIGQUIT, std::chrono::seconds{5}},
        Order{SIGKILL, std::chrono::seconds{5}},
    };
    for (Order const& order : orders) {
        if (::kill(process, order.signal) != 0) return;
        auto const end = steady_clock::now() + order.patience;
        while (steady_clock::now() < end) {
            // As a child it must be waited for; as somebody else's it just disappears.
            int status = 0;
            if (::waitpid(process, &status, WNOHANG) == process) return;
            if (::kill(process, 0) != 0) return;
            pause_for(std::chrono::milliseconds{5});
        }
    }
}

}  // namespace showrunner::db
