#pragma once

#include <asyncio/loop/event_loop.hpp>

#include <cstdint>

namespace asyncio::detail {

/// What this thread told a policy about its current loop.
struct CurrentLoop {
    EventLoop* loop = nullptr;
    bool set = false;  // also to nullptr
};

/// Each thread's memory of its current loops, one for each policy. It ends with the thread, and starts anew in a forked
/// child.
[[nodiscard]] CurrentLoop current_loop_of(std::uint64_t policy) noexcept;
void set_current_loop_of(std::uint64_t policy, EventLoop* loop);
/// The policy does not exist any more.
void forget_policy(std::uint64_t policy) noexcept;
/// The loop does not exist any more; it counts as set to nullptr then.
void forget_loop(const EventLoop& loop) noexcept;

}  // namespace asyncio::detail
