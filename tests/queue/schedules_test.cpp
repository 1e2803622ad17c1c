// Queues under thousands of seeded schedules with random cancellation: nothing is lost, nothing is doubled.

#include "support/schedules.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Chance;
using support::on_each_schedule;

/// What became of each item.
struct Ledger {
    std::multiset<int> got;
    std::multiset<int> refused;  // by cancellation or shutdown
    int next = 0;

    void expect_all_accounted_for(std::vector<int> left) const {
        std::vector<int> all(got.begin(), got.end());
        all.insert(all.end(), refused.begin(), refused.end());
        all.insert(all.end(), left.begin(), left.end());
        std::ranges::sort(all);
        EXPECT_EQ(all.size(), static_cast<std::size_t>(next));
        for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<int>(i));
    }
};

template <class Q>
Coro<> produce(Q& queue, Ledger& ledger, Chance& chance) {
    for (int i = 0; i < 6; ++i) {
        const int item = ledger.next++;
        try {
            co_await queue.put(item);
        } catch (const asyncio::CancelledError&) {
            ledger.refused.insert(item);
        } catch (const asyncio::QueueShutDown&) {
            ledger.refused.insert(item);
        }
        EXPECT_TRUE(queue.maxsize() <= 0 || queue.qsize() <= static_cast<std::size_t>(queue.maxsize()));
        try {
            co_await chance.wait_below(3);
        } catch (const asyncio::CancelledError&) {
        }
    }
}

template <class Q>
Coro<> consume(Q& queue, Ledger& ledger, Chance& chance) {
    while (true) {
        try {
            const int item = chance.one_in(4) ? queue.get_nowait() : co_await queue.get();
            ledger.got.insert(item);
            queue.task_done();
            co_await chance.wait_below(2);
        } catch (const asyncio::QueueShutDown&) {
            co_return;
        } catch (const asyncio::QueueEmpty&) {
        } catch (const asyncio::CancelledError&) {
        }
    }
}

template <class Q>
void stress() {
    on_each_schedule([](Chance& chance) -> Coro<> {
        Q queue(chance.below(4));  // 0: without limit
        Ledger ledger;
        std::vector<Task<void>> all;
        std::vector<Task<void>> producers;
        for (int i = 0; i < 3; ++i) {
            producers.push_back(asyncio::create_task(produce(queue, ledger, chance)));
            all.push_back(producers.back());
            all.push_back(asyncio::create_task(consume(queue, ledger, chance)));
        }
        co_await support::turns();  // a task cancelled before its first step would not take part
        const int early_end = chance.below(20);
        for (int i = 0; i < 12; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(all);
            if (chance.one_in(3)) chance.cancel_one_of(all);
            if (i == early_end) queue.shutdown();
        }
        co_await asyncio::wait(producers);
        std::vector<int> left;
        if (chance.one_in(3)) {
            while (auto item = queue.try_get()) left.push_back(*item);
            queue.shutdown({.immediate = true});
        } else {
            queue.shutdown();
        }
        co_await asyncio::wait(all);
        ledger.expect_all_accounted_for(left);
        const auto now = queue.statistics();
        EXPECT_EQ(now.size, 0U);
        EXPECT_EQ(now.unfinished_tasks, left.size());
        EXPECT_EQ(now.getters.waiters + now.putters.waiters, 0U);
    });
}

// bpo-26038, bpo-31620, gh-90155: a getter is cancelled when an item was handed to it, and the item is lost or nobody
// else is woken for it; likewise a putter and its room.
TEST(QueueSchedules, QUEUE_10_QUEUE_27_a_getter_cancelled_with_an_item_handed_over) {
    stress<asyncio::Queue<int>>();
}
TEST(QueueSchedules, PQ_1_QUEUE_27_priority_queue) {
    stress<asyncio::PriorityQueue<int>>();
}
TEST(QueueSchedules, LIFO_1_QUEUE_27_lifo_queue) {
    stress<asyncio::LifoQueue<int>>();
}

TEST(QueueSchedules, QUEUE_16_join_returns_when_all_is_done) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Queue<int> queue(chance.below(3));
        Ledger ledger;
        std::vector<Task<void>> all;
        for (int i = 0; i < 2; ++i) all.push_back(asyncio::create_task(produce(queue, ledger, chance)));
        std::vector<Task<void>> consumers;
        for (int i = 0; i < 2; ++i) consumers.push_back(asyncio::create_task(consume(queue, ledger, chance)));
        co_await support::turns();
        for (int i = 0; i < 6; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(all);
            chance.cancel_one_of(consumers);
        }
        co_await asyncio::wait(all);
        co_await queue.join();
        EXPECT_EQ(queue.statistics().unfinished_tasks, 0U);
        queue.shutdown();
        co_await asyncio::wait(consumers);
        ledger.expect_all_accounted_for({});
    });
}

}  // namespace
