#pragma once

#include <asyncio/base/light_traits.hpp>

#include <coroutine>

// GCC turns a symmetric transfer into a tail call only when it optimises siblings and no sanitizer is in the way (-O2,
// -O3, -Os). A program built with GCC's -O1 or -Og must define ASYNCIO_PARK_TRANSFERS itself; the CMake package does.
#if !defined(ASYNCIO_PARK_TRANSFERS)
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASYNCIO_PARK_TRANSFERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ASYNCIO_PARK_TRANSFERS 1
#endif
#endif
#endif

namespace asyncio::detail {

/// The coroutine that runs next, left here by a `transfer` that could not be a tail call.
extern constinit thread_local std::coroutine_handle<> parked;

/// Every symmetric transfer goes through here. In optimised code it is a tail call; otherwise the handle is parked for
/// the driving loop, so that neither a million awaits that complete at once nor a deep chain grows the stack. Layouts
/// are the same either way: a debug program may link a release library. Always inlined, and so must its callers be,
/// because the linker may merge inline functions of differently compiled files.
[[gnu::always_inline]] inline std::coroutine_handle<> transfer(std::coroutine_handle<> next) noexcept {
#ifdef ASYNCIO_PARK_TRANSFERS
    parked = next;
    return std::noop_coroutine();
#else
    return next;
#endif
}

/// Runs `handle` and everything it transfers to, until a coroutine suspends without naming a successor.
inline void drive(std::coroutine_handle<> handle) {
    handle.resume();
    while (parked) exchanged(parked, nullptr).resume();
}

}  // namespace asyncio::detail
