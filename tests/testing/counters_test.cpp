#include <asyncio/testing/counters.hpp>

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/count_allocations.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <new>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::Counters;
using asyncio::testing::run_virtual;

// Under these the pool is plain malloc, and each coroutine frame counts.
namespace {

using asyncio::detail::pool_is_malloc;

// The functions are called by name, because a compiler may leave out a pair of new and delete expressions.

TEST(Counters, count_each_form_of_new) {
    constexpr std::align_val_t alignment{64};
    const Counters before = Counters::now();
    void* one = ::operator new(1);
    void* many = ::operator new[](10);
    void* wide = ::operator new(100, alignment);
    void* quiet = ::operator new(1, std::nothrow);
    EXPECT_EQ((Counters::now() - before).allocations, 4U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide) % 64, 0U);
    ::operator delete(one);
    ::operator delete[](many);
    ::operator delete(wide, alignment);
    ::operator delete(quiet, std::nothrow);
}

TEST(Counters, belong_to_their_thread) {
    const Counters before = Counters::now();
    Counters inside;
    std::jthread other([&] {
        const Counters start = Counters::now();
        for (int i = 0; i < 1000; ++i) ::operator delete(::operator new(1));
        inside = Counters::now() - start;
    });
    other.join();
    EXPECT_EQ(inside.allocations, 1000U);
    EXPECT_LT((Counters::now() - before).allocations, 1000U) << "starting a thread costs something, too";
}

TEST(Counters, say_what_they_hold) {
    EXPECT_EQ((Counters{1, 2, 3, 4}).to_string(), "1 allocations, 2 requests of the pool, 3 wake-ups, 4 system calls");
}

TEST(Counters, waking_and_sleeping_cost_no_memory) {
    run_virtual([]() -> Coro<> {
        co_await asyncio::sleep(1ms);  // the timer heap has its memory now
        const Counters before = Counters::now();
        for (int i = 0; i < 1000; ++i) co_await asyncio::sleep(0s);
        for (int i = 0; i < 1000; ++i) co_await asyncio::sleep(1ms);
        const Counters cost = Counters::now() - before;
        EXPECT_EQ(cost.heap(), 0U) << cost.to_string();
        EXPECT_EQ(cost.wakeups, 2000U);
        EXPECT_EQ(cost.system_calls, 0U);
    });
}

Coro<int> plus_one(int n) {
    co_return n + 1;
}

TEST(Counters, an_await_costs_no_heap) {
    run_virtual([]() -> Coro<> {
        int n = co_await plus_one(0);
        auto first = asyncio::create_task(plus_one(0));
        co_await first;
        const Counters before = Counters::now();
        for (int i = 0; i < 1000; ++i) n = co_await plus_one(n);
        for (int i = 0; i < 1000; ++i) {
            auto task = asyncio::create_task(plus_one(n));
            n = co_await task;
        }
        const Counters cost = Counters::now() - before;
        EXPECT_EQ(n, 2001);
        EXPECT_EQ(cost.allocations, 0U) << cost.to_string();
        if (!pool_is_malloc) {
            EXPECT_EQ(cost.pool_requests, 0U) << "frames and tasks come from the pool again";
        }
    });
}

TEST(Counters, a_callback_costs_no_heap) {
    run_virtual([]() -> Coro<> {
        auto& loop = asyncio::get_running_loop();
        int calls = 0;
        loop.call_soon([&] { ++calls; });
        co_await asyncio::sleep(0s);
        const Counters before = Counters::now();
        for (int i = 0; i < 1000; ++i) {
            loop.call_soon([&] { ++calls; });
            co_await asyncio::sleep(0s);
        }
        const Counters cost = Counters::now() - before;
        EXPECT_EQ(calls, 1001);
        EXPECT_EQ(cost.allocations, 0U) << cost.to_string();
    });
}

}  // namespace
