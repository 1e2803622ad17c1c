#pragma once

#include <cstdint>
#include <memory>

namespace asyncio::detail {

class ThreadPool;

/// How many forks lie between the program's first process and this one: a pool of an earlier generation has lost its
/// threads, and its locks may be held by nobody.
[[nodiscard]] std::uint32_t fork_generation() noexcept;

/// The end of the program shuts `pool` down and joins its threads, unless it is destroyed before.
void enter_pool(const std::shared_ptr<ThreadPool>& pool);
/// Has fork_generation() count from now on.
void watch_forks();
/// The program is ending.
[[nodiscard]] bool program_ends() noexcept;

// Threads end by relay: each one leaves itself to be joined and joins the one that did so before it. So at most one
// ended thread is left over, whoever owns its pool and whether or not anybody waits for it.

/// The calling thread is about to end.
void leave_to_be_joined() noexcept;
/// Joins every thread that was left to be joined.
void join_left_threads() noexcept;

}  // namespace asyncio::detail
