// Lock: LOCK-1 to LOCK-12, and of the rules common to all primitives those that a lock shows.

#include "support/lives.hpp"
#include "support/reports.hpp"
#include "support/traced.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Lock;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class LockTest : public support::TracedOnEachDriver {
protected:
    /// A task that takes the lock, says so, keeps it for some iterations and releases it.
    Task<void> user(Lock& lock, std::string name, int keep = 0) {
        const auto release = [&lock, keep]() -> Coro<> {
            co_await turns(keep);
            lock.release();
        };
        return traced(std::move(name), [&lock] { return lock.acquire(); }, release);
    }
};
ASYNCIO_ON_EACH_DRIVER(LockTest);

static_assert(!std::is_copy_constructible_v<Lock> && !std::is_move_constructible_v<Lock>);
static_assert(!asyncio::Awaitable<Lock&>, "SYNC_9: a lock itself cannot be awaited");
static_assert(!std::is_copy_constructible_v<asyncio::Guard<Lock>> &&
              std::is_nothrow_move_constructible_v<asyncio::Guard<Lock>>);

TEST(LockRules, SYNC_9_a_lock_is_no_awaitable_and_no_synchronous_guard) {
    EXPECT_FALSE(asyncio::Awaitable<Lock>);
    EXPECT_FALSE((std::is_constructible_v<asyncio::Guard<Lock>, Lock&>));
}

TEST(LockRules, SYNC_6_needs_no_loop_until_somebody_waits) {
    Lock lock;
    auto take = [&]() -> Coro<bool> { co_return co_await lock.acquire(); };
    EXPECT_TRUE(take().send());
    EXPECT_TRUE(lock.locked());
    EXPECT_EQ(lock.statistics().holder, "");
    lock.release();
    EXPECT_THROW(
        [&] {
            take().send();
            take().send();
        }(),
        asyncio::RuntimeError);
    EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
}

TEST_P(LockTest, LOCK_1_starts_unlocked_and_is_not_reentrant) {
    Lock lock;
    EXPECT_FALSE(lock.locked());
    auto task = loop.create_task([&]() -> Coro<> {
        co_await lock.acquire();
        co_await lock.acquire();
    });
    run(turns(5));
    EXPECT_FALSE(task.done());
    task.cancel();
    EXPECT_THROW(run([&]() -> Coro<> { co_await task; }), asyncio::CancelledError);
    EXPECT_TRUE(lock.locked());
}

TEST_P(LockTest, SYNC_1_acquire_of_a_free_lock_does_not_give_way) {
    Lock lock;
    int steps = 0;
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            ++steps;
            co_return;
        });
        const int before = steps;
        for (int i = 0; i < 3; ++i) {
            EXPECT_TRUE(co_await lock.acquire());
            lock.release();
            auto guard = co_await lock.guard();
        }
        EXPECT_EQ(steps, before);
        co_await other;
    });
}

TEST_P(LockTest, LOCK_2_is_unlocked_between_release_and_the_turn_of_the_next) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto waiter = user(lock, "w", 1);
        co_await turns();
        lock.release();
        EXPECT_FALSE(lock.locked());
        EXPECT_EQ(trace.str(), "") << "SYNC-2: nobody runs inside release()";
        co_await turns();
        EXPECT_TRUE(lock.locked());
        EXPECT_EQ(trace.str(), "w");
        co_await waiter;
        EXPECT_FALSE(lock.locked());
    });
}

TEST_P(LockTest, LOCK_3_SYNC_3_is_first_come_first_served_and_skips_the_cancelled) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        std::vector<Task<void>> users;
        for (int i = 0; i < 4; ++i) users.push_back(user(lock, std::to_string(i), 1));
        co_await turns();
        users[1].cancel();
        co_await turns();
        lock.release();
        users.push_back(user(lock, "4", 1));
        co_await asyncio::wait(users);
    });
    EXPECT_EQ(trace.str(), "c1 0 2 3 4");
}

TEST_P(LockTest, LOCK_4_anybody_may_release_and_one_is_chosen) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto a = user(lock, "a", 3);
        auto b = user(lock, "b");
        co_await turns();
        loop.call_soon([&] { lock.release(); });
        co_await turns(3);
        EXPECT_EQ(trace.str(), "a");
        co_await a;
        co_await b;
    });
    EXPECT_EQ(trace.str(), "a b");
}

TEST_P(LockTest, LOCK_5_release_when_unlocked_throws) {
    Lock lock;
    try {
        lock.release();
        FAIL();
    } catch (const asyncio::RuntimeError& error) {
        EXPECT_STREQ(error.what(), "Lock is not acquired.");
    }
    EXPECT_FALSE(lock.locked());
}

TEST_P(LockTest, LOCK_6_the_releaser_does_not_overtake_a_waiter) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto waiter = user(lock, "w");
        co_await turns();
        lock.release();
        co_await lock.acquire();
        trace("me");
        lock.release();
        co_await waiter;
    });
    EXPECT_EQ(trace.str(), "w me");
}

TEST_P(LockTest, LOCK_7_cancel_while_queued) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto a = user(lock, "a");
        auto b = user(lock, "b");
        auto c = user(lock, "c");
        co_await turns();
        EXPECT_EQ(lock.statistics().waiters.waiters, 3U);
        b.cancel();
        EXPECT_EQ(lock.statistics().waiters.waiters, 2U) << "SYNC-4: at once";
        EXPECT_TRUE(lock.locked());
        co_await turns();
        lock.release();
        co_await a;
        co_await c;
        EXPECT_TRUE(b.cancelled());
    });
    EXPECT_EQ(trace.str(), "cb a c");
}

TEST_P(LockTest, SYNC_4_a_time_limit_around_the_await) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        bool timed_out = false;
        try {
            co_await asyncio::wait_for(lock.acquire(), 2ms);
        } catch (const asyncio::TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
        EXPECT_NE(lock.repr().find(" [locked]>"), std::string::npos) << lock.repr();
        lock.release();
        EXPECT_TRUE(co_await asyncio::wait_for(lock.acquire(), 2ms));
    });
}

TEST_P(LockTest, LOCK_8_cancel_after_being_chosen_hands_the_lock_on) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto a = user(lock, "a");
        auto b = user(lock, "b");
        auto c = user(lock, "c");
        co_await turns();
        lock.release();
        a.cancel();
        co_await turns();
        b.cancel();  // chosen by now, because a was not to have it
        co_await turns(2);
        EXPECT_EQ(trace.str(), "ca cb c");
        EXPECT_FALSE(lock.locked());
        co_await c;
    });
}

TEST_P(LockTest, LOCK_8_the_lock_is_free_when_nobody_is_left) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto only = user(lock, "a");
        co_await turns();
        lock.release();
        only.cancel();
        co_await turns(2);
        EXPECT_TRUE(only.cancelled());
        EXPECT_FALSE(lock.locked());
        EXPECT_TRUE(co_await lock.acquire());
    });
}

TEST_P(LockTest, LOCK_9_a_newcomer_goes_before_the_cancelled_who_have_not_run) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto a = user(lock, "a");
        auto b = user(lock, "b");
        co_await turns();
        a.cancel();
        b.cancel();
        lock.release();
        EXPECT_TRUE(co_await lock.acquire());
        EXPECT_EQ(trace.str(), "") << "without giving way";
        co_await turns();
        EXPECT_EQ(trace.str(), "ca cb");
        EXPECT_TRUE(lock.locked());
    });
}

TEST_P(LockTest, LOCK_10_the_guard_releases_on_exceptions_and_cancellation) {
    Lock lock;
    run([&]() -> Coro<> {
        try {
            auto guard = co_await lock.guard();
            EXPECT_TRUE(lock.locked());
            throw std::logic_error("body");
        } catch (const std::logic_error&) {
        }
        EXPECT_FALSE(lock.locked());
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await lock.guard();
            co_await asyncio::sleep(1h);
        });
        co_await turns();
        EXPECT_TRUE(lock.locked());
        task.cancel();
        co_await turns();
        EXPECT_FALSE(lock.locked());
    });
}

TEST_P(LockTest, SYNC_8_a_guard_releases_exactly_once) {
    Lock lock;
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        std::optional<asyncio::Guard<Lock>> kept;
        {
            auto guard = co_await lock.guard();
            EXPECT_TRUE(guard.owns());
            kept.emplace(std::move(guard));
        }
        EXPECT_TRUE(lock.locked());
        EXPECT_TRUE(*kept);
        kept->release();
        EXPECT_FALSE(lock.locked());
        EXPECT_FALSE(kept->owns());
        co_await lock.acquire();
        kept->release();
        kept.reset();
        EXPECT_TRUE(lock.locked()) << "neither a second release nor the destructor released again";
        lock.release();

        Lock other;
        auto first = co_await lock.guard();
        auto second = co_await other.guard();
        first = std::move(second);
        EXPECT_FALSE(lock.locked());
        EXPECT_TRUE(other.locked());
    });
    EXPECT_EQ(reports.contexts().size(), 0U);
}

TEST_P(LockTest, SYNC_8_a_guard_that_cannot_release_is_reported) {
    Lock lock;
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto guard = co_await lock.guard();
        lock.release();
    });
    EXPECT_EQ(reports.contexts().size(), 1U);
    EXPECT_FALSE(lock.locked());
}

TEST_P(LockTest, SYNC_8_when_guard_throws_there_is_nothing_to_release) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto task = asyncio::create_task([&]() -> Coro<> { auto guard = co_await lock.guard(); });
        co_await turns();
        task.cancel();
        co_await turns(2);
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(lock.locked());
    });
}

TEST(LockProgramme, LOCK_11_the_second_task_enters_after_the_first_left) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        Lock lock;
        Trace trace;
        const auto start = asyncio::get_running_loop().time();
        const auto seconds = [&] {
            return std::chrono::duration_cast<std::chrono::seconds>(asyncio::get_running_loop().time() - start).count();
        };
        auto by_guard = [&]() -> Coro<> {
            auto guard = co_await lock.guard();
            trace("g", seconds());
            co_await asyncio::sleep(1s);
        };
        auto by_hand = [&]() -> Coro<> {
            co_await lock.acquire();
            trace("h", seconds());
            co_await asyncio::sleep(1s);
            lock.release();
        };
        co_await asyncio::gather(by_guard(), by_hand());
        EXPECT_EQ(trace.str(), "g0 h1");
        EXPECT_EQ(seconds(), 2);
    });
}

TEST_P(LockTest, SYNC_7_a_lock_belongs_to_the_loop_of_the_first_who_waits) {
    Lock lock;
    const auto contend = [&lock]() -> Coro<> {
        co_await lock.acquire();
        auto other = asyncio::create_task([&]() -> Coro<> {
            co_await lock.acquire();
            lock.release();
        });
        co_await turns();
        lock.release();
        co_await other;
    };
    run(contend());
    auto second = support::make_loop(GetParam());
    second->run_until_complete([&]() -> Coro<> {
        co_await lock.acquire();  // uncontended: fine
        std::string message;
        try {
            co_await lock.acquire();
        } catch (const asyncio::RuntimeError& error) {
            message = error.what();
        }
        EXPECT_NE(message.find("is bound to a different event loop"), std::string::npos) << message;
        lock.release();
    });
    second->close();
    run(contend());
}

TEST_P(LockTest, SYNC_10_repr) {
    Lock lock;
    EXPECT_NE(lock.repr().find(" [unlocked]>"), std::string::npos) << lock.repr();
    run([&]() -> Coro<> {
        co_await lock.acquire();
        EXPECT_NE(lock.repr().find(" [locked]>"), std::string::npos);
        auto a = user(lock, "a");
        auto b = user(lock, "b");
        co_await turns();
        EXPECT_NE(lock.repr().find(" [locked, waiters:2]>"), std::string::npos);
        EXPECT_EQ(lock.repr().find("<Lock at 0x"), 0U);
        lock.release();
        co_await a;
        co_await b;
    });
}

TEST_P(LockTest, statistics_name_the_holder_and_count_waits) {
    Lock lock;
    run([&]() -> Coro<> {
        auto holder = asyncio::create_task(
            [&]() -> Coro<> {
                auto guard = co_await lock.guard();
                co_await turns(3);
            },
            {.name = "holder"});
        co_await turns();
        auto a = user(lock, "a");
        auto b = user(lock, "b");
        co_await turns();
        const auto now = lock.statistics();
        EXPECT_TRUE(now.locked);
        EXPECT_EQ(now.holder, "holder");
        EXPECT_EQ(now.waiters.waiters, 2U);
        co_await a;
        co_await b;
        const auto after = lock.statistics();
        EXPECT_EQ(after.holder, "");
        EXPECT_EQ(after.waiters.waiters, 0U);
        EXPECT_EQ(after.waiters.peak, 2U);
        EXPECT_EQ(after.waiters.waits, 2U);
    });
}

TEST_P(LockTest, a_holder_that_has_ended_can_still_be_named) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await asyncio::create_task([&]() -> Coro<> { co_await lock.acquire(); }, {.name = "forgetful"});
        EXPECT_EQ(lock.statistics().holder, "forgetful");
    });
}

TEST_P(LockTest, SYNC_11_destroying_the_lock_wakes_its_waiters) {
    auto lock = std::make_unique<Lock>();
    const auto wait = [&]() -> Coro<std::string> {
        try {
            auto guard = co_await lock->guard();
        } catch (const asyncio::RuntimeError& error) {
            co_return error.what();
        }
        co_return "";
    };
    run([&]() -> Coro<> {
        co_await lock->acquire();
        auto a = asyncio::create_task(wait());
        auto b = asyncio::create_task(wait());
        auto cancelled = asyncio::create_task(wait());
        co_await turns();
        lock->release();  // a is chosen
        cancelled.cancel();
        lock.reset();
        EXPECT_EQ(co_await a, "Lock destroyed while being awaited");
        EXPECT_EQ(co_await b, "Lock destroyed while being awaited");
        co_await turns();
        EXPECT_TRUE(cancelled.cancelled());
    });
}

TEST_P(LockTest, SYNC_11_a_guard_that_outlives_its_lock_releases_nothing) {
    run([&]() -> Coro<> {
        auto lock = std::make_unique<Lock>();
        auto guard = co_await lock->guard();
        lock.reset();
        EXPECT_FALSE(guard.owns());
    });
}

TEST_P(LockTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    support::Lives lives;
    Lock lock;
    {
        const asyncio::testing::CapturedLog log;
        auto holder = loop.create_task([&, life = lives.one()]() -> Coro<> {
            auto guard = co_await lock.guard();
            co_await asyncio::sleep(1h);
        });
        auto waiting = loop.create_task([&, life = lives.one()]() -> Coro<> { auto guard = co_await lock.guard(); });
        auto behind = loop.create_task([&, life = lives.one()]() -> Coro<> { auto guard = co_await lock.guard(); });
        run(turns());
        EXPECT_EQ(lock.statistics().waiters.waiters, 2U);
        loop.close();
    }
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
}

TEST_P(LockTest, SYNC_11_closing_the_loop_between_the_choice_and_the_turn) {
    Lock lock;
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        for (int i = 0; i < 2; ++i) user(lock, "w");
        co_await turns();
    });
    lock.release();
    loop.close();
    EXPECT_EQ(trace.str(), "");
    EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    EXPECT_FALSE(lock.locked());
}

TEST_P(LockTest, a_wait_is_refused_to_a_second_task) {
    Lock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire();
        auto wait = lock.acquire();
        auto first = asyncio::create_task([&]() -> Coro<> { co_await wait; });
        co_await turns();
        bool refused = false;
        try {
            co_await wait;
        } catch (const asyncio::RuntimeError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        lock.release();
        co_await first;
    });
}

TEST(LockThreads, SYNC_5_debug_mode_refuses_other_threads) {
    asyncio::run(
        []() -> Coro<> {
            Lock lock;
            co_await lock.acquire();
            bool refused = false;
            std::thread other([&] {
                try {
                    lock.release();
                } catch (const asyncio::RuntimeError&) {
                    refused = true;
                }
            });
            other.join();
            EXPECT_TRUE(refused);
            EXPECT_TRUE(lock.locked());
        },
        {.debug = true});
}

}  // namespace
