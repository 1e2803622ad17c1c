#pragma once

#include <cstddef>
#include <cstdint>

namespace asyncio::detail {

/// Memory for coroutine frames, task states and handles: a free list per 16-byte size class and thread, filled from
/// chunks. A block may be freed on another thread than the one that took it; a thread that ends leaves its free
/// blocks to the next one. Under Address-, Thread- and MemorySanitizer it is plain malloc, so that errors are seen.
///
/// Throws std::bad_alloc.
[[nodiscard]] void* pool_allocate(std::size_t size);
void pool_free(void* block, std::size_t size) noexcept;

/// How often this thread's pool had to ask the heap for memory; flat in a steady state.
[[nodiscard]] std::uint64_t pool_heap_requests() noexcept;

/// Between these two no thread gives or takes what the threads share: for a fork.
void hold_pool() noexcept;
void release_pool() noexcept;

/// Gives a class pooled memory; derive from it.
struct Pooled {
    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, size); }
};

/// Gives a class memory that starts a cache line; for what there is one of per connection, and lives long.
struct LineAligned {
    static constexpr std::size_t line_size = 64;
    static void* operator new(std::size_t size);
    static void operator delete(void* block) noexcept;
};

}  // namespace asyncio::detail
