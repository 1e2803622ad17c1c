// Runs in the fork server only, a process of one thread without fault plans: system calls are made directly.
//
// Threads of the parent may hold any lock at any moment, so that it cannot fork. This process has done nothing but
// start. Its workers die with it (PR_SET_PDEATHSIG), and it ends with its parent, however that ends.

#include "server.hpp"

#include "process_timer.hpp"

#include <asyncio/base/sys.hpp>
#include <asyncio/base/unique_fd.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

namespace asyncio::detail {

namespace {

constexpr int exec_failed = 127;

class Server {
public:
    Server(int socket, pid_t parent, const char* program_name, Answer answer) noexcept
        : socket_(socket),
          parent_(static_cast<int>(::syscall(SYS_pidfd_open, parent, 0))),
          program_name_(program_name),
          answer_(answer) {
        ::fcntl(socket, F_SETFD, FD_CLOEXEC);
        sigset_t children;
        sigemptyset(&children);
        sigaddset(&children, SIGCHLD);
        ::sigprocmask(SIG_BLOCK, &children, &mask_);
        children_.reset();
        children_ = UniqueFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    /// The status of a worker, in the process that is one; none in the server when its parent has gone.
    std::optional<int> serve() {
        std::array<pollfd, 3> events{
            {{socket_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}, {parent_.get(), POLLIN, 0}}};
        while (true) {
            if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return std::nullopt;
            if (events[1].revents != 0) reap();
            if (events[0].revents != 0) {
                bool parent_lives = true;
                if (const auto status = obey(parent_lives)) return status;
                if (!parent_lives) return std::nullopt;
            }
            if (events[2].revents != 0) return std::nullopt;
        }
    }

private:
    struct Child {
        std::uint32_t worker;
        pid_t process;
    };

    std::optional<int> obey(bool& parent_lives) {
        ServerRequest request{};
        std::array<int, count_of_worker_fds> fds{};
        std::size_t count = fds.size();
        const long bytes = sys::recvmsg(socket_.get(), &request, sizeof request, fds.data(), &count, 0);
        if (bytes == -EINTR) return std::nullopt;
        parent_lives = bytes == sizeof request;
        std::array<UniqueFd, count_of_worker_fds> owned;
        for (std::size_t i = 0; i < count && count != sys::no_room; ++i) owned[i] = UniqueFd(fds[i]);
        if (!parent_lives) return std::nullopt;
        if (request.kind == ServerRequest::Kind::signal) {
            signal(request.worker, request.value);
            return std::nullopt;
        }
        if (count != count_of_worker_fds) {
            report(ServerReport::Kind::failed, request.worker, count == sys::no_room ? EMFILE : EBADF);
            return std::nullopt;
        }
        if (!start(request)) return std::nullopt;
        // This is the worker from here on.
        const WorkerFds worker_fds{owned[0].get(), owned[1].get(), owned[2].get()};
        socket_.reset();
        children_.reset();
        parent_.reset();
        if (request.kind == ServerRequest::Kind::exec) exec_worker(worker_fds);
        static_cast<void>(owned[0].release());
        return run_worker(worker_fds, answer_);
    }

    void signal(std::uint32_t worker, int number) const noexcept {
        for (const Child& child : living_) {
            if (child.worker == worker) ::kill(child.process, number);
        }
    }

    /// True in the new process.
    bool start(const ServerRequest& request) {
        living_.reserve(living_.size() + 1);
        const pid_t server = ::getpid();
        const pid_t process = ::fork();
        if (process < 0) {
            report(ServerReport::Kind::failed, request.worker, errno);
            return false;
        }
        if (process > 0) {
            living_.push_back({request.worker, process});
            report(ServerReport::Kind::started, request.worker, process);
            return false;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != server) ::_exit(0);
        ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
        return true;
    }

    [[noreturn]] void exec_worker(const WorkerFds& fds) const noexcept {
        // First out of the way: they may lie where they are to be. No further than necessary: there may be a low limit.
        constexpr int out_of_the_way = first_inherited_fd + count_of_worker_fds;
        std::array<int, count_of_worker_fds> moved{fds.segment, fds.socket, fds.wakeup};
        for (int& fd : moved) {
            fd = ::fcntl(fd, F_DUPFD_CLOEXEC, out_of_the_way);
            if (fd < 0) ::_exit(exec_failed);
        }
        for (int i = 0; i < count_of_worker_fds; ++i)
            ::dup2(moved[static_cast<std::size_t>(i)], first_inherited_fd + i);
        ::syscall(SYS_close_range, first_inherited_fd + count_of_worker_fds, ~0U, 0);
        const std::array<const char*, 4> arguments{program_name_, worker_marker, worker_role, nullptr};
        ::execv("/proc/self/exe", const_cast<char* const*>(arguments.data()));
        ::_exit(exec_failed);
    }

    void reap() {
        signalfd_siginfo ignored;
        while (::read(children_.get(), &ignored, sizeof ignored) > 0) {
        }
        int status = 0;
        while (true) {
            const pid_t process = ::waitpid(-1, &status, WNOHANG);
            if (process <= 0) return;
            const auto child = std::ranges::find(living_, process, &Child::process);
            if (child == living_.end()) continue;
            report(ServerReport::Kind::ended, child->worker, status);
            living_.erase(child);
        }
    }

    void report(ServerReport::Kind kind, std::uint32_t worker, int value) const noexcept {
        const ServerReport report{kind, worker, value};
        sys::uninterrupted([&] { return sys::sendmsg(socket_.get(), &report, sizeof report, nullptr, 0); });
    }

    UniqueFd socket_;
    UniqueFd children_;
    UniqueFd parent_;
    const char* program_name_;
    Answer answer_;
    sigset_t mask_{};
    std::vector<Child> living_;
};

/// The terminal's Ctrl-C goes to all of its processes; the parent decides what becomes of the jobs.
void leave_interrupts_to_the_parent() noexcept {
    ::signal(SIGINT, SIG_IGN);
}

}  // namespace

int run_server(int socket, pid_t parent, std::int64_t exit_limit_ns, const char* program_name, Answer answer) noexcept {
    leave_interrupts_to_the_parent();
    try {
        std::fflush(nullptr);  // what is buffered shall not come out of each copy
        Server server(socket, parent, program_name, answer);
        if (::getppid() != parent) return 0;
        if (const auto status_of_worker = server.serve()) return *status_of_worker;
        limit_exit(exit_limit_ns);
        return 0;
    } catch (...) {
        return 1;
    }
}

int run_started_worker(Answer answer) noexcept {
    leave_interrupts_to_the_parent();
    for (int i = 0; i < count_of_worker_fds; ++i) ::fcntl(first_inherited_fd + i, F_SETFD, FD_CLOEXEC);
    return run_worker({first_inherited_fd, first_inherited_fd + 1, first_inherited_fd + 2}, answer);
}

}  // namespace asyncio::detail
