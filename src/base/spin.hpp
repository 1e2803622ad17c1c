#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/sys.hpp>

#include <chrono>
#include <mutex>

namespace asyncio::detail {

/// How long a thread looks for what another thread is about to give it before it sleeps: to sleep and to be woken takes
/// longer.
inline constexpr std::chrono::microseconds look_out_time{10};

/// Whether anybody can do what a thread waits for while that spins.
[[nodiscard]] inline bool others_can_work() noexcept {
    return sys::count_of_processors() > 1;
}

inline void relax_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Waits for something that another thread or process is about to do, for so long without giving the processor away: to
/// sleep and to be woken takes more time than that. False when it has not come.
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

/// Locks what is held for moments only: looks a few times before it sleeps.
[[nodiscard]] inline std::unique_lock<std::mutex> lock_soon(std::mutex& mutex) noexcept {
    constexpr int looks = 50;
    for (int i = 0; i < looks; ++i) {
        if (mutex.try_lock()) return {mutex, std::adopt_lock};
        relax_processor();
    }
    return std::unique_lock(mutex);
}

}  // namespace asyncio::detail
