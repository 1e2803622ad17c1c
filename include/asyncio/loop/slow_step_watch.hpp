#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <cstdio>
#include <string>

namespace asyncio::detail {

/// In debug mode, warns when what happens in its scope takes `slow_callback_duration` or longer. Reads the real clock,
/// also under a simulated driver: it is about this program's own time.
template <class Describe>
class SlowStepWatch {
public:
    SlowStepWatch(LoopCore& loop, Describe describe) : loop_(loop), describe_(describe), start_(working_time()) {}
    SlowStepWatch(const SlowStepWatch&) = delete;
    SlowStepWatch& operator=(const SlowStepWatch&) = delete;
    ~SlowStepWatch() {
        const auto took = working_time() - start_;
        if (took < loop_.slow_callback_duration) return;
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.3f", std::chrono::duration<double>(took).count());
        log(LogLevel::warning, "Executing " + describe_() + " took " + seconds + " seconds");
    }

private:
    /// Without what debug mode itself spends.
    static Clock::time_point working_time() noexcept { return Clock::now() - time_of_lookups(); }

    LoopCore& loop_;
    Describe describe_;
    Clock::time_point start_;
};

}  // namespace asyncio::detail
