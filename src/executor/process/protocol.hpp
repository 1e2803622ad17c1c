#pragma once

#include <cstdint>

// What a pool and its fork server say to each other, and how a process learns that it is the one or a worker.

namespace asyncio::detail {

/// To the fork server.
struct ServerRequest {
    enum class Kind : std::uint32_t {
        fork,   ///< a worker, as a copy of the server; with the descriptors of WorkerFds
        exec,   ///< a worker, as the program once more; likewise
        signal  ///< `value` to the worker, if it lives
    };
    Kind kind;
    std::uint32_t worker;
    std::int32_t value = 0;
};

/// From the fork server.
struct ServerReport {
    enum class Kind : std::uint32_t {
        started,  ///< `value`: the process
        failed,   ///< it could not be started; `value`: errno
        ended     ///< `value`: its status, as waitpid gives it
    };
    Kind kind;
    std::uint32_t worker;
    std::int32_t value;
};

/// What a worker has from its parent.
struct WorkerFds {
    int segment;
    int socket;  // for large messages
    int wakeup;  // eventfd of the pool
};
inline constexpr int count_of_worker_fds = 3;

/// Arguments of the program: marker, role, and for the server the number of its parent and the limit of its exit.
inline constexpr const char* worker_marker = "--asyncio-process-pool";
inline constexpr const char* server_role = "server";
inline constexpr const char* worker_role = "worker";
/// A started program finds its descriptors from here on.
inline constexpr int first_inherited_fd = 3;

}  // namespace asyncio::detail
