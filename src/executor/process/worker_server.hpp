#pragma once

#include "protocol.hpp"

#include <asyncio/base/unique_fd.hpp>

#include <cstdint>
#include <exception>
#include <optional>

namespace asyncio::detail {

/// Nothing can be started; `receive` will say so, too.
class ServerHasEnded : public std::exception {};

/// The fork server, seen from the pool.
class WorkerServer {
public:
    WorkerServer() noexcept = default;
    WorkerServer(const WorkerServer&) = delete;
    WorkerServer& operator=(const WorkerServer&) = delete;
    ~WorkerServer() { stop(); }

    [[nodiscard]] bool running() const noexcept { return process_ > 0; }
    /// Becomes readable when there is a report, or the server has ended.
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

    /// The server is killed when it has not exited so many nanoseconds after it was told to; 0: never. Throws
    /// std::system_error.
    void start(std::int64_t exit_limit_ns);
    /// Has a worker started. Throws ServerHasEnded; std::system_error.
    void start_worker(ServerRequest::Kind kind, std::uint32_t worker, const WorkerFds& fds);
    /// Sends it a signal, if it lives.
    void signal(std::uint32_t worker, int number) noexcept;
    /// The next report; none when there is none, or the server has ended: then `running` is false.
    [[nodiscard]] std::optional<ServerReport> receive() noexcept;
    /// It ends, with what is left of its workers. Waits for that.
    void stop() noexcept;
    /// How the last one ended, as waitpid gives it.
    [[nodiscard]] int last_status() const noexcept { return last_status_; }

private:
    [[nodiscard]] long send(const ServerRequest& request, const int* fds, std::size_t count) noexcept;

    UniqueFd socket_;
    int process_ = 0;
    int last_status_ = 0;
};

}  // namespace asyncio::detail
