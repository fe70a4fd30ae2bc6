// A program that is refused the network reaches neither a listener on loopback nor a local socket.
#include "process/child.hpp"
#include "support/run.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

namespace showrunner::process {

namespace {

struct Result {
    Exit exit;
    std::vector<std::string> lines;
};

Result run_python(std::string script, Network network) {
    asio::io_context io{1};
    Result result;
    Command const command{
        .program = "/usr/bin/python3", .arguments = {"-c", std::move(script)}, .network = network
    };
    auto const keep = [&](std::string_view line) { result.lines.emplace_back(line); };
    result.exit = test::run(io, run(command, keep, keep));
    return result;
}

}  // namespace

TEST_CASE("process: without the network a listener on loopback is out of reach") {
    asio::io_context io{1};
    using asio::ip::tcp;
    tcp::acceptor listener{io, {asio::ip::address_v4::loopback(), 0}};
    listener.non_blocking(true);
    std::string const connect = fmt::format(
        "import socket\nsocket.create_connection(('127.0.0.1', {})).close()\nprint('through')",
        listener.local_endpoint().port()
    );
    boost::system::error_code error;
    CHECK(run_python(connect, Network::allowed).lines == std::vector<std::string>{"through"});
    static_cast<void>(listener.accept(error));
    CHECK_FALSE(error);

    auto const refused = run_python(connect, Network::refused);
    CHECK_FALSE(refused.exit.succeeded());
    REQUIRE_FALSE(refused.lines.empty());
    CHECK(refused.lines.back() == "PermissionError: [Errno 13] Permission denied");
    static_cast<void>(listener.accept(error));
    CHECK(error == asio::error::would_block);
}

TEST_CASE("process: without the network there is no socket of any family, also for descendants") {
    auto const result = run_python(
        R"(import os, socket, subprocess, sys
def refused(call):
    try:
        call()
        return False
    except PermissionError:
        return True
families = [socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET]
print([refused(lambda: socket.socket(family)) for family in families])
inner = 'import socket; socket.socket(socket.AF_INET)'
print(subprocess.run([sys.executable, '-c', inner], stderr=subprocess.DEVNULL).returncode)
open('file', 'w').write('x')
print(os.path.getsize('file'))
)",
        Network::refused
    );
    CHECK(result.lines == std::vector<std::string>{"[True, True, True, True, True]", "1", "1"});
}

TEST_CASE("process: an io_uring, which could make sockets, is refused") {
    auto const result = run_python(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.syscall(425, 1, None), ctypes.get_errno())",
        Network::refused
    );
    CHECK(result.lines == std::vector<std::string>{"-1 13"});
}

TEST_CASE("process: a program gives way when it is told to") {
    asio::io_context io{1};
    std::vector<std::string> lines;
    Command command{.program = "/usr/bin/nice"};
    command.limits.niceness = 7;
    auto const keep = [&](std::string_view line) { lines.emplace_back(line); };
    CHECK(test::run(io, run(command, keep, {})).succeeded());
    CHECK(lines == std::vector<std::string>{"7"});
}

}  // namespace showrunner::process
