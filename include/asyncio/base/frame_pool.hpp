#pragma once

#include <asyncio/base/cache_line.hpp>

#include <cstddef>
#include <cstdint>

namespace asyncio::detail {

/// Whether memory of our own pools is plain malloc, so that errors are seen.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool pool_is_malloc = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
inline constexpr bool pool_is_malloc = true;
#else
inline constexpr bool pool_is_malloc = false;
#endif
#else
inline constexpr bool pool_is_malloc = false;
#endif

/// A block that is free.
struct FreeBlock {
    FreeBlock* next;
    FreeBlock* next_batch;  // only in the first block of a batch that waits for another thread
};

/// This thread's free blocks of one size class.
struct FreeList {
    FreeBlock* first = nullptr;
    // How many more may be freed here until the thread passes them on. Taking one makes room. None at first, so that a
    // thread's first visit is a slow one.
    std::int32_t room = 0;
};

inline constexpr std::size_t pool_granularity = 16;
inline constexpr std::size_t pool_largest = 4096;
inline constexpr std::size_t pool_classes = pool_largest / pool_granularity + 1;
/// A thread that only frees, because another one allocates, passes blocks on when it has this many of a class.
inline constexpr std::int32_t pool_batch = 512;
static_assert(sizeof(FreeBlock) <= pool_granularity);

extern constinit thread_local FreeList free_lists[pool_classes];

[[nodiscard]] constexpr std::size_t pool_class_of(std::size_t size) noexcept {
    return (size + pool_granularity - 1) / pool_granularity;
}

[[nodiscard]] void* pool_allocate_slow(std::size_t size);
void pool_free_slow(void* block, std::size_t size) noexcept;

/// Memory for coroutine frames, task states and handles: a free list per 16-byte size class and thread, filled from
/// chunks. Blocks of whole cache lines, up to pool_largest, begin one. A block may be freed on another thread than the
/// one that took it; a thread that ends leaves its free blocks to the next one. Under Address-, Thread- and
/// MemorySanitizer it is plain malloc, so that errors are seen.
///
/// Throws std::bad_alloc. Inline: sizes are mostly known to the compiler, and then it is half a dozen instructions.
[[nodiscard]] inline void* pool_allocate(std::size_t size) {
    if (!pool_is_malloc && size <= pool_largest) {
        FreeList& list = free_lists[pool_class_of(size)];
        if (FreeBlock* block = list.first) [[likely]] {
            list.first = block->next;
            ++list.room;
            return block;
        }
    }
    return pool_allocate_slow(size);
}

inline void pool_free(void* block, std::size_t size) noexcept {
    if (!pool_is_malloc && size <= pool_largest) {
        FreeList& list = free_lists[pool_class_of(size)];
        if (list.room > 0) [[likely]] {
            auto* freed = static_cast<FreeBlock*>(block);
            freed->next = list.first;
            list.first = freed;
            --list.room;
            return;
        }
    }
    pool_free_slow(block, size);
}

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

/// Gives a class memory of the pool that begins a cache line (up to pool_largest, and not under sanitizers); for what
/// each connection has one of, and every read and write touches.
struct LineAligned {
    static void* operator new(std::size_t size) { return pool_allocate(whole_lines(size)); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, whole_lines(size)); }

private:
    static constexpr std::size_t whole_lines(std::size_t size) noexcept {
        return (size + line_size - 1) / line_size * line_size;
    }
};

}  // namespace asyncio::detail
