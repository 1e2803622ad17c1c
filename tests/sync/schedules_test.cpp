// The bugs of unfairness and lost wake-ups that asyncio itself had over the years, each under thousands of seeded
// schedules with random cancellation. The one of the queue is in tests/queue.

#include "support/schedules.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Chance;
using support::on_each_schedule;
using support::turns;

/// Counts who is inside, also when the inside is left by an exception.
class Inside {
public:
    explicit Inside(int& count, int limit = 1) : count_(count) { EXPECT_LE(++count_, limit); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { --count_; }

private:
    int& count_;
};

Coro<> finish(std::vector<Task<void>>& tasks) {
    auto result = co_await asyncio::wait(tasks);
    for (const auto& task : result.done) {
        EXPECT_FALSE(!task.cancelled() && task.exception()) << "a worker failed";
    }
}

Coro<> cancel_now_and_then(Chance& chance, std::vector<Task<void>>& tasks, int count) {
    for (int i = 0; i < count; ++i) {
        co_await chance.wait_below(3);
        chance.cancel_one_of(tasks);
    }
}

// gh-71436, gh-76420: the waiter that release() has chosen is cancelled before it runs, and nobody else is woken.
TEST(LockSchedules, LOCK_8_LOCK_12_a_waiter_cancelled_after_it_was_chosen_hands_the_lock_on) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Lock lock;
        std::vector<Task<void>> workers;
        int inside = 0;
        const auto work = [&]() -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                try {
                    auto guard = co_await lock.guard();
                    const Inside in(inside);
                    co_await chance.wait_below(3);
                    if (chance.one_in(2)) {
                        guard.release();
                        chance.cancel_one_of(workers);  // perhaps the very one that was chosen
                    }
                } catch (const asyncio::CancelledError&) {
                }
                co_await chance.wait_below(2);
            }
        };
        for (int i = 0; i < 5; ++i) workers.push_back(asyncio::create_task(work()));
        co_await cancel_now_and_then(chance, workers, 6);
        co_await finish(workers);
        EXPECT_FALSE(lock.locked());
        EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    });
}

// bpo-32734: a waiter that is cancelled releases a lock that is not its own, or leaves one locked that is.
TEST(LockSchedules, LOCK_7_LOCK_12_a_cancelled_waiter_releases_nothing) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Lock lock;
        std::vector<Task<void>> workers;
        int inside = 0;
        int owner = -1;
        const auto work = [&](int self) -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                bool acquired = false;
                try {
                    acquired = co_await lock.acquire();
                    const Inside in(inside);
                    owner = self;
                    co_await chance.wait_below(4);
                    EXPECT_EQ(owner, self);
                    EXPECT_TRUE(lock.locked());
                } catch (const asyncio::CancelledError&) {
                }
                if (acquired) lock.release();
            }
        };
        for (int i = 0; i < 5; ++i) workers.push_back(asyncio::create_task(work(i)));
        co_await cancel_now_and_then(chance, workers, 10);
        co_await finish(workers);
        EXPECT_FALSE(lock.locked());
        EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    });
}

// gh-90155, gh-93197: whoever acquires between the release and the turn of the chosen one takes its unit, or waits for
// ever.
TEST(SemaphoreSchedules, SEM_6_SEM_11_a_unit_acquired_while_others_are_being_woken) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        const int units = 1 + chance.below(3);
        asyncio::BoundedSemaphore semaphore(units);
        std::vector<Task<void>> workers;
        int inside = 0;
        const auto work = [&]() -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                int held = 0;
                try {
                    co_await semaphore.acquire();
                    ++held;
                    {
                        const Inside in(inside, units);
                        co_await chance.wait_below(3);
                    }
                    semaphore.release();
                    --held;
                    if (chance.one_in(3)) chance.cancel_one_of(workers);
                    co_await semaphore.acquire();  // in the tick of the release
                    ++held;
                    const Inside in(inside, units);
                    co_await chance.wait_below(2);
                } catch (const asyncio::CancelledError&) {
                }
                while (held-- > 0) semaphore.release();
            }
        };
        for (int i = 0; i < 6; ++i) workers.push_back(asyncio::create_task(work()));
        for (int i = 0; i < 8; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(workers);
            EXPECT_LE(semaphore.statistics().value + inside, units);
        }
        co_await finish(workers);
        EXPECT_EQ(semaphore.statistics().value, units);
        EXPECT_EQ(semaphore.statistics().waiters.waiters, 0U);
        EXPECT_FALSE(semaphore.locked());
    });
}

// bpo-32841, gh-112202: cancelled while it takes the lock again, a wait returns without it or loses the notification.
TEST(ConditionSchedules, COND_11_COND_18_a_wait_cancelled_while_it_takes_the_lock_again) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Condition condition;
        std::vector<Task<void>> steady;
        std::vector<Task<void>> fickle;
        int inside = 0;
        int returned = 0;
        bool over = false;
        const auto wait = [&]() -> Coro<> {
            while (!over) {
                try {
                    auto guard = co_await condition.guard();
                    try {
                        co_await condition.wait();
                        ++returned;
                    } catch (const asyncio::CancelledError&) {
                        EXPECT_TRUE(condition.locked());
                    }
                    const Inside in(inside);
                    co_await chance.wait_below(2);
                } catch (const asyncio::CancelledError&) {
                }
            }
        };
        for (int i = 0; i < 3; ++i) {
            fickle.push_back(asyncio::create_task(wait()));
            steady.push_back(asyncio::create_task(wait()));
        }
        for (int round = 0; round < 3; ++round) {
            co_await turns(30);
            auto guard = co_await condition.guard();
            const int before = returned;
            const int n = 1 + chance.below(3);  // as many live waiters there are in any case
            condition.notify(n);
            for (int i = chance.below(4); i > 0; --i) {
                chance.cancel_one_of(fickle);
                co_await chance.wait_below(3);
            }
            {
                const Inside in(inside);
                co_await chance.wait_below(3);
            }
            guard.release();
            for (int i = chance.below(3); i > 0; --i) {
                chance.cancel_one_of(fickle);
                co_await chance.wait_below(3);
            }
            co_await turns(40);
            EXPECT_GE(returned - before, n);
        }
        over = true;
        auto guard = co_await condition.guard();
        condition.notify_all();
        guard.release();
        co_await finish(steady);
        co_await finish(fickle);
        EXPECT_FALSE(condition.locked());
        EXPECT_EQ(condition.statistics().waiters.waiters, 0U);
    });
}

// Set and cleared in one tick: those who waited look at the flag again and wait for ever.
TEST(EventSchedules, EVENT_5_set_and_cleared_before_the_waiter_ran) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Event event;
        std::vector<Task<void>> waiters;
        int waiting = 0;
        const auto wait = [&]() -> Coro<> {
            co_await chance.wait_below(4);
            try {
                const Inside in(waiting, 8);
                EXPECT_TRUE(co_await event.wait());
            } catch (const asyncio::CancelledError&) {
            }
        };
        for (int i = 0; i < 8; ++i) waiters.push_back(asyncio::create_task(wait()));
        for (int round = 0; round < 4; ++round) {
            co_await chance.wait_below(3);
            if (chance.one_in(2)) chance.cancel_one_of(waiters);
            event.set();
            event.clear();
            if (chance.one_in(2)) chance.cancel_one_of(waiters);
        }
        co_await turns(5);
        event.set();
        event.clear();
        co_await turns();
        EXPECT_EQ(waiting, 0);
        co_await finish(waiters);
        EXPECT_EQ(event.statistics().waiters.waiters, 0U);
    });
}

// A barrier that is aborted or reset while it lets its tasks out keeps some, or never opens again.
TEST(BarrierSchedules, BAR_9_BAR_10_broken_while_it_drains) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        const int parties = 1 + chance.below(4);
        asyncio::Barrier barrier(parties);
        std::vector<Task<void>> runners;
        const auto run = [&]() -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                try {
                    EXPECT_LT(co_await barrier.wait(), static_cast<std::size_t>(parties));
                } catch (const asyncio::BrokenBarrierError&) {
                } catch (const asyncio::CancelledError&) {
                }
                co_await chance.wait_below(2);
            }
        };
        for (int i = 0; i < parties + 2; ++i) runners.push_back(asyncio::create_task(run()));
        for (int i = 0; i < 6; ++i) {
            co_await chance.wait_below(4);
            if (chance.one_in(2)) chance.cancel_one_of(runners);
            if (chance.one_in(3)) co_await barrier.reset();
            if (chance.one_in(4)) co_await barrier.abort();
            if (chance.one_in(2)) chance.cancel_one_of(runners);
        }
        co_await barrier.abort();
        co_await finish(runners);
        EXPECT_TRUE(barrier.broken());
        EXPECT_EQ(barrier.statistics().waiters.waiters, 0U);
        co_await barrier.reset();
        std::vector<Task<void>> again;
        for (int i = 0; i < parties; ++i)
            again.push_back(asyncio::create_task([&]() -> Coro<> { co_await barrier.wait(); }));
        co_await finish(again);
        EXPECT_EQ(barrier.n_waiting(), 0U);
    });
}

}  // namespace
