#pragma once

#include <asyncio/base/sys.hpp>

#include <sys/socket.h>

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

inline long quick_recv(int fd, void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return recv(fd, buffer, size, 0);
    ++seam.calls;
    const long result = ::recv(fd, buffer, size, 0);
    return result < 0 ? -errno : result;
}

inline long quick_send(int fd, const void* buffer, std::size_t size) noexcept {
    if (seam.interceptor != nullptr) [[unlikely]]
        return send(fd, buffer, size, 0);
    ++seam.calls;
    const long result = ::send(fd, buffer, size, MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

}  // namespace asyncio::detail::sys
