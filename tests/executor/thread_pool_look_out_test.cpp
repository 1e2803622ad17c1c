// A thread of a pool looks for its next job for a while before it sleeps: whether it is called or woken, nothing may be
// lost at the change from the one to the other.

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

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

TEST(ThreadPoolLookOut, TPE_3_a_callback_that_waits_for_a_job_does_not_count_as_free) {
    ThreadPoolExecutor pool({.max_workers = 2});
    for (int round = 0; round < 200; ++round) {
        std::latch both(2);
        const auto meet = [&] { both.arrive_and_wait(); };
        const auto other = pool.submit(meet);
        const auto first = pool.submit(meet);
        std::latch called(1);
        int result = 0;
        // Runs in a thread of the pool after the job, or here.
        first.add_done_callback([&](const auto&) {
            result = pool.submit([] { return 7; }).result();
            called.count_down();
        });
        called.wait();
        EXPECT_EQ(result, 7);
        other.result();
    }
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

TEST(ThreadPoolLookOut, TPE_2_jobs_of_several_threads_start_in_the_order_of_each) {
    constexpr std::size_t submitters = 3;
    constexpr int jobs_each = 3000;
    ThreadPoolExecutor pool({.max_workers = 1});
    std::array<std::vector<int>, submitters> run;  // by the pool's thread
    {
        std::vector<std::jthread> threads;
        for (auto& of_one : run) {
            threads.emplace_back([&] {
                for (int i = 0; i < jobs_each; ++i) {
                    pool.submit([&of_one, i] { of_one.push_back(i); });
                    // Now and then the pool's thread has nothing to do, looks out, and falls asleep.
                    if (i % 500 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
                }
            });
        }
    }
    pool.shutdown();
    for (const auto& of_one : run) {
        EXPECT_EQ(of_one.size(), static_cast<std::size_t>(jobs_each));
        EXPECT_TRUE(std::is_sorted(of_one.begin(), of_one.end()));
    }
}

TEST(ThreadPoolLookOut, TPE_8_jobs_that_were_submitted_in_time_are_run_or_cancelled) {
    for (int round = 0; round < 200; ++round) {
        ThreadPoolExecutor pool({.max_workers = 2});
        std::atomic<int> done = 0;
        std::vector<asyncio::futures::Future<void>> futures;
        for (int i = 0; i < 50; ++i) futures.push_back(pool.submit([&] { ++done; }));
        pool.shutdown({.cancel_futures = round % 2 == 0});
        int cancelled = 0;
        for (const auto& future : futures) {
            EXPECT_TRUE(future.done());
            cancelled += future.cancelled() ? 1 : 0;
        }
        EXPECT_EQ(done + cancelled, 50);
        EXPECT_TRUE(cancelled == 0 || round % 2 == 0);
    }
}

}  // namespace
