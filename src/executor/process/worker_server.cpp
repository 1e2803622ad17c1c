#include "worker_server.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace asyncio::detail {

namespace {

std::string own_name() {
    return program_invocation_name;
}

}  // namespace

void WorkerServer::start(std::int64_t exit_limit_ns) {
    std::array<int, 2> ends{};
    if (const long error = sys::socketpair(ends.data()); error < 0)
        throw_os_error(static_cast<int>(-error), "create the socket of worker processes");
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    std::string name = own_name();
    std::string marker = worker_marker;
    std::string role = server_role;
    std::string parent = std::to_string(::getpid());
    std::string exit_limit = std::to_string(exit_limit_ns);
    const std::array<char*, 6> arguments{name.data(),   marker.data(),     role.data(),
                                         parent.data(), exit_limit.data(), nullptr};
    const long process = sys::spawn("/proc/self/exe", arguments.data(), theirs.get());
    if (process < 0) throw_os_error(static_cast<int>(-process), "start " + name + " as a fork server");
    process_ = static_cast<int>(process);
    socket_ = std::move(ours);
}

long WorkerServer::send(const ServerRequest& request, const int* fds, std::size_t count) noexcept {
    return sys::uninterrupted([&] { return sys::sendmsg(socket_.get(), &request, sizeof request, fds, count); });
}

void WorkerServer::start_worker(ServerRequest::Kind kind, std::uint32_t worker, const WorkerFds& fds) {
    const std::array<int, count_of_worker_fds> numbers{fds.segment, fds.socket, fds.wakeup};
    const long sent = send({kind, worker}, numbers.data(), numbers.size());
    if (sent == -EPIPE || sent == -ECONNRESET) {
        sys::shutdown(socket_.get(), SHUT_RDWR);  // so that it is heard in any case
        throw ServerHasEnded();
    }
    if (sent < 0) throw_os_error(static_cast<int>(-sent), "start a worker process");
}

void WorkerServer::signal(std::uint32_t worker, int number) noexcept {
    if (!running()) return;
    // When the server has ended, so have its workers.
    static_cast<void>(send({ServerRequest::Kind::signal, worker, number}, nullptr, 0));
}

std::optional<ServerReport> WorkerServer::receive() noexcept {
    if (!running()) return std::nullopt;
    ServerReport report{};
    std::size_t none = 0;
    const long bytes = sys::uninterrupted(
        [&] { return sys::recvmsg(socket_.get(), &report, sizeof report, nullptr, &none, MSG_DONTWAIT); });
    if (bytes == sizeof report) return report;
    if (bytes != -EAGAIN) stop();
    return std::nullopt;
}

void WorkerServer::stop() noexcept {
    if (process_ <= 0) return;
    // Not close() alone: a child that somebody forked may hold a copy.
    sys::shutdown(socket_.get(), SHUT_RDWR);
    socket_.reset();
    last_status_ = 0;
    sys::uninterrupted([&] { return sys::waitpid(process_, &last_status_, 0); });
    process_ = 0;
}

}  // namespace asyncio::detail
