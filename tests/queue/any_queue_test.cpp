// What holds for Queue, PriorityQueue and LifoQueue alike: QUEUE-1 to QUEUE-26 but for the order of items (QUEUE-7),
// and the common rules on them. PQ-1 and LIFO-1 say that they hold.

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

template <class Q>
class AnyQueue : public ::testing::Test {
protected:
    AnyQueue() : loop(support::make_loop(support::DriverKind::simulated)) {}
    ~AnyQueue() override {
        if (!loop->is_closed()) loop->close();
    }
    template <class Coroutine>
    decltype(auto) run(Coroutine&& coroutine) {
        return loop->run_until_complete(std::forward<Coroutine>(coroutine));
    }
    Task<void> getter(Q& queue, std::string name) {
        return loop->create_task([this, &queue, name = std::move(name)]() -> Coro<> {
            try {
                const int item = co_await queue.get();
                trace(name, "=", item);
            } catch (const asyncio::QueueShutDown&) {
                trace(name, "!");
            } catch (const asyncio::CancelledError&) {
                trace("c", name);
                throw;
            }
        });
    }
    Task<void> putter(Q& queue, int item) {
        return loop->create_task([this, &queue, item]() -> Coro<> {
            try {
                co_await queue.put(item);
                trace("p", item);
            } catch (const asyncio::QueueShutDown&) {
                trace("p", item, "!");
            } catch (const asyncio::CancelledError&) {
                trace("cp", item);
                throw;
            }
        });
    }
    Task<void> joiner(Q& queue, std::string name) {
        return loop->create_task([this, &queue, name = std::move(name)]() -> Coro<> {
            co_await queue.join();
            trace(name);
        });
    }
    static std::size_t unfinished(const Q& queue) { return queue.statistics().unfinished_tasks; }
    static std::vector<int> drain(Q& queue) {
        std::vector<int> items;
        while (auto item = queue.try_get()) items.push_back(*item);
        std::ranges::sort(items);
        return items;
    }

    std::unique_ptr<asyncio::EventLoop> loop;
    Trace trace;
};

using Queues =
    ::testing::Types<asyncio::Queue<int>, asyncio::PriorityQueue<int>,
                     asyncio::PriorityQueue<int, std::less<int>, asyncio::Ties::fifo>, asyncio::LifoQueue<int>>;
TYPED_TEST_SUITE(AnyQueue, Queues);

TYPED_TEST(AnyQueue, QUEUE_1_QUEUE_2_sizes) {
    for (const int unbounded : {0, -1}) {
        TypeParam queue(unbounded);
        for (int i = 0; i < 1000; ++i) queue.put_nowait(i);
        EXPECT_FALSE(queue.full());
        EXPECT_EQ(queue.qsize(), 1000U);
        EXPECT_EQ(queue.maxsize(), unbounded);
    }
    TypeParam queue(2);
    EXPECT_EQ(queue.maxsize(), 2);
    EXPECT_TRUE(queue.empty());
    queue.put_nowait(1);
    EXPECT_FALSE(queue.empty());
    EXPECT_FALSE(queue.full());
    queue.put_nowait(2);
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_FALSE((std::is_copy_constructible_v<TypeParam>) || (std::is_move_constructible_v<TypeParam>));
}

TYPED_TEST(AnyQueue, SYNC_1_what_does_not_block_does_not_give_way) {
    TypeParam queue(3);
    this->run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            this->trace("other");
            co_return;
        });
        for (int i = 0; i < 3; ++i) co_await queue.put(i);
        for (int i = 0; i < 3; ++i) co_await queue.get();
        for (int i = 0; i < 3; ++i) queue.task_done();
        co_await queue.join();
        EXPECT_EQ(this->trace.str(), "");
        co_await other;
    });
}

TYPED_TEST(AnyQueue, QUEUE_3_put_waits_while_full) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        co_await queue.put(0);
        auto a = this->putter(queue, 1);
        auto b = this->putter(queue, 2);
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "");
        EXPECT_EQ(co_await queue.get(), 0);
        EXPECT_EQ(queue.qsize(), 0U) << "SYNC-2: the putter has not run yet";
        co_await turns();
        EXPECT_EQ(this->trace.str(), "p1");
        EXPECT_EQ(co_await queue.get(), 1);
        co_await turns();
        EXPECT_EQ(co_await queue.get(), 2);
        EXPECT_EQ(this->trace.str(), "p1 p2");
    });
}

TYPED_TEST(AnyQueue, QUEUE_4_QUEUE_6_nowait) {
    TypeParam queue(1);
    EXPECT_THROW(queue.get_nowait(), asyncio::QueueEmpty);
    EXPECT_FALSE(queue.try_get().has_value());
    queue.put_nowait(5);
    EXPECT_THROW(queue.put_nowait(6), asyncio::QueueFull);
    EXPECT_EQ(queue.qsize(), 1U);
    EXPECT_EQ(queue.get_nowait(), 5);
    queue.put_nowait(7);
    EXPECT_EQ(queue.try_get(), 7);
    this->run([&]() -> Coro<> {
        auto get = this->getter(queue, "g");
        co_await turns();
        queue.put_nowait(8);
        co_await get;
        queue.put_nowait(9);
        auto put = this->putter(queue, 10);
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 9);
        co_await put;
        EXPECT_EQ(this->trace.str(), "g=8 p10");
    });
}

TYPED_TEST(AnyQueue, QUEUE_5_get_waits_while_empty) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        auto b = this->getter(queue, "b");
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "");
        co_await queue.put(1);
        EXPECT_EQ(queue.qsize(), 1U) << "SYNC-2: the getter has not run yet";
        co_await turns();
        co_await queue.put(2);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a=1 b=2");
    });
}

TYPED_TEST(AnyQueue, QUEUE_8_getters_are_served_in_the_order_of_their_coming) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        std::vector<Task<void>> getters;
        for (const char* name : {"a", "b", "c"}) getters.push_back(this->getter(queue, name));
        co_await turns();
        for (int i = 0; i < 3; ++i) queue.put_nowait(7);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a=7 b=7 c=7");
    });
}

TYPED_TEST(AnyQueue, QUEUE_9_a_getter_cancelled_while_it_waits) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        auto b = this->getter(queue, "b");
        co_await turns();
        a.cancel();
        EXPECT_EQ(queue.statistics().getters.waiters, 1U);
        queue.put_nowait(1);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "ca b=1");
    });
}

TYPED_TEST(AnyQueue, QUEUE_10_a_chosen_getter_that_is_cancelled_loses_no_item) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        auto b = this->getter(queue, "b");
        co_await turns();
        queue.put_nowait(1);
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "ca b=1");
        auto c = this->getter(queue, "c");
        co_await turns();
        queue.put_nowait(2);
        c.cancel();
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "ca b=1 cc");
        EXPECT_EQ(queue.qsize(), 1U);
        EXPECT_EQ(co_await queue.get(), 2);
    });
}

TYPED_TEST(AnyQueue, QUEUE_11_a_putter_cancelled_while_it_waits_stores_nothing) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        queue.put_nowait(0);
        auto a = this->putter(queue, 1);
        auto b = this->putter(queue, 2);
        co_await turns();
        a.cancel();
        EXPECT_EQ(queue.get_nowait(), 0);
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "cp1 p2");
        EXPECT_EQ(this->drain(queue), std::vector{2});
    });
}

TYPED_TEST(AnyQueue, QUEUE_12_the_room_of_a_chosen_putter_that_is_cancelled_goes_to_the_next) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        queue.put_nowait(0);
        auto a = this->putter(queue, 1);
        auto b = this->putter(queue, 2);
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 0);
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "cp1 p2");
        EXPECT_EQ(this->drain(queue), std::vector{2});
        EXPECT_EQ(this->unfinished(queue), 2U);
    });
}

TYPED_TEST(AnyQueue, SYNC_4_a_time_limit_around_get_and_put) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        int timed_out = 0;
        try {
            co_await asyncio::wait_for(queue.get(), 1s);
        } catch (const asyncio::TimeoutError&) {
            ++timed_out;
        }
        queue.put_nowait(1);
        try {
            co_await asyncio::wait_for(queue.put(2), 1s);
        } catch (const asyncio::TimeoutError&) {
            ++timed_out;
        }
        EXPECT_EQ(timed_out, 2);
        EXPECT_EQ(queue.statistics().getters.waiters + queue.statistics().putters.waiters, 0U);
        EXPECT_EQ(this->drain(queue), std::vector{1});
    });
}

TYPED_TEST(AnyQueue, QUEUE_13_a_fast_producer_is_held_back) {
    TypeParam queue(3);
    int put = 0;
    this->run([&]() -> Coro<> {
        auto producer = asyncio::create_task([&]() -> Coro<> {
            for (int i = 0; i < 20; ++i) {
                co_await queue.put(i);
                ++put;
            }
        });
        for (int got = 0; got < 20; ++got) {
            co_await asyncio::sleep(1s);
            EXPECT_LE(queue.qsize(), 3U);
            EXPECT_EQ(put, std::min(20, got + 3));
            co_await queue.get();
        }
        co_await producer;
        EXPECT_EQ(queue.statistics().peak_size, 3U);
    });
}

TYPED_TEST(AnyQueue, QUEUE_14_a_get_may_be_faster_than_the_one_who_was_chosen) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        auto b = this->getter(queue, "b");
        co_await turns();
        queue.put_nowait(1);
        EXPECT_EQ(co_await queue.get(), 1);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "");
        queue.put_nowait(2);
        queue.put_nowait(3);
        co_await turns();
        EXPECT_EQ(this->trace.str().substr(0, 2), "b=") << "the chosen one queued again at the end";
        EXPECT_EQ(this->trace.entries().size(), 2U);
    });
}

TYPED_TEST(AnyQueue, QUEUE_14_a_put_may_be_faster_than_the_one_who_was_chosen) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        queue.put_nowait(0);
        auto a = this->putter(queue, 1);
        auto b = this->putter(queue, 2);
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 0);
        co_await queue.put(9);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "");
        EXPECT_EQ(queue.get_nowait(), 9);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "p2");
        EXPECT_EQ(queue.get_nowait(), 2);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "p2 p1");
    });
}

TYPED_TEST(AnyQueue, QUEUE_15_task_done) {
    TypeParam queue;
    EXPECT_THROW(queue.task_done(), std::invalid_argument);
    queue.put_nowait(1);
    queue.task_done();  // before any get
    try {
        queue.task_done();
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "task_done() called too many times");
    }
}

TYPED_TEST(AnyQueue, QUEUE_16_join) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        co_await queue.join();
        queue.put_nowait(1);
        queue.put_nowait(2);
        auto a = this->joiner(queue, "a");
        auto b = this->joiner(queue, "b");
        co_await turns(2);
        this->drain(queue);
        queue.task_done();
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "");
        queue.task_done();
        EXPECT_EQ(this->trace.str(), "");
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a b");
    });
}

TYPED_TEST(AnyQueue, QUEUE_17_join_returns_though_a_put_follows_in_the_same_tick) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        queue.put_nowait(1);
        auto a = this->joiner(queue, "a");
        co_await turns();
        queue.task_done();
        queue.put_nowait(2);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a");
        EXPECT_EQ(this->unfinished(queue), 1U);
    });
}

TYPED_TEST(AnyQueue, QUEUE_18_shutdown_may_be_called_again) {
    TypeParam queue;
    queue.put_nowait(1);
    queue.shutdown();
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 1U);
    queue.shutdown({.immediate = true});
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_THROW(queue.get_nowait(), asyncio::QueueShutDown);
    queue.shutdown({.immediate = true});
}

TYPED_TEST(AnyQueue, QUEUE_19_put_after_shutdown) {
    TypeParam queue(2);
    this->run([&]() -> Coro<> {
        queue.put_nowait(1);
        queue.put_nowait(2);
        auto chosen = this->putter(queue, 3);
        auto waiting = this->putter(queue, 4);
        co_await turns();
        queue.get_nowait();
        queue.shutdown();
        EXPECT_EQ(this->trace.str(), "");
        co_await turns();
        EXPECT_EQ(this->trace.str(), "p3! p4!");
        EXPECT_THROW(queue.put_nowait(5), asyncio::QueueShutDown);
        auto late = this->putter(queue, 6);
        co_await late;
        EXPECT_EQ(this->trace.str(), "p3! p4! p6!");
        EXPECT_EQ(queue.qsize(), 1U);
        EXPECT_EQ(this->unfinished(queue), 2U);
    });
}

TYPED_TEST(AnyQueue, QUEUE_20_get_after_shutdown) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto chosen = this->getter(queue, "a");
        auto waiting = this->getter(queue, "b");
        co_await turns();
        queue.put_nowait(1);
        queue.shutdown();
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a=1 b!");
    });
    TypeParam filled;
    filled.put_nowait(1);
    filled.put_nowait(1);
    filled.shutdown();
    this->run([&]() -> Coro<> {
        EXPECT_EQ(co_await filled.get(), 1);
        EXPECT_EQ(filled.get_nowait(), 1);
        EXPECT_THROW(filled.get_nowait(), asyncio::QueueShutDown);
        EXPECT_FALSE(filled.try_get().has_value());
        this->trace.clear();
        co_await this->getter(filled, "late");
        EXPECT_EQ(this->trace.str(), "late!");
    });
}

TYPED_TEST(AnyQueue, QUEUE_21_immediate_shutdown_drops_the_items) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto chosen = this->getter(queue, "a");
        auto waiting = this->getter(queue, "b");
        co_await turns();
        queue.put_nowait(1);
        queue.shutdown({.immediate = true});
        EXPECT_EQ(queue.qsize(), 0U);
        EXPECT_EQ(this->unfinished(queue), 0U);
        co_await turns();
        EXPECT_EQ(this->trace.str(), "a! b!");
    });
    TypeParam working;
    this->run([&]() -> Coro<> {
        this->trace.clear();
        working.put_nowait(1);
        working.put_nowait(2);
        working.get_nowait();
        auto join = this->joiner(working, "joined");
        co_await turns();
        working.shutdown({.immediate = true});
        EXPECT_EQ(this->unfinished(working), 1U) << "the one that was taken is still to be done";
        co_await turns(2);
        EXPECT_EQ(this->trace.str(), "");
        working.task_done();
        co_await join;
        EXPECT_EQ(this->trace.str(), "joined");
    });
    TypeParam waited;
    this->run([&]() -> Coro<> {
        this->trace.clear();
        waited.put_nowait(1);
        auto join = this->joiner(waited, "joined");
        co_await turns();
        waited.shutdown({.immediate = true});
        co_await join;
    });
}

TYPED_TEST(AnyQueue, QUEUE_22_join_and_task_done_after_shutdown) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        queue.put_nowait(1);
        queue.shutdown();
        auto join = this->joiner(queue, "joined");
        co_await turns();
        queue.get_nowait();
        queue.task_done();
        co_await join;
        co_await queue.join();
        EXPECT_THROW(queue.task_done(), std::invalid_argument);
    });
}

TYPED_TEST(AnyQueue, QUEUE_24_next_gives_nothing_at_the_end) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        auto consumer = asyncio::create_task([&]() -> Coro<int> {
            int sum = 0;
            while (auto item = co_await queue.next()) sum += *item;
            const auto after = co_await queue.next();
            EXPECT_FALSE(after.has_value());
            co_return sum;
        });
        for (int i = 1; i <= 4; ++i) co_await queue.put(i);
        queue.shutdown();
        EXPECT_EQ(co_await consumer, 10);
    });
}

TYPED_TEST(AnyQueue, QUEUE_25_the_programme_with_three_consumers) {
    TypeParam queue;
    std::vector<int> handled;
    this->run([&]() -> Coro<> {
        const auto consume = [&]() -> Coro<> {
            while (true) {
                const int item = co_await queue.get();
                co_await asyncio::sleep(1s);
                handled.push_back(item);
                queue.task_done();
            }
        };
        std::vector<Task<void>> consumers;
        for (int i = 0; i < 3; ++i) consumers.push_back(asyncio::create_task(consume()));
        for (int i = 0; i < 5; ++i) co_await queue.put(i);
        co_await queue.join();
        EXPECT_EQ(handled.size(), 5U);
        for (auto& consumer : consumers) consumer.cancel();
        co_await asyncio::wait(consumers);

        queue.put_nowait(1);
        queue.get_nowait();
        EXPECT_THROW(co_await asyncio::wait_for(queue.join(), 100s), asyncio::TimeoutError) << "without task_done";
    });
    std::ranges::sort(handled);
    EXPECT_EQ(handled, (std::vector{0, 1, 2, 3, 4}));
}

TYPED_TEST(AnyQueue, QUEUE_26_cancel_of_a_join) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        queue.put_nowait(1);
        auto a = this->joiner(queue, "a");
        auto b = this->joiner(queue, "b");
        auto c = this->joiner(queue, "c");
        co_await turns();
        a.cancel();
        co_await turns();
        EXPECT_TRUE(a.cancelled());
        EXPECT_EQ(this->unfinished(queue), 1U);
        queue.task_done();
        b.cancel();
        co_await turns();
        EXPECT_TRUE(b.cancelled());
        EXPECT_EQ(this->trace.str(), "c");
    });
}

TYPED_TEST(AnyQueue, SYNC_6_needs_no_loop_until_somebody_waits) {
    TypeParam queue(1);
    auto alone = [&]() -> Coro<int> {
        co_await queue.put(3);
        co_return co_await queue.get();
    };
    EXPECT_EQ(alone().send(), 3);
    auto stuck = [&]() -> Coro<> { co_await queue.get(); };
    EXPECT_THROW(stuck().send(), asyncio::RuntimeError);
    EXPECT_EQ(queue.statistics().getters.waiters, 0U);
}

TYPED_TEST(AnyQueue, SYNC_7_belongs_to_one_loop) {
    TypeParam queue(1);
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        co_await turns();
        queue.put_nowait(1);
        co_await a;
    });
    auto second = support::make_loop(support::DriverKind::simulated);
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await queue.get(); }), asyncio::RuntimeError);
    queue.put_nowait(1);
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await queue.put(2); }), asyncio::RuntimeError);
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await queue.join(); }), asyncio::RuntimeError);
    second->run_until_complete([&]() -> Coro<> { co_await queue.get(); });
    second->close();
}

TYPED_TEST(AnyQueue, SYNC_11_destroyed_with_waiters) {
    this->run([&]() -> Coro<> {
        const auto message = [](auto await) -> Coro<std::string> {
            try {
                co_await await();
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
            co_return "returned";
        };
        auto empty = std::make_unique<TypeParam>();
        auto chosen = asyncio::create_task(message([&] { return empty->get(); }));
        auto getter = asyncio::create_task(message([&] { return empty->next(); }));
        auto cancelled = asyncio::create_task(message([&] { return empty->get(); }));
        auto full = std::make_unique<TypeParam>(1);
        full->put_nowait(1);
        auto putter = asyncio::create_task(message([&] { return full->put(2); }));
        auto joiner = asyncio::create_task(message([&] { return full->join(); }));
        co_await turns();
        empty->put_nowait(1);
        cancelled.cancel();
        empty.reset();
        full.reset();
        EXPECT_EQ(co_await chosen, "Queue destroyed while being awaited");
        EXPECT_EQ(co_await getter, "Queue destroyed while being awaited");
        EXPECT_EQ(co_await putter, "Queue destroyed while being awaited");
        EXPECT_EQ(co_await joiner, "Queue destroyed while being awaited");
        EXPECT_TRUE(cancelled.cancelled());

        full = std::make_unique<TypeParam>(1);
        full->put_nowait(1);
        joiner = asyncio::create_task(message([&] { return full->join(); }));
        co_await turns();
        full->task_done();
        full.reset();
        EXPECT_EQ(co_await joiner, "returned");
    });
}

TYPED_TEST(AnyQueue, SYNC_11_closing_the_loop_unlinks_the_waiters) {
    TypeParam empty;
    TypeParam full(1);
    const asyncio::testing::CapturedLog log;
    full.put_nowait(1);
    this->run([&]() -> Coro<> {
        for (int i = 0; i < 3; ++i) {
            this->getter(empty, "g");
            this->putter(full, i);
            this->joiner(full, "j");
        }
        co_await turns();
    });
    empty.put_nowait(1);
    full.get_nowait();
    this->loop->close();
    EXPECT_EQ(this->trace.str(), "");
    for (const auto& now : {empty.statistics(), full.statistics()})
        EXPECT_EQ(now.getters.waiters + now.putters.waiters + now.joiners.waiters, 0U);
    EXPECT_EQ(empty.qsize(), 1U);
}

TYPED_TEST(AnyQueue, statistics) {
    TypeParam queue(2);
    this->run([&]() -> Coro<> {
        auto a = this->getter(queue, "a");
        co_await turns();
        EXPECT_EQ(queue.statistics().getters.waiters, 1U);
        for (int i = 0; i < 3; ++i) co_await queue.put(i);
        auto join = this->joiner(queue, "j");
        auto put = this->putter(queue, 5);
        co_await turns();
        const auto now = queue.statistics();
        EXPECT_EQ(now.size, 2U);
        EXPECT_EQ(now.peak_size, 2U);
        EXPECT_EQ(now.maxsize, 2);
        EXPECT_EQ(now.getters.waits, 1U);
        EXPECT_EQ(now.joiners.waiters, 1U);
        EXPECT_GE(now.putters.waits, 1U);
        this->drain(queue);
        join.cancel();
        put.cancel();
    });
}

TYPED_TEST(AnyQueue, QUEUE_14_statistics_count_a_get_once_however_often_others_are_faster) {
    TypeParam queue;
    this->run([&]() -> Coro<> {
        auto slow = this->getter(queue, "a");
        co_await turns();
        for (int i = 0; i < 3; ++i) {
            queue.put_nowait(i);
            queue.get_nowait();
            co_await turns();
        }
        EXPECT_EQ(queue.statistics().getters.waits, 1U);
        queue.put_nowait(7);
        co_await slow;
    });
}

}  // namespace
