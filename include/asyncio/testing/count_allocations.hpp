#pragma once

/// Include this in exactly one source file of a test program: it replaces the global `operator new` by one that counts,
/// for `asyncio::testing::Counters::allocations`.

#include <asyncio/testing/counters.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

// Never inlined: GCC would then see a `new` that ends in `free` and warn of a mismatch.
// Every form is replaced, since AddressSanitizer brings forms of its own that must not be mixed with these.

namespace asyncio::detail {

inline void* counted_allocation(std::size_t size, std::size_t alignment) noexcept {
    count_allocation();
    if (size == 0) size = 1;
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

inline void* counted_allocation_or_throw(std::size_t size, std::size_t alignment) {
    while (true) {
        if (void* block = counted_allocation(size, alignment)) return block;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

}  // namespace asyncio::detail

[[gnu::noinline]] void* operator new(std::size_t size) {
    return asyncio::detail::counted_allocation_or_throw(size, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
    return asyncio::detail::counted_allocation_or_throw(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return asyncio::detail::counted_allocation_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
    return asyncio::detail::counted_allocation_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return asyncio::detail::counted_allocation(size, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return asyncio::detail::counted_allocation(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return asyncio::detail::counted_allocation(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return asyncio::detail::counted_allocation(size, static_cast<std::size_t>(alignment));
}

[[gnu::noinline]] void operator delete(void* block) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, const std::nothrow_t&) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, const std::nothrow_t&) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
    std::free(block);
}
