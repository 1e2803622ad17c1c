#pragma once

#include <memory>

namespace asyncio::detail {

class ThreadPool;

/// The end of the program shuts `pool` down and joins its threads, unless it is destroyed before.
void enter_pool(const std::shared_ptr<ThreadPool>& pool);
/// The program is ending.
[[nodiscard]] bool program_ends() noexcept;

// Threads end by relay: each one leaves itself to be joined and joins the one that did so before it. So at most one
// ended thread is left over, whoever owns its pool and whether or not anybody waits for it.

/// The calling thread is about to end.
void leave_to_be_joined() noexcept;
/// Joins every thread that was left to be joined.
void join_left_threads() noexcept;

}  // namespace asyncio::detail
