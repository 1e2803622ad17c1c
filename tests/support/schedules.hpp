#pragma once

#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace support {

/// How many schedules a test tries: ASYNCIO_SCHEDULES, or else 10,000 in optimised builds, 300 in others.
inline std::uint64_t schedules() {
    if (const char* number = std::getenv("ASYNCIO_SCHEDULES")) return std::strtoull(number, nullptr, 10);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    return 10'000;
#else
    return 300;
#endif
}

/// What decides in one schedule: the same seed, the same schedule.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] int below(int limit) { return static_cast<int>(random_.next() % static_cast<std::uint64_t>(limit)); }
    [[nodiscard]] bool one_in(int count) { return below(count) == 0; }
    /// Gives way for fewer than `limit` iterations, perhaps not at all.
    [[nodiscard]] asyncio::Coro<> wait_below(int limit) { return turns(below(limit)); }
    /// Cancels one of the tasks.
    void cancel_one_of(std::vector<asyncio::Task<void>>& tasks) {
        tasks[static_cast<std::size_t>(below(static_cast<int>(tasks.size())))].cancel();
    }

private:
    asyncio::detail::Random random_;
};

/// Runs `test(chance)`, a coroutine, once for each seed, on the simulated driver. A wake-up that is lost leaves the
/// loop stuck, which is a failure.
template <class Test>
void on_each_schedule(Test test) {
    const std::uint64_t count = schedules();
    for (std::uint64_t seed = 1; seed <= count && !::testing::Test::HasFailure(); ++seed) {
        Chance chance(seed);
        try {
            asyncio::testing::run_virtual([&]() -> asyncio::Coro<> { co_await test(chance); }, {.seed = seed});
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
        if (::testing::Test::HasFailure()) ADD_FAILURE() << "in schedule " << seed;
    }
}

}  // namespace support
