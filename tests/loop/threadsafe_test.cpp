// call_soon_threadsafe: LOOP-16, and what other threads may do to a loop that is being closed.

#include "support/lives.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/testing/counters.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using asyncio::Coro;
using namespace std::chrono_literals;

TEST(Threadsafe, LOOP_16_fifo_with_call_soon_before_the_run_and_inside_it) {
    asyncio::EventLoop loop;
    support::Trace trace;
    loop.call_soon([&] { trace(1); });
    loop.call_soon_threadsafe([&] { trace(2); });
    loop.call_soon([&] {
        trace(3);
        loop.call_soon([&] { trace(5); });
        loop.call_soon_threadsafe([&] { trace(6); });
        loop.call_soon([&] {
            trace(7);
            loop.stop();
        });
    });
    loop.call_soon_threadsafe([&] { trace(4); });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "1 2 3 4 5 6 7");
    loop.close();
}

TEST(Threadsafe, LOOP_16_fifo_with_create_task_before_the_run) {
    asyncio::EventLoop loop;
    support::Trace trace;
    loop.call_soon_threadsafe([&] { trace("posted"); });
    loop.run_until_complete([&]() -> Coro<> {
        trace("task");
        co_return;
    });
    EXPECT_EQ(trace.str(), "posted task");
    loop.close();
}

TEST(Threadsafe, LOOP_16_fifo_with_futures_that_are_completed_before_the_run) {
    asyncio::EventLoop loop;
    support::Trace trace;
    auto future = loop.create_future<int>();
    future.add_done_callback([&](const auto&) { trace("done"); });
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const asyncio::CancelledError&) {
            trace("cancelled");
        }
    });
    loop.stop();
    loop.run_forever();
    loop.call_soon_threadsafe([&] { trace("posted"); });
    future.set_result(1);
    loop.call_soon_threadsafe([&] { trace("again"); });
    future.add_done_callback([&](const auto&) { trace("late"); });
    loop.call_soon_threadsafe([&] { trace("once more"); });
    task.cancel();
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(trace.str(), "posted done again late once more cancelled");  // as CPython 3.13
    loop.close();
}

TEST(Threadsafe, LOOP_16_the_handle_is_empty_in_other_threads) {
    asyncio::EventLoop loop;
    loop.call_soon([&] {
        asyncio::Handle own = loop.call_soon_threadsafe([] { ADD_FAILURE(); });
        EXPECT_TRUE(own);
        own.cancel();
    });
    std::thread([&] { EXPECT_FALSE(loop.call_soon_threadsafe([&] { loop.stop(); })); }).join();
    loop.run_forever();
    loop.close();
}

TEST(Threadsafe, LOOP_16_wakes_a_loop_that_waits) {
    asyncio::EventLoop loop;
    std::thread other([&] {
        std::this_thread::sleep_for(5ms);
        loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    loop.run_forever();
    other.join();
    loop.close();
}

TEST(Threadsafe, LOOP_16_wakes_a_simulated_loop_that_allows_threads) {
    asyncio::EventLoop loop(
        std::make_unique<asyncio::SimulatedDriver>(asyncio::SimulatedOptions{.allow_threads = true}));
    std::thread other([&] {
        std::this_thread::sleep_for(5ms);
        loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    loop.run_forever();
    other.join();
    loop.close();
}

TEST(Threadsafe, LOOP_16_many_threads_keep_their_own_order) {
    constexpr int threads = 4;
    constexpr int calls = 2000;
    asyncio::EventLoop loop;
    std::array<int, threads> next{};
    int finished = 0;
    bool in_order = true;
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
        posters.emplace_back([&, t] {
            for (int i = 0; i < calls; ++i) {
                loop.call_soon_threadsafe(
                    [&, t](int number, const std::string& text) {
                        in_order = in_order && next[t]++ == number && text.size() == 100;
                        if (number + 1 == calls && ++finished == threads) loop.stop();
                    },
                    i, std::string(100, 'x'));
            }
        });
    }
    loop.run_forever();
    for (auto& poster : posters) poster.join();
    EXPECT_TRUE(in_order);
    for (const int count : next) EXPECT_EQ(count, calls);
    loop.close();
}

TEST(Threadsafe, LOOP_16_while_the_loop_is_busy) {
    asyncio::EventLoop loop;
    std::atomic<bool> stopped{false};
    auto spinner = loop.create_task([&]() -> Coro<> {
        while (!stopped) co_await asyncio::sleep(0ms);
    });
    std::thread other([&] { loop.call_soon_threadsafe([&] { stopped = true; }); });
    loop.run_until_complete(spinner);
    other.join();
    loop.close();
}

TEST(Threadsafe, LOOP_16_a_loop_that_is_awake_costs_no_system_call) {
    constexpr int posts = 100;
    asyncio::EventLoop loop;
    int came = 0;
    asyncio::testing::Counters cost;
    loop.call_soon([&] {
        std::thread([&] {
            const auto before = asyncio::testing::Counters::now();
            for (int i = 0; i < posts; ++i) loop.call_soon_threadsafe([&] { ++came; });
            cost = asyncio::testing::Counters::now() - before;
        }).join();
        loop.call_soon([&] { loop.stop(); });
    });
    loop.run_forever();
    EXPECT_EQ(cost.system_calls, 0u);
    EXPECT_EQ(came, posts);
    loop.close();
}

TEST(Threadsafe, FUT_20_a_future_is_completed_from_another_thread) {
    asyncio::EventLoop loop;
    auto future = loop.create_future<std::string>();
    std::thread other([&] { loop.call_soon_threadsafe([&] { future.set_result(std::string(100, 'r')); }); });
    EXPECT_EQ(loop.run_until_complete(future), std::string(100, 'r'));
    other.join();
    loop.close();
}

TEST(Threadsafe, FUT_20_debug_mode_refuses_other_threads) {
    asyncio::EventLoop loop;
    loop.set_debug(true);
    loop.call_soon([&] {
        std::thread([&] {
            EXPECT_THROW(loop.call_soon([] {}), asyncio::RuntimeError);
            EXPECT_THROW(loop.call_later(1s, [] {}), asyncio::RuntimeError);
            EXPECT_THROW(static_cast<void>(loop.create_task([]() -> Coro<> { co_return; })), asyncio::RuntimeError);
        }).join();
        loop.stop();
    });
    loop.run_forever();
    loop.close();
}

TEST(Threadsafe, LOOP_2_stop_from_another_thread) {
    asyncio::EventLoop loop;
    std::thread other([&] { loop.call_soon_threadsafe([&] { loop.stop(); }); });
    loop.run_forever();
    other.join();
    loop.close();
}

TEST(Threadsafe, LOOP_24_a_posted_callback_that_throws) {
    asyncio::EventLoop loop;
    int reports = 0;
    loop.set_exception_handler([&](auto&, const auto&) { ++reports; });
    std::thread([&] {
        loop.call_soon_threadsafe([] { throw std::runtime_error("posted"); });
        loop.call_soon_threadsafe([&] { loop.stop(); });
    }).join();
    loop.run_forever();
    EXPECT_EQ(reports, 1);
    loop.close();
}

TEST(Threadsafe, LOOP_9_posts_that_race_with_close_run_never_and_leak_nothing) {
    for (int round = 0; round < 15; ++round) {
        asyncio::EventLoop loop;
        const auto alive = std::make_shared<int>(0);
        std::atomic<int> ready{0};
        std::atomic<int> refused{0};
        std::vector<std::thread> posters;
        for (int t = 0; t < 3; ++t) {
            posters.emplace_back([&, alive] {
                ++ready;
                try {
                    for (;;) loop.call_soon_threadsafe([alive, &loop] { EXPECT_TRUE(loop.is_running()); });
                } catch (const asyncio::RuntimeError&) {
                    ++refused;
                }
            });
        }
        while (ready != 3) std::this_thread::yield();
        loop.stop();
        loop.run_forever();
        loop.close();
        for (auto& poster : posters) poster.join();
        EXPECT_EQ(refused, 3);
        EXPECT_EQ(alive.use_count(), 1) << "round " << round;
    }
}

TEST(Threadsafe, LOOP_33_loops_in_several_threads_do_not_disturb_each_other) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            asyncio::EventLoop loop;
            const int sum = loop.run_until_complete([t]() -> Coro<int> {
                int total = 0;
                for (int i = 0; i < 50; ++i) {
                    auto task = asyncio::create_task([i]() -> Coro<int> {
                        co_await asyncio::sleep(10us);
                        co_return i;
                    });
                    total += co_await task;
                }
                co_return total + t;
            });
            EXPECT_EQ(sum, 50 * 49 / 2 + t);
            loop.close();
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(Threadsafe, LOOP_33_a_loop_moves_from_thread_to_thread) {
    asyncio::EventLoop loop;
    int steps = 0;
    auto task = loop.create_task([&]() -> Coro<> {
        for (; steps < 5; ++steps) {
            loop.stop();
            co_await asyncio::sleep(0ms);
        }
    });
    for (int i = 0; i < 5; ++i) std::thread([&] { loop.run_forever(); }).join();
    EXPECT_EQ(steps, 4) << "the fifth run stopped behind the fifth step";
    loop.run_until_complete(task);
    EXPECT_EQ(steps, 5);
    loop.close();
}

}  // namespace
