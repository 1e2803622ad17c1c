#pragma once

#include <asyncio/base/context_map.hpp>

#include <sys/single_threaded.h>

namespace asyncio::detail {

inline void SharedCount::up() noexcept {
    if (__libc_single_threaded != 0) {
        count_.store(count_.load(memory_relaxed) + 1, memory_relaxed);
    } else {
        count_.fetch_add(1, memory_relaxed);
    }
}

inline bool SharedCount::down() noexcept {
    if (__libc_single_threaded != 0) {
        const std::uint32_t left = count_.load(memory_relaxed) - 1;
        count_.store(left, memory_relaxed);
        return left == 0;
    }
    return count_.fetch_sub(1, memory_acq_rel) == 1;
}

}  // namespace asyncio::detail
