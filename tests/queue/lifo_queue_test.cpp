// LifoQueue: LIFO-1. What holds for every queue is in any_queue_test.cpp, LIFO-2 in queue_test.cpp.

#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::LifoQueue;
using support::turns;

TEST(LifoQueueTest, LIFO_1_the_last_comes_first) {
    LifoQueue<int> queue(3);
    for (int i = 0; i < 3; ++i) queue.put_nowait(i);
    EXPECT_THROW(queue.put_nowait(3), asyncio::QueueFull);
    for (int i = 2; i >= 0; --i) EXPECT_EQ(queue.get_nowait(), i);
    EXPECT_THROW(queue.get_nowait(), asyncio::QueueEmpty);
}

TEST(LifoQueueTest, LIFO_1_waiting_putters_store_in_the_order_of_their_coming) {
    LifoQueue<std::unique_ptr<int>> queue(1);
    asyncio::run([&]() -> Coro<> {
        queue.put_nowait(std::make_unique<int>(0));
        std::vector<asyncio::Task<void>> putters;
        for (int i = 1; i < 4; ++i)
            putters.push_back(
                asyncio::create_task([&queue, i]() -> Coro<> { co_await queue.put(std::make_unique<int>(i)); }));
        co_await turns();
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(*co_await queue.get(), i);
            co_await turns();
        }
    });
}

}  // namespace
