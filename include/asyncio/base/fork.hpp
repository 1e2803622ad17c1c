#pragma once

#include <cstdint>

namespace asyncio::detail {

/// How many forks lie between the program's first process and this one. What has threads, locks or descriptors is of
/// the process that made it: in a forked child it is only a copy.
[[nodiscard]] std::uint32_t process_generation() noexcept;

/// The number that the system gives this thread. Asks once in each thread and process.
[[nodiscard]] std::int32_t thread_number() noexcept;
/// Whether this is the thread that the process began with.
[[nodiscard]] bool in_first_thread() noexcept;

/// The order in which mutexes are locked before a fork: whoever locks one while it holds another is on the side of
/// this list where that comes first. The child hears of it from the last to the first, so the loop comes when nothing
/// is locked any more.
enum class ForkOrder : std::uint8_t {
    loop,
    signals,
    log,  // a sink may do anything
    look_ups,
    pools,
    policy,
    places,  // of creation
    memory,
};

/// What a room does around a fork. A mutex that another thread holds at that moment would be held for ever in the
/// child. Each function may be null; nothing in them throws.
struct ForkHook {
    void (*hold)() = nullptr;
    void (*release)() = nullptr;
    void (*in_child)() = nullptr;  // in the child in place of release, if there is one
};

/// Has the hook, which lives as long as the program, called at every fork from now on; one for each place in the
/// order. Repeated: no effect. From every thread.
void at_fork(ForkOrder place, const ForkHook& hook) noexcept;

}  // namespace asyncio::detail
