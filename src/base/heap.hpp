#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Under Address-, Thread- and MemorySanitizer our own pools of memory are plain malloc, so that errors are seen.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASYNCIO_POOL_IS_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ASYNCIO_POOL_IS_MALLOC 1
#endif
#endif

namespace asyncio::detail {

/// Throws std::bad_alloc.
[[nodiscard]] inline void* from_heap(std::size_t size) {
    void* block = std::malloc(size);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

[[nodiscard]] inline void* aligned_from_heap(std::size_t alignment, std::size_t size) {
    void* block = std::aligned_alloc(alignment, size);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}  // namespace asyncio::detail
