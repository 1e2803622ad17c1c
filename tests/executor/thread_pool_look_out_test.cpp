// A thread of a pool looks for its next job for a while before it sleeps: whether it is called or woken, nothing may be
// lost at the change from the one to the other.

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <thread>

namespace {

using asyncio::futures::ThreadPoolExecutor;

TEST(ThreadPoolLookOut, TPE_3_two_jobs_in_a_row_run_at_the_same_time) {
    ThreadPoolExecutor pool({.max_workers = 2});
    for (int round = 0; round < 2000; ++round) {
        std::latch both(2);
        const auto meet = [&] { both.arrive_and_wait(); };
        const auto first = pool.submit(meet);
        const auto second = pool.submit(meet);
        first.result();
        second.result();
        // Now one of the threads looks out, and the other one sleeps or is about to; or both do, after a longer pause.
        if (round % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(round % 32));
    }
    EXPECT_EQ(pool.threads(), 2U);
}

TEST(ThreadPoolLookOut, TPE_8_shutdown_ends_a_thread_that_looks_out) {
    for (int round = 0; round < 200; ++round) {
        ThreadPoolExecutor pool({.max_workers = 2});
        EXPECT_EQ(pool.submit([] { return 7; }).result(), 7);
        pool.shutdown();
        EXPECT_EQ(pool.threads(), 0U);
    }
}

TEST(ThreadPoolLookOut, RIE_a_loop_that_looks_out_hears_of_every_job) {
    ThreadPoolExecutor pool({.max_workers = 2});
    const int sum = asyncio::run([&]() -> asyncio::Coro<int> {
        int results = 0;
        for (int round = 0; round < 3000; ++round) {
            // Some take longer than anybody looks out.
            results += co_await asyncio::get_running_loop().run_in_executor(
                pool,
                [](int length) {
                    std::this_thread::sleep_for(std::chrono::microseconds(length));
                    return 1;
                },
                round % 16 == 0 ? 20 : 0);
        }
        co_return results;
    });
    EXPECT_EQ(sum, 3000);
}

}  // namespace
