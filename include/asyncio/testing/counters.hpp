#pragma once

#include <cstdint>
#include <string>

namespace asyncio::testing {

/// What this thread has cost so far. Take it twice and subtract:
///
///     const auto before = Counters::now();
///     ...
///     const Counters cost = Counters::now() - before;
///     EXPECT_EQ(cost.heap(), 0);
struct Counters {
    /// Calls of `operator new`. Always 0 unless one source file of the program includes
    /// <asyncio/testing/count_allocations.hpp>.
    std::uint64_t allocations = 0;
    /// How often the pool of coroutine frames, tasks and handles asked the heap for memory. Under AddressSanitizer and
    /// ThreadSanitizer that is each time, since the pool is plain malloc then.
    std::uint64_t pool_requests = 0;
    /// How often tasks of the loop that runs in this thread were made ready; 0 when none runs.
    std::uint64_t wakeups = 0;
    /// System calls made by the library.
    std::uint64_t system_calls = 0;

    /// All that came from the heap.
    [[nodiscard]] std::uint64_t heap() const noexcept { return allocations + pool_requests; }
    /// "0 allocations, 2 requests of the pool, 3 wake-ups, 4 system calls"
    [[nodiscard]] std::string to_string() const;

    /// What this thread has cost up to now.
    [[nodiscard]] static Counters now() noexcept;

    /// What was spent between `b` and `a`.
    friend Counters operator-(const Counters& a, const Counters& b) noexcept {
        return {a.allocations - b.allocations, a.pool_requests - b.pool_requests, a.wakeups - b.wakeups,
                a.system_calls - b.system_calls};
    }
    friend bool operator==(const Counters&, const Counters&) noexcept = default;
};

}  // namespace asyncio::testing

namespace asyncio::detail {

/// Counts one `operator new` of this thread.
void count_allocation() noexcept;

}  // namespace asyncio::detail
