#pragma once

#include <asyncio/base/clock.hpp>

namespace asyncio::detail {

inline void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Waits for something that another process is about to do, for so long without giving the processor away: to sleep and
/// to be woken takes more time than that. False when it has not come.
template <class Done>
[[nodiscard]] bool spin_until(Done done, Clock::duration limit) noexcept {
    constexpr int looks_between_readings = 32;
    const Clock::time_point end = Clock::now() + limit;
    do {
        for (int i = 0; i < looks_between_readings; ++i) {
            if (done()) return true;
            relax_processor();
        }
    } while (Clock::now() < end);
    return false;
}

}  // namespace asyncio::detail
