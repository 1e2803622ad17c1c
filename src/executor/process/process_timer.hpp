#pragma once

#include <time.h>

#include <cstdint>

namespace asyncio::detail {

/// Sends this process a signal when its time is up. The timer lives as long as the process.
class ProcessTimer {
public:
    /// The clock is CLOCK_MONOTONIC or CLOCK_PROCESS_CPUTIME_ID. Throws std::system_error.
    ProcessTimer(clockid_t clock, int signal);

    /// In so many nanoseconds from now on; 0: not at all.
    void set(std::int64_t ns) const noexcept;

private:
    timer_t timer_{};
};

/// Kills this process when it has not exited after so many nanoseconds, since exit handlers of the program may hang. 0:
/// never.
void limit_exit(std::int64_t limit_ns) noexcept;

}  // namespace asyncio::detail
