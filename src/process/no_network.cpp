#include "process/no_network.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace showrunner::process {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
// The x32 calls are the same ones under numbers of their own.
constexpr std::uint32_t first_foreign_call = 0x40000000;
#elif defined(__aarch64__)
constexpr std::uint32_t native = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t first_foreign_call = 0xffffffff;
#else
#error "the numbers of the system calls of this processor are not known here"
#endif

/// What makes a socket, or borrows that of another process of the same user. Of every family: the
/// private PostgreSQL listens on a UNIX socket. An io_uring makes sockets without the call.
constexpr std::array refused_calls{
    SYS_socket,
    SYS_io_uring_setup,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
};

using Instruction = sock_filter;

consteval Instruction load(std::size_t offset) {
    return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}

consteval Instruction jump(int condition, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    return {static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K), yes, no, value};
}

consteval Instruction answer(std::uint32_t value) {
    return {BPF_RET | BPF_K, 0, 0, value};
}

consteval auto make_filter() {
    std::array<Instruction, refused_calls.size() + 7> filter{};
    std::size_t next = 0;
    // Calls of another architecture have other numbers: nothing of ours makes them.
    filter.at(next++) = load(offsetof(seccomp_data, arch));
    filter.at(next++) = jump(BPF_JEQ, native, 1, 0);
    filter.at(next++) = answer(SECCOMP_RET_KILL_PROCESS);
    filter.at(next++) = load(offsetof(seccomp_data, nr));
    constexpr std::size_t refusal = std::tuple_size_v<decltype(filter)> - 1;
    auto const over = [&next] { return static_cast<std::uint8_t>(refusal - next - 1); };
    filter.at(next) = jump(BPF_JGE, first_foreign_call, over(), 0);
    ++next;
    for (auto const call : refused_calls) {
        filter.at(next) = jump(BPF_JEQ, static_cast<std::uint32_t>(call), over(), 0);
        ++next;
    }
    filter.at(next++) = answer(SECCOMP_RET_ALLOW);
    filter.at(next++) = answer(SECCOMP_RET_ERRNO | EACCES);
    return filter;
}

}  // namespace

bool refuse_network() {
    auto filter = make_filter();
    sock_fprog const program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace showrunner::process
