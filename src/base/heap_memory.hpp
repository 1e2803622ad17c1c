#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

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
