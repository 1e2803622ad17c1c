#include "shutdown_signal.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace static_server {

namespace {

sigset_t signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
    const sigset_t set = signals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

ShutdownSignal::~ShutdownSignal() {
    ::close(fd_);
    const sigset_t set = signals();
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

asyncio::Coro<> ShutdownSignal::wait() {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    auto arrived = loop.create_future<void>();
    loop.add_reader(fd_, [this, &loop, arrived]() mutable {
        signalfd_siginfo info;
        if (::read(fd_, &info, sizeof info) != sizeof info) return;
        loop.remove_reader(fd_);
        if (!arrived.done()) arrived.set_result();
    });
    co_await arrived;
}

}  // namespace static_server
