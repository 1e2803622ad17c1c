#include <asyncio/base/sys.hpp>

#include <asyncio/base/unique_fd.hpp>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

namespace asyncio::detail {

namespace sys {

namespace {

thread_local constinit Interceptor* interceptor = nullptr;
thread_local constinit std::uint64_t call_count = 0;
thread_local constinit bool last_interfered = false;

/// Counts the call and asks the interceptor. Negative: the call must not happen and returns this.
inline int enter(Call call, int fd, std::size_t& size) noexcept {
    ++call_count;
    if (interceptor == nullptr) [[likely]]
        return 0;
    const std::size_t asked = size;
    const int error = interceptor->before(call, fd, size);
    last_interfered = error != 0 || size < asked;
    return error;
}

inline int enter(Call call, int fd) noexcept {
    std::size_t none = 0;
    return enter(call, fd, none);
}

inline long outcome(long result) noexcept {
    return result < 0 ? -errno : result;
}

sockaddr* as_sockaddr(void* address) noexcept {
    return static_cast<sockaddr*>(address);
}
const sockaddr* as_sockaddr(const void* address) noexcept {
    return static_cast<const sockaddr*>(address);
}

}  // namespace

const char* name_of(Call call) noexcept {
    static constexpr std::array names{"accept",    "bind",       "close",        "connect",    "epoll_create",
                                      "epoll_ctl", "epoll_wait", "eventfd",      "getsockopt", "listen",
                                      "read",      "recv",       "send",         "sendmsg",    "setsockopt",
                                      "shutdown",  "socket",     "start_thread", "write"};
    static_assert(names.size() == static_cast<std::size_t>(Call::count));
    return call < Call::count ? names[static_cast<std::size_t>(call)] : "?";
}

Interceptor* set_interceptor(Interceptor* next) noexcept {
    last_interfered = false;
    return std::exchange(interceptor, next);
}
bool interfered() noexcept {
    return last_interfered;
}
Interceptor* current_interceptor() noexcept {
    return interceptor;
}
std::uint64_t calls() noexcept {
    return call_count;
}

long accept(int fd, void* address, std::uint32_t* size) noexcept {
    if (int error = enter(Call::accept, fd)) return error;
    return outcome(::accept4(fd, as_sockaddr(address), size, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

long bind(int fd, const void* address, std::uint32_t size) noexcept {
    if (int error = enter(Call::bind, fd)) return error;
    return outcome(::bind(fd, as_sockaddr(address), size));
}

long close(int fd) noexcept {
    // An injected failure must not leak the descriptor: Linux closes it whatever close() returns.
    const int error = enter(Call::close, fd);
    const long result = outcome(::close(fd));
    return error != 0 ? error : result;
}

long connect(int fd, const void* address, std::uint32_t size) noexcept {
    if (int error = enter(Call::connect, fd)) return error;
    return outcome(::connect(fd, as_sockaddr(address), size));
}

long epoll_create() noexcept {
    if (int error = enter(Call::epoll_create, -1)) return error;
    return outcome(::epoll_create1(EPOLL_CLOEXEC));
}

long epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    if (int error = enter(Call::epoll_ctl, fd)) return error;
    return outcome(::epoll_ctl(epoll, operation, fd, event));
}

long epoll_wait(int epoll, epoll_event* events, int count, std::int64_t timeout_ns) noexcept {
    if (int error = enter(Call::epoll_wait, epoll)) return error;
    if (timeout_ns <= 0) return outcome(::epoll_wait(epoll, events, count, timeout_ns < 0 ? -1 : 0));
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const timespec timeout{timeout_ns / ns_per_second, static_cast<long>(timeout_ns % ns_per_second)};
    const long result = outcome(::epoll_pwait2(epoll, events, count, &timeout, nullptr));
    if (result != -ENOSYS) return result;
    // Before Linux 5.11: milliseconds, rounded up so that the loop does not spin until the deadline.
    constexpr std::int64_t ns_per_ms = 1'000'000;
    const std::int64_t ms = std::min<std::int64_t>((timeout_ns + ns_per_ms - 1) / ns_per_ms, INT_MAX);
    return outcome(::epoll_wait(epoll, events, count, static_cast<int>(ms)));
}

long eventfd() noexcept {
    if (int error = enter(Call::eventfd, -1)) return error;
    return outcome(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

long getsockname(int fd, void* address, std::uint32_t* size) noexcept {
    return outcome(::getsockname(fd, as_sockaddr(address), size));
}

long getpeername(int fd, void* address, std::uint32_t* size) noexcept {
    return outcome(::getpeername(fd, as_sockaddr(address), size));
}

long getsockopt(int fd, int level, int option, void* value, std::uint32_t* size) noexcept {
    if (int error = enter(Call::getsockopt, fd)) return error;
    return outcome(::getsockopt(fd, level, option, value, size));
}

long listen(int fd, int backlog) noexcept {
    if (int error = enter(Call::listen, fd)) return error;
    return outcome(::listen(fd, backlog));
}

long read(int fd, void* buffer, std::size_t size) noexcept {
    if (int error = enter(Call::read, fd, size)) return error;
    return outcome(::read(fd, buffer, size));
}

long recv(int fd, void* buffer, std::size_t size, int flags) noexcept {
    if (int error = enter(Call::recv, fd, size)) return error;
    return outcome(::recv(fd, buffer, size, flags));
}

long send(int fd, const void* buffer, std::size_t size, int flags) noexcept {
    if (int error = enter(Call::send, fd, size)) return error;
    return outcome(::send(fd, buffer, size, flags | MSG_NOSIGNAL));
}

long sendmsg(int fd, const iovec* parts, std::size_t count, int flags) noexcept {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size += parts[i].iov_len;
    const std::size_t asked = size;
    if (int error = enter(Call::sendmsg, fd, size)) return error;
    if (size < asked && count > 0) {
        // Shortened by a fault plan: one send of the first part shows the caller a short count all the same.
        return outcome(::send(fd, parts[0].iov_base, std::min(size, parts[0].iov_len), flags | MSG_NOSIGNAL));
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = count;
    return outcome(::sendmsg(fd, &message, flags | MSG_NOSIGNAL));
}

long setsockopt(int fd, int level, int option, const void* value, std::uint32_t size) noexcept {
    if (int error = enter(Call::setsockopt, fd)) return error;
    return outcome(::setsockopt(fd, level, option, value, size));
}

long shutdown(int fd, int how) noexcept {
    if (int error = enter(Call::shutdown, fd)) return error;
    return outcome(::shutdown(fd, how));
}

long socket(int family, int type, int protocol) noexcept {
    if (int error = enter(Call::socket, -1)) return error;
    return outcome(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

long start_thread(void* (*run)(void*), void* argument) noexcept {
    if (int error = enter(Call::start_thread, -1)) return error;
    // What a fault raises stays open: a blocked one would end the process without the program's own handler.
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    pthread_t thread;
    const int error = pthread_create(&thread, nullptr, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return -error;
}

long write(int fd, const void* buffer, std::size_t size) noexcept {
    if (int error = enter(Call::write, fd, size)) return error;
    return outcome(::write(fd, buffer, size));
}

}  // namespace sys

void UniqueFd::reset() noexcept {
    if (fd_ >= 0) sys::close(std::exchange(fd_, -1));
}

}  // namespace asyncio::detail
