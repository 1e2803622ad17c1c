#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/sys.hpp>

#include <chrono>
#include <mutex>
#include <thread>

namespace asyncio::detail {

/// How long a thread looks for what another thread is about to give it before it sleeps: to sleep and to be woken takes
/// longer.
inline constexpr std::chrono::microseconds look_out_time{10};
/// The same for what another process is about to do, which has to be given a processor first.
inline constexpr std::chrono::microseconds look_out_time_for_process{50};

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

/// Waits for something that another thread or process is about to do, for so long without sleeping: to sleep and to be
/// woken takes more time than that. False when it has not come. After a while it lets others use the processor in
/// between: perhaps it is this one that they need.
template <class Done>
[[nodiscard]] bool spin_until(Done done, Clock::duration limit) noexcept {
    constexpr int looks_between_readings = 32;
    Clock::time_point now = Clock::now();
    const Clock::time_point end = now + limit;
    const Clock::time_point end_of_rudeness = now + look_out_time;
    do {
        if (now >= end_of_rudeness) std::this_thread::yield();
        for (int i = 0; i < looks_between_readings; ++i) {
            if (done()) return true;
            relax_processor();
        }
        now = Clock::now();
    } while (now < end);
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
