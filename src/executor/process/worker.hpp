#pragma once

#include "protocol.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace asyncio::detail {

/// Makes a reply of a request.
using Answer = void (*)(std::span<const std::byte> request, std::string& reply) noexcept;

/// The life of a worker process: answers requests until it shall leave. Returns the exit status.
[[nodiscard]] int run_worker(const WorkerFds& fds, Answer answer) noexcept;

}  // namespace asyncio::detail
