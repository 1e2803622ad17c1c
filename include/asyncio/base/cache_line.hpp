#pragma once

#include <cstddef>

namespace asyncio::detail {

/// Of the processor's cache, in bytes.
inline constexpr std::size_t line_size = 64;

/// Begins to bring the cache line that holds the byte `offset` of an object, to be written.
///
/// GCC takes a function that does nothing else for one without effect, and may drop the calls of it. The assembly,
/// which is empty, counts as an effect.
[[gnu::always_inline]] inline void prefetch_line(const void* object, std::size_t offset = 0) noexcept {
    __builtin_prefetch(static_cast<const std::byte*>(object) + offset, 1);
    asm volatile("");
}

}  // namespace asyncio::detail
