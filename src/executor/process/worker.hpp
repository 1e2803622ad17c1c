#pragma once

#include "protocol.hpp"

#include <asyncio/executor/codec/bytes.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace asyncio::detail {

/// Makes a reply of a request; see answer_with_files.
using Answer = void (*)(std::span<const std::byte> request, const SharedFiles* request_files, std::string& reply,
                        SharedFiles* reply_files) noexcept;

/// The life of a worker process: answers requests until it shall leave. Returns the exit status.
[[nodiscard]] int run_worker(const WorkerFds& fds, Answer answer) noexcept;

}  // namespace asyncio::detail
