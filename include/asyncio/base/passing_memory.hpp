#pragma once

#include <cstddef>

namespace asyncio::detail {

/// Memory for what a thread makes for another one, which frees it soon and in about the same order: calls that are
/// posted to a loop. A thread takes blocks one after the other from a piece of its own, and a piece comes back as a
/// whole when all in it is freed. So both threads walk through memory that the processor fetches ahead; blocks that
/// were freed one by one on another processor would each have to be waited for. A block that lives long keeps its
/// whole piece, and a thread that has posted once keeps one of 16 KiB. Under Address-, Thread- and MemorySanitizer it
/// is plain malloc, so that errors are seen.
///
/// Throws std::bad_alloc.
[[nodiscard]] void* passing_allocate(std::size_t size);
/// From any thread.
void passing_free(void* block, std::size_t size) noexcept;

/// Between these two no thread gives or takes what the threads share: for a fork.
void hold_passing_memory() noexcept;
void release_passing_memory() noexcept;

/// Gives a class such memory; derive from it.
struct Passed {
    static void* operator new(std::size_t size) { return passing_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { passing_free(block, size); }
};

}  // namespace asyncio::detail
