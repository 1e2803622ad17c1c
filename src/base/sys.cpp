#include <asyncio/base/sys.hpp>

#include "sys_quick.hpp"

#include <asyncio/base/unique_fd.hpp>

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

namespace asyncio::detail {

namespace sys {

constinit thread_local Seam seam;

namespace {

/// Counts the call and asks the interceptor. Negative: the call must not happen and returns this.
inline int enter(Call call, int fd, std::size_t& size) noexcept {
    ++seam.calls;
    if (seam.interceptor == nullptr) [[likely]]
        return 0;
    const std::size_t asked = size;
    const int error = seam.interceptor->before(call, fd, size);
    seam.interfered = error != 0 || size < asked;
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
    static constexpr std::array names{"accept",     "bind",     "close",  "connect",    "epoll_create", "epoll_ctl",
                                      "epoll_wait", "eventfd",  "futex",  "getsockopt", "listen",       "memfd_create",
                                      "mmap",       "read",     "recv",   "recvmsg",    "send",         "sendmsg",
                                      "setsockopt", "shutdown", "socket", "socketpair", "spawn",        "start_thread",
                                      "waitpid",    "write"};
    static_assert(names.size() == static_cast<std::size_t>(Call::count));
    return call < Call::count ? names[static_cast<std::size_t>(call)] : "?";
}

Interceptor* set_interceptor(Interceptor* next) noexcept {
    seam.interfered = false;
    return std::exchange(seam.interceptor, next);
}
bool interfered() noexcept {
    return seam.interfered;
}
Interceptor* current_interceptor() noexcept {
    return seam.interceptor;
}
std::uint64_t calls() noexcept {
    return seam.calls;
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

long wake_eventfd(int fd) noexcept {
    const std::uint64_t one = 1;
    const long result = uninterrupted([&] { return write(fd, &one, sizeof one); });
    // EAGAIN means that the counter is full, and so that a wake-up is pending already.
    return result == -EAGAIN || result > 0 ? 0 : result;
}

long futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
    if (int error = enter(Call::futex, -1)) return error;
    return outcome(::syscall(SYS_futex, &word, FUTEX_WAIT, expected, nullptr, nullptr, 0));
}

long futex_wake(Atomic<std::uint32_t>& word, int count) noexcept {
    if (int error = enter(Call::futex, -1)) return error;
    return outcome(::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0));
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

long memfd_create(const char* name, std::size_t size) noexcept {
    if (int error = enter(Call::memfd_create, -1)) return error;
    const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    if (::ftruncate(fd, static_cast<off_t>(size)) == 0 &&
        ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    const int error = errno;
    ::close(fd);
    return -error;
}

long mmap(int fd, std::size_t size, void** address) noexcept {
    if (int error = enter(Call::mmap, fd)) return error;
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return -errno;
    *address = mapped;
    return 0;
}

void munmap(void* address, std::size_t size) noexcept {
    ::munmap(address, size);
}

long read(int fd, void* buffer, std::size_t size) noexcept {
    if (int error = enter(Call::read, fd, size)) return error;
    return outcome(::read(fd, buffer, size));
}

long recv(int fd, void* buffer, std::size_t size, int flags) noexcept {
    if (int error = enter(Call::recv, fd, size)) return error;
    return outcome(::recv(fd, buffer, size, flags));
}

namespace {

union DescriptorSpace {
    cmsghdr header;
    std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> bytes;
};

}  // namespace

long recvmsg(int fd, void* buffer, std::size_t size, int* fds, std::size_t* count, int flags) noexcept {
    const std::size_t room = std::min(std::exchange(*count, 0), most_descriptors);
    if (int error = enter(Call::recvmsg, fd, size)) return error;
    iovec part{buffer, size};
    DescriptorSpace space{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &space;
    // To the byte: what alignment adds would be filled with one descriptor more.
    message.msg_controllen = room == 0 ? 0 : CMSG_LEN(room * sizeof(int));
    const long received = outcome(::recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC));
    if (received < 0) return received;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        std::memcpy(fds, CMSG_DATA(header), *count * sizeof(int));
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        for (std::size_t i = 0; i < *count; ++i) close(fds[i]);
        *count = *count < room ? no_room : 0;
    }
    return received;
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

long sendmsg(int fd, const void* buffer, std::size_t size, const int* fds, std::size_t count) noexcept {
    if (int error = enter(Call::sendmsg, fd)) return error;
    if (count > most_descriptors) return -EINVAL;
    iovec part{const_cast<void*>(buffer), size};
    DescriptorSpace space{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count > 0) {
        message.msg_control = &space;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        std::memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    return outcome(::sendmsg(fd, &message, MSG_NOSIGNAL));
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

long socketpair(int* fds) noexcept {
    if (int error = enter(Call::socketpair, -1)) return error;
    return outcome(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
}

long spawn(const char* program, char* const* arguments, int fd) noexcept {
    if (int error = enter(Call::spawn, fd)) return error;
    constexpr int inherited = 3;
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, fd, inherited);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, inherited + 1);
    if (error == 0) error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t process = -1;
    if (error == 0) error = posix_spawn(&process, program, &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error != 0 ? -error : process;
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

long waitpid(int process, int* status, int flags) noexcept {
    if (int error = enter(Call::waitpid, -1)) return error;
    return outcome(::waitpid(process, status, flags));
}

long write(int fd, const void* buffer, std::size_t size) noexcept {
    if (int error = enter(Call::write, fd, size)) return error;
    return outcome(::write(fd, buffer, size));
}

int count_of_processors() noexcept {
    cpu_set_t processors;
    CPU_ZERO(&processors);
    return ::sched_getaffinity(0, sizeof processors, &processors) == 0 ? std::max(CPU_COUNT(&processors), 1) : 1;
}

int count_of_blocking_threads() noexcept {
    return std::min(32, count_of_processors() + 4);
}

}  // namespace sys

void UniqueFd::reset() noexcept {
    if (fd_ >= 0) sys::close(std::exchange(fd_, -1));
}

}  // namespace asyncio::detail
