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

// Sanitizers, for which pools are malloc, watch libc's functions.
#if defined(__x86_64__) && !defined(__ILP32__)
inline constexpr bool enters_kernel_itself = !pool_is_malloc;
inline constexpr long recv_call = SYS_recvfrom;
inline constexpr long send_call = SYS_sendto;

/// One of these without an address, and without libc's function, which is a level more and asks whether the thread is
/// to be cancelled. The bytes, or a negative errno.
inline long enter_kernel(long call, int fd, const void* buffer, std::size_t size, int flags) noexcept {
    long result = call;
    register long in_r10 asm("r10") = flags;
    register long in_r8 asm("r8") = 0;
    register long in_r9 asm("r9") = 0;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(fd)), "S"(buffer), "d"(size), "r"(in_r10), "r"(in_r8), "r"(in_r9)
                 : "rcx", "r11", "memory");
    return result;
}
#else
inline constexpr bool enters_kernel_itself = false;
inline constexpr long recv_call = 0;
inline constexpr long send_call = 0;
long enter_kernel(long call, int fd, const void* buffer, std::size_t size, int flags) noexcept;  // not defined
#endif

inline long quick_recv(int fd, void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return recv(fd, buffer, size, 0);
    ++seam.calls;
    if constexpr (enters_kernel_itself) {
        return enter_kernel(recv_call, fd, buffer, size, 0);
    } else {
        const long result = ::recv(fd, buffer, size, 0);
        return result < 0 ? -errno : result;
    }
}

inline long quick_send(int fd, const void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return send(fd, buffer, size, 0);
    ++seam.calls;
    if constexpr (enters_kernel_itself) {
        return enter_kernel(send_call, fd, buffer, size, MSG_NOSIGNAL);
    } else {
        const long result = ::send(fd, buffer, size, MSG_NOSIGNAL);
        return result < 0 ? -errno : result;
    }
}

}  // namespace asyncio::detail::sys
