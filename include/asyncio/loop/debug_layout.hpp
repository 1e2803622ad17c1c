#pragma once

#include <asyncio/base/atomic.hpp>

#include <cstdint>

namespace asyncio::detail {

class LoopCore;
struct TaskLayout;

/// A place in the process-wide list of loops. Places are used again and never freed, so that adding and leaving need no
/// lock, not even one that a fork could leave locked.
struct LoopPlace {
    Atomic<LoopCore*> loop;
    LoopPlace* next;
};

/// What another process needs to know to read this one's loops and tasks out of its memory: the program `asyncio ps`.
/// Found by its section, which outlives `strip`, and by its first bytes. Plain data; all offsets are in bytes.
struct DebugLayout {
    static constexpr std::uint64_t magic_number = 0x6f69636e79736101;  // "\1asyncio"
    static constexpr std::uint32_t current_version = 1;

    std::uint64_t magic;
    std::uint32_t version;     // another one: nothing that follows means the same
    std::int32_t loop_tasks;   // LoopCore: the head of the list of tasks
    std::int32_t loop_thread;  // LoopCore: the thread that runs it, int32, 0 for none
    Atomic<LoopPlace*> places;
    const TaskLayout* tasks;  // null until there may be tasks
};

extern DebugLayout debug_layout;

/// Enters the loop in the list. Throws std::bad_alloc. Thread safety: any thread.
[[nodiscard]] LoopPlace& take_place(LoopCore& loop);
/// Empties the list in a forked child: the loops are the parent's, which alone can run them.
void empty_places() noexcept;

}  // namespace asyncio::detail
