#pragma once

#include <asyncio/base/atomic.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>

struct epoll_event;
struct iovec;

/// The one seam for system calls: every call of the loop, its drivers and its sockets into the kernel goes through
/// here, so that a test can fail, shorten or observe each one. Only getsockname and getpeername cannot be intercepted
/// and are not counted. Made elsewhere: the resolver's calls (getaddrinfo, if_nametoindex), the SIGINT handler's
/// (sigaction), those of libcurl, and what the worker processes of a pool do in themselves.
///
/// Every function returns what the call returned, or `-errno` when it failed. EINTR is not retried here, because a
/// fault plan must be able to inject it; callers do, most by `uninterrupted`.
namespace asyncio::detail::sys {

/// Names each call that a fault plan can act on.
enum class Call : std::uint8_t {
    accept,
    bind,
    close,
    connect,
    epoll_create,
    epoll_ctl,
    epoll_wait,
    eventfd,
    futex,
    getsockopt,
    listen,
    memfd_create,
    mmap,
    read,
    recv,
    recvmsg,
    send,
    sendmsg,
    setsockopt,
    shutdown,
    socket,
    socketpair,
    spawn,
    start_thread,
    waitpid,
    write,
    count
};
[[nodiscard]] const char* name_of(Call call) noexcept;

/// Sees every call of its thread before it happens.
class Interceptor {
public:
    virtual ~Interceptor() = default;

    /// Returns 0 to let the call through, or a negative errno to fail it without calling. `size` is the number of bytes
    /// asked for (0 where the call has none) and may be made smaller, but not zero.
    virtual int before(Call call, int fd, std::size_t& size) noexcept = 0;
};

/// Installs an interceptor for this thread; nullptr removes it. Returns the previous one.
Interceptor* set_interceptor(Interceptor* interceptor) noexcept;
/// This thread's interceptor, for drivers that simulate system calls; nullptr without one.
[[nodiscard]] Interceptor* current_interceptor() noexcept;

/// Whether the interceptor failed the last call of this thread or made it smaller: a short count or EAGAIN then says
/// nothing about the socket.
[[nodiscard]] bool interfered() noexcept;

/// How many system calls this thread made through the seam.
[[nodiscard]] std::uint64_t calls() noexcept;

/// As many as one message hands over.
inline constexpr std::size_t most_descriptors = 31;

long accept(int fd, void* address, std::uint32_t* size) noexcept;  // close-on-exec, non-blocking
long bind(int fd, const void* address, std::uint32_t size) noexcept;
long close(int fd) noexcept;
long connect(int fd, const void* address, std::uint32_t size) noexcept;
long epoll_create() noexcept;  // close-on-exec
long epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept;
long epoll_wait(int epoll, epoll_event* events, int count, std::int64_t timeout_ns) noexcept;  // < 0 waits for ever
long eventfd() noexcept;  // close-on-exec, non-blocking
/// Ends a wait for the eventfd, the next or the present one.
long wake_eventfd(int fd) noexcept;
/// Sleeps while `word` is `expected`, between processes too.
long futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;
long futex_wake(Atomic<std::uint32_t>& word, int count) noexcept;
long getsockname(int fd, void* address, std::uint32_t* size) noexcept;
long getpeername(int fd, void* address, std::uint32_t* size) noexcept;
long getsockopt(int fd, int level, int option, void* value, std::uint32_t* size) noexcept;
long listen(int fd, int backlog) noexcept;
/// Shared memory without a name, of a size that cannot be changed; close-on-exec.
long memfd_create(const char* name, std::size_t size) noexcept;
/// The whole file, shared, to read and write; munmap gives it back.
long mmap(int fd, std::size_t size, void** address) noexcept;
void munmap(void* address, std::size_t size) noexcept;
long read(int fd, void* buffer, std::size_t size) noexcept;
long recv(int fd, void* buffer, std::size_t size, int flags) noexcept;
/// `count` becomes this when this process has no room for the descriptors that were sent to it.
inline constexpr std::size_t no_room = SIZE_MAX;
/// `fds` are received close-on-exec; `count` says how many there is room for, then how many came: none when more were
/// sent.
long recvmsg(int fd, void* buffer, std::size_t size, int* fds, std::size_t* count, int flags) noexcept;
long send(int fd, const void* buffer, std::size_t size, int flags) noexcept;  // never raises SIGPIPE
long sendmsg(int fd, const iovec* parts, std::size_t count, int flags) noexcept;
/// Hands over descriptors together with the bytes.
long sendmsg(int fd, const void* buffer, std::size_t size, const int* fds, std::size_t count) noexcept;
long setsockopt(int fd, int level, int option, const void* value, std::uint32_t size) noexcept;
long shutdown(int fd, int how) noexcept;
long socket(int family, int type, int protocol) noexcept;  // close-on-exec, non-blocking
/// Two Unix sockets that keep the bounds of messages; blocking, close-on-exec.
long socketpair(int* fds) noexcept;
/// A process of `program`, which inherits standard output and error, has `fd` as its descriptor 3 and no other one, and
/// all signals as they are by default. Returns its number.
long spawn(const char* program, char* const* arguments, int fd) noexcept;
/// A joinable thread in which all signals are blocked, except those of faults.
long start_thread(void* (*run)(void*), void* argument) noexcept;
long waitpid(int process, int* status, int flags) noexcept;
long write(int fd, const void* buffer, std::size_t size) noexcept;

/// How many processors this process may use; not intercepted.
[[nodiscard]] int count_of_processors() noexcept;
/// How many threads calls that block get, where nobody says: as many as in CPython's default executor.
[[nodiscard]] int count_of_blocking_threads() noexcept;

/// Makes a call again as long as a signal interrupts it.
template <class Call>
long uninterrupted(Call call) noexcept {
    long result = -EINTR;
    while (result == -EINTR) result = call();
    return result;
}

}  // namespace asyncio::detail::sys
