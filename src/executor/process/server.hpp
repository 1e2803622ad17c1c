#pragma once

#include "worker.hpp"

#include <sys/types.h>

#include <cstdint>

namespace asyncio::detail {

/// The life of the fork server: starts workers and tells how they end, for as long as its parent lives. Returns the
/// exit status of the process; in a worker that it forked, that of the worker.
[[nodiscard]] int run_server(int socket, pid_t parent, std::int64_t exit_limit_ns, const char* program_name,
                             Answer answer) noexcept;

/// In a program that was started as a worker.
[[nodiscard]] int run_started_worker(Answer answer) noexcept;

}  // namespace asyncio::detail
