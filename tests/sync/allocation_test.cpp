// SYNC-12: suspending on a primitive, and being woken from it, allocates nothing.

#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/count_allocations.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using asyncio::Coro;
using asyncio::testing::Counters;

/// What `rounds` of both bodies, which hand something to and fro, take from the heap once all is warm.
template <class A, class B>
std::uint64_t heap_of(A a, B b) {
    std::uint64_t cost = 0;
    asyncio::testing::run_virtual([&]() -> Coro<> {
        const auto loop_over = [](auto& body, bool measure, std::uint64_t& sum) -> Coro<> {
            for (int i = 0; i < 20; ++i) co_await body();
            const Counters before = Counters::now();
            for (int i = 0; i < 100; ++i) co_await body();
            if (measure) sum = (Counters::now() - before).heap();
        };
        auto other = asyncio::create_task(loop_over(b, false, cost));
        co_await loop_over(a, true, cost);
        other.cancel();
    });
    return cost;
}

bool pooled() {
    // Under the address sanitizer frames are allocated one by one: then the coroutines of this test count as well.
    const Counters before = Counters::now();
    asyncio::run([]() -> Coro<> {
        co_await support::turns();
        co_await support::turns();
    });
    const Counters first = Counters::now();
    asyncio::run([]() -> Coro<> {
        for (int i = 0; i < 50; ++i) co_await support::turns();
    });
    return (Counters::now() - first).pool_requests < 40 && first.heap() >= before.heap();
}

class AllocationTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!pooled()) GTEST_SKIP() << "frames come from malloc in this build";
    }
};

TEST_F(AllocationTest, SYNC_12_lock) {
    asyncio::Lock lock;
    const auto body = [&]() -> Coro<> {
        auto guard = co_await lock.guard();
        co_await asyncio::sleep(std::chrono::seconds(0));
    };
    EXPECT_EQ(heap_of(body, body), 0U);
    EXPECT_GT(lock.statistics().waiters.waits, 100U);
}

TEST_F(AllocationTest, SYNC_12_semaphore_and_event) {
    asyncio::Semaphore semaphore(1);
    const auto body = [&]() -> Coro<> {
        auto guard = co_await semaphore.guard();
        co_await asyncio::sleep(std::chrono::seconds(0));
    };
    EXPECT_EQ(heap_of(body, body), 0U);
    asyncio::Event event;
    const auto wait = [&]() -> Coro<> {
        event.clear();
        co_await event.wait();
    };
    const auto set = [&]() -> Coro<> {
        event.set();
        co_await asyncio::sleep(std::chrono::seconds(0));
    };
    EXPECT_EQ(heap_of(set, wait), 0U);
}

TEST_F(AllocationTest, SYNC_12_condition_and_barrier) {
    asyncio::Condition condition;
    int turn = 0;
    const auto alternate = [&](int self) {
        return [&, self]() -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait_for([&] { return turn == self; });
            turn = 1 - self;
            condition.notify();
        };
    };
    EXPECT_EQ(heap_of(alternate(0), alternate(1)), 0U);
    EXPECT_GT(condition.statistics().waiters.waits, 50U);
    asyncio::Barrier barrier(2);
    const auto wait = [&]() -> Coro<> { co_await barrier.wait(); };
    EXPECT_EQ(heap_of(wait, wait), 0U);
}

TEST_F(AllocationTest, SYNC_12_patterns_that_are_primitives) {
    asyncio::RWLock lock;
    const auto read = [&]() -> Coro<> {
        auto guard = co_await lock.read_guard();
        co_await asyncio::sleep(std::chrono::seconds(0));
    };
    const auto write = [&]() -> Coro<> {
        auto guard = co_await lock.write_guard();
        co_await asyncio::sleep(std::chrono::seconds(0));
    };
    EXPECT_EQ(heap_of(read, write), 0U);
    EXPECT_GT(lock.statistics().waiters.waits, 100U);
    asyncio::RateLimiter limiter(1, std::chrono::seconds(1));
    const auto acquire = [&]() -> Coro<> { co_await limiter.acquire(); };
    EXPECT_EQ(heap_of(acquire, acquire), 0U);
    EXPECT_GT(limiter.statistics().waiters.waits, 100U);
}

TEST_F(AllocationTest, SYNC_12_queue) {
    asyncio::Queue<int> queue(1);
    const auto put = [&]() -> Coro<> { co_await queue.put(1); };
    const auto get = [&]() -> Coro<> {
        co_await queue.get();
        queue.task_done();
    };
    EXPECT_EQ(heap_of(put, get), 0U);
    EXPECT_GT(queue.statistics().putters.waits, 50U);
}

}  // namespace
