#pragma once

#include <asyncio/base/clock.hpp>

#include <unistd.h>

namespace asyncio::detail {

/// Gives a partner on another processor a moment before this thread goes to sleep. True when the condition came true.
template <class Condition>
[[nodiscard]] bool spin_until(Condition&& condition) noexcept {
    using namespace std::chrono_literals;
    constexpr auto longest = 20us;
    constexpr int between_looks_at_the_clock = 32;
    static const bool alone = ::sysconf(_SC_NPROCESSORS_ONLN) < 2;
    if (alone) return condition();
    const auto end = Clock::now() + longest;
    do {
        for (int i = 0; i < between_looks_at_the_clock; ++i) {
            if (condition()) return true;
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#elif defined(__aarch64__)
            asm volatile("yield");
#endif
        }
    } while (Clock::now() < end);
    return false;
}

}  // namespace asyncio::detail
