#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/sys.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

/// The calls of every read and every write, inline. After a system call the processor has forgotten where the functions
/// around it return to, and much of their code: each level less counts.
namespace asyncio::detail::sys {

/// What the seam knows in a thread.
struct Seam {
    Interceptor* interceptor = nullptr;
    std::uint64_t calls = 0;
    bool interfered = false;
};
extern constinit thread_local Seam seam;

/// `recvfrom` or `sendto` without an address: the bytes, or a negative errno. Where it can without libc's function,
/// which is a level more, and asks whether the thread is to be cancelled.
inline long call_socket(long number, int fd, const void* buffer, std::size_t size, int flags) noexcept {
#if defined(__x86_64__) && !defined(__ILP32__)
    long result = number;
    register long in_r10 asm("r10") = flags;
    register long in_r8 asm("r8") = 0;
    register long in_r9 asm("r9") = 0;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(fd)), "S"(buffer), "d"(size), "r"(in_r10), "r"(in_r8), "r"(in_r9)
                 : "rcx", "r11", "memory");
    return result;
#else
    const long result = ::syscall(number, fd, buffer, size, flags, nullptr, 0);
    return result < 0 ? -errno : result;
#endif
}

inline long quick_recv(int fd, void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return recv(fd, buffer, size, 0);
    ++seam.calls;
    if constexpr (!pool_is_malloc) return call_socket(SYS_recvfrom, fd, buffer, size, 0);
    const long result = ::recv(fd, buffer, size, 0);
    return result < 0 ? -errno : result;
}

inline long quick_send(int fd, const void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return send(fd, buffer, size, 0);
    ++seam.calls;
    if constexpr (!pool_is_malloc) return call_socket(SYS_sendto, fd, buffer, size, MSG_NOSIGNAL);
    const long result = ::send(fd, buffer, size, MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

}  // namespace asyncio::detail::sys
