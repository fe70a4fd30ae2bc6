// Real programs: what they print, what they may take, and that nothing is left of them.
#include "process/child.hpp"

#include "process/launch.hpp"
#include "process/lines.hpp"
#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace showrunner::process {

namespace {

using std::chrono::milliseconds;

struct Result {
    Exit exit;
    std::vector<std::string> lines;
    std::vector<std::string> errors;
};

Command shell(std::string script) {
    return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

LineSink into(std::vector<std::string>& lines) {
    return [&lines](std::string_view line) { lines.emplace_back(line); };
}

Result run_alone(Command const& command) {
    asio::io_context io{1};
    Result result;
    result.exit = test::run(io, run(command, into(result.lines), into(result.errors)));
    return result;
}

bool no_child_is_left() {
    return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

std::ptrdiff_t open_descriptors() {
    return std::distance(
        std::filesystem::directory_iterator{"/proc/self/fd"}, std::filesystem::directory_iterator{}
    );
}

}  // namespace

TEST_CASE("process: output comes by the line, and the status with it") {
    auto const result = run_alone(shell("printf 'one\\n\\nthree\\nlast'; echo wrong >&2; exit 3"));
    CHECK(result.lines == std::vector<std::string>{"one", "", "three", "last"});
    CHECK(result.errors == std::vector<std::string>{"wrong"});
    CHECK(result.exit.how == Exit::How::exited);
    CHECK(result.exit.number == 3);
    CHECK_FALSE(result.exit.succeeded());
    CHECK_FALSE(result.exit.timed_out);
    CHECK_FALSE(result.exit.output_truncated);
    CHECK(result.exit.cpu.count() > 0);
    CHECK(result.exit.memory_bytes_max > 0);
    CHECK(result.exit.describe() == "ended with status 3");
    CHECK(no_child_is_left());
}

TEST_CASE("process: a program reads its input, or doesn't") {
    Command command{.program = "/usr/bin/wc", .arguments = {"-c"}};
    command.input = std::string(3'000'000, 'x');
    CHECK(run_alone(command).lines == std::vector<std::string>{"3000000"});
    command.program = "/bin/true";
    CHECK(run_alone(command).exit.succeeded());
    CHECK(run_alone({.program = "/bin/cat"}).exit.succeeded());
}

TEST_CASE("process: a program gets the environment and the descriptors that it is given") {
    ::setenv("SHOWRUNNER_TEST_SECRET", "x", 1);
    int const leaky = ::open("/dev/null", O_RDONLY);  // Not close-on-exec.
    REQUIRE(leaky >= 0);
    Command command = shell("env | sort; ls /proc/self/fd | wc -l; ls -A . | wc -l; stat -c %a .");
    command.environment = {{"JOB", "7"}, {"LANG", "C"}};
    auto const result = run_alone(command);
    ::close(leaky);
    ::unsetenv("SHOWRUNNER_TEST_SECRET");
    REQUIRE(result.lines.size() == 8);
    CHECK(result.lines[0].starts_with("HOME="));
    std::string const folder = result.lines[0].substr(5);
    CHECK(result.lines[1] == "JOB=7");
    CHECK(result.lines[2] == "LANG=C");
    CHECK(result.lines[3] == "PATH=/usr/local/bin:/usr/bin:/bin");
    CHECK(result.lines[4] == "PWD=" + folder);  // The shell's own.
    CHECK(result.lines[5] == "4");              // The standard three, and the folder it lists.
    CHECK(result.lines[6] == "0");
    CHECK(result.lines[7] == "700");
    CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("process: a folder that is named is used and stays") {
    Command command = shell("pwd");
    command.working_directory = "/usr";
    CHECK(run_alone(command).lines == std::vector<std::string>{"/usr"});
    command.working_directory = "/no/such/folder";
    auto const exit = run_alone(command).exit;
    CHECK(exit.how == Exit::How::not_started);
    CHECK(exit.number == ENOENT);
}

TEST_CASE("process: a program that cannot be started says why") {
    auto const missing = run_alone({.program = "/no/such/program"}).exit;
    CHECK(missing.how == Exit::How::not_started);
    CHECK(missing.number == ENOENT);
    CHECK(missing.describe() == "could not be started: No such file or directory");
    CHECK(run_alone({.program = "/etc/passwd"}).exit.number == EACCES);
    Command zero = shell("true");
    zero.arguments.emplace_back("a\0b", 3);
    CHECK(run_alone(zero).exit.number == EINVAL);
    CHECK_THROWS_AS(run_alone({.program = "sh"}), std::logic_error);
    CHECK(no_child_is_left());
}

TEST_CASE("process: memory, processor time and file size are limited") {
    Command memory = shell("head -c 300000000 /dev/zero | tail -c 300000000 | wc -c");
    memory.limits.memory_bytes = 100'000'000;
    auto const starved = run_alone(memory);
    CHECK(starved.lines == std::vector<std::string>{"0"});
    CHECK_FALSE(starved.errors.empty());

    Command busy = shell("while :; do :; done");
    busy.limits.cpu_seconds = 1;
    auto const spent = run_alone(busy).exit;
    CHECK(spent.how == Exit::How::killed);
    CHECK(spent.number == SIGXCPU);
    CHECK(spent.cpu >= milliseconds{100});

    Command large = shell("exec head -c 100000 /dev/zero >file");
    large.limits.file_bytes = 1000;
    auto const full = run_alone(large).exit;
    CHECK(full.how == Exit::How::killed);
    CHECK(full.number == SIGXFSZ);

    Command files = shell("ulimit -n; ulimit -c");
    files.limits.open_files = 17;
    CHECK(run_alone(files).lines == std::vector<std::string>{"17", "0"});
}

TEST_CASE("process: output beyond the limit is dropped, and the program goes on") {
    Command much = shell("yes 1234567 | head -c 3000000; echo end >&2");
    much.limits.output_bytes = 8000;
    auto const result = run_alone(much);
    CHECK(result.exit.succeeded());
    CHECK(result.exit.output_truncated);
    CHECK(result.lines.size() == 1000);
    CHECK(result.errors == std::vector<std::string>{"end"});

    auto const wide = run_alone(shell("head -c 100000 /dev/zero | tr '\\0' x; echo; echo short"));
    CHECK(wide.exit.output_truncated);
    REQUIRE(wide.lines.size() == 2);
    CHECK(wide.lines[0] == std::string(line_bytes_max, 'x'));
    CHECK(wide.lines[1] == "short");
}

TEST_CASE("process: time-out ends a program and what it has started") {
    // What holds the output open is the grandchild: the pipe's end is its end.
    Command command = shell("sleep 1000 & echo started; wait");
    command.limits.wall_limit = milliseconds{200};
    auto const result = run_alone(command);
    CHECK(result.exit.timed_out);
    CHECK(result.exit.how == Exit::How::killed);
    CHECK(result.exit.number == SIGTERM);
    CHECK(result.exit.describe() == "ran longer than it may");
    CHECK(result.exit.wall >= milliseconds{200});
    CHECK_FALSE(result.exit.output_truncated);
    CHECK(no_child_is_left());
}

TEST_CASE("process: SIGTERM may be answered, and SIGKILL follows when it is not") {
    Command polite = shell("trap 'echo bye; exit 0' TERM; sleep 1000 & wait");
    polite.limits.wall_limit = milliseconds{300};
    auto const said = run_alone(polite);
    CHECK(said.exit.timed_out);
    CHECK(said.exit.succeeded());
    CHECK(said.lines == std::vector<std::string>{"bye"});

    Command deaf = shell("trap '' TERM; sleep 1000");
    deaf.limits.wall_limit = milliseconds{300};
    deaf.limits.kill_grace = milliseconds{100};
    auto const killed = run_alone(deaf).exit;
    CHECK(killed.timed_out);
    CHECK(killed.how == Exit::How::killed);
    CHECK(killed.number == SIGKILL);
}

TEST_CASE("process: what a program leaves in its group ends with it") {
    auto const result = run_alone(shell("sleep 1000 & echo left"));
    CHECK(result.exit.succeeded());
    CHECK_FALSE(result.exit.output_truncated);
    CHECK(result.exit.wall < std::chrono::seconds{10});
}

TEST_CASE("process: who leaves the group holds nobody up") {
    auto const result = run_alone(shell(
        "mkfifo gone; setsid sh -c 'echo $$; echo >gone; exec sleep 1000' & read -r line <gone"
    ));
    CHECK(result.exit.succeeded());
    CHECK(result.exit.output_truncated);
    REQUIRE(result.lines.size() == 1);
    CHECK(::kill(std::stoi(result.lines[0]), SIGKILL) == 0);
}

TEST_CASE("process: cancelling waits for the end of the program") {
    asio::io_context io{1};
    asio::cancellation_signal cancel;
    std::vector<std::string> lines;
    std::exception_ptr failure;
    bool over = false;
    Command const command = shell("trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait");
    LineSink const sink = [&](std::string_view line) {
        lines.emplace_back(line);
        cancel.emit(asio::cancellation_type::terminal);
        cancel.emit(asio::cancellation_type::terminal);
    };
    asio::co_spawn(
        io,
        run(command, sink, {}),
        asio::bind_cancellation_slot(
            cancel.slot(),
            [&](std::exception_ptr error, Exit const&) {
                failure = error;
                over = true;
            }
        )
    );
    REQUIRE(test::run_until(io, [&] { return over; }));
    CHECK(lines == std::vector<std::string>{"ready", "bye"});
    REQUIRE(failure);
    CHECK_THROWS_AS(std::rethrow_exception(failure), boost::system::system_error);
    CHECK(no_child_is_left());
}

TEST_CASE("process: a program does not outlive the event loop") {
    std::ptrdiff_t const before = open_descriptors();
    std::vector<std::string> lines;
    {
        asio::io_context io{1};
        Command const command = shell("trap '' TERM; echo $$; sleep 1000");
        asio::co_spawn(io, run(command, into(lines), {}), [](std::exception_ptr, Exit const&) {});
        REQUIRE(test::run_until(io, [&] { return !lines.empty(); }));
    }
    CHECK(no_child_is_left());
    CHECK(::kill(std::stoi(lines.at(0)), 0) == -1);
    CHECK(open_descriptors() == before);
}

TEST_CASE("process: a program does not outlive the server, even when that is killed") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    pid_t const server = ::fork();
    if (server == 0) {
        asio::io_context io{1};
        LineSink const tell = [&](std::string_view line) {
            ::_exit(::write(ends[1], line.data(), line.size()) > 0 ? ::raise(SIGKILL) : 1);
        };
        asio::co_spawn(io, run(shell("echo $$; exec sleep 1000"), tell, {}), [](auto...) {});
        io.run();
    }
    ::close(ends[1]);
    std::array<char, 32> text{};
    REQUIRE(::read(ends[0], text.data(), text.size() - 1) > 0);
    ::close(ends[0]);
    ::waitpid(server, nullptr, 0);
    // It may be gone already; else its pidfd says when.
    int const watch = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(text.data()), 0));
    pollfd wanted{watch, POLLIN, 0};
    CHECK((watch < 0 || ::poll(&wanted, 1, 10'000) == 1));
    if (watch >= 0) ::close(watch);
}

TEST_CASE("process: many at once") {
    std::ptrdiff_t const before = open_descriptors();
    {
        asio::io_context io{1};
        std::vector<Command> commands;
        commands.reserve(20);
        for (int i = 0; i < 20; ++i)
            commands.push_back(shell(fmt::format("echo {}; exit {}", i, i)));
        std::vector<Result> results(20);
        int over = 0;
        for (std::size_t i = 0; i < results.size(); ++i) {
            asio::co_spawn(
                io,
                run(commands[i], into(results[i].lines), into(results[i].errors)),
                [&, i](std::exception_ptr, Exit const& exit) {
                    results[i].exit = exit;
                    ++over;
                }
            );
        }
        REQUIRE(test::run_until(io, [&] { return over == 20; }));
        for (std::size_t i = 0; i < results.size(); ++i) {
            CHECK(results[i].lines == std::vector<std::string>{std::to_string(i)});
            CHECK(results[i].exit.number == static_cast<int>(i));
        }
    }
    CHECK(no_child_is_left());
    CHECK(open_descriptors() == before);
}

TEST_CASE("process: one that runs has not ended, which is found out without waiting") {
    Launched launched = launch({.program = "/bin/sleep", .arguments = {"1000"}}, "/");
    REQUIRE(launched.error == 0);
    CHECK_FALSE(launched.process.has_ended());
    launched.process.signal_group(SIGKILL);
    pollfd wanted{launched.watch.get(), POLLIN, 0};
    REQUIRE(::poll(&wanted, 1, 10'000) == 1);
    CHECK(launched.process.has_ended());
    Exit exit;
    launched.process.reap(exit);
    CHECK(launched.process.has_ended());
    CHECK(exit.number == SIGKILL);
}

TEST_CASE("process: one after the other, while descriptors come and go") {
    asio::io_context io{1};
    int over = 0;
    for (int chain = 0; chain < 4; ++chain) {
        asio::co_spawn(
            io,
            []() -> Task<> {
                for (int i = 0; i < 25; ++i) {
                    Exit const exit =
                        co_await run(shell("echo out; echo err >&2; sleep 0.01"), {}, {});
                    CHECK(exit.succeeded());
                }
            },
            [&over](std::exception_ptr) { ++over; }
        );
    }
    REQUIRE(test::run_until(io, [&] { return over == 4; }));
    CHECK(no_child_is_left());
}

TEST_CASE("process: lines are cut the same however the bytes come") {
    std::string const text = "one\n\ntwo" + std::string(70'000, 'x') + "\nend";
    for (std::size_t const step : {1UL, 7UL, 65'536UL, 100'000UL}) {
        std::vector<std::string> got;
        Lines lines{into(got), 1'000'000};
        for (std::size_t at = 0; at < text.size(); at += step) {
            lines.feed(std::string_view{text}.substr(at, step));
        }
        lines.finish();
        REQUIRE(got.size() == 4);
        CHECK(got[0] == "one");
        CHECK(got[1].empty());
        CHECK(got[2].size() == line_bytes_max);
        CHECK(got[3] == "end");
        CHECK(lines.truncated());
    }
}

}  // namespace showrunner::process
