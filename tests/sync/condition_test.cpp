// Condition: COND-1 to COND-17, and the common rules on it.

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Condition;
using asyncio::Coro;
using asyncio::Lock;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class ConditionTest : public support::OnEachDriver {
protected:
    /// Waits once, with the lock, and says how it ended and whether the lock was held then.
    Task<void> waiter(Condition& condition, std::string name) {
        return loop.create_task([this, &condition, name = std::move(name)]() -> Coro<> {
            auto guard = co_await condition.guard();
            try {
                EXPECT_TRUE(co_await condition.wait());
                trace(name, condition.locked() ? "+" : "-");
            } catch (const asyncio::CancelledError& error) {
                trace("c", name, error.message(), condition.locked() ? "+" : "-");
                throw;
            }
        });
    }
    Coro<> notify(Condition& condition, std::ptrdiff_t n = 1) {
        auto guard = co_await condition.guard();
        condition.notify(n);
    }
    std::vector<Task<void>> waiters(Condition& condition, int count) {
        std::vector<Task<void>> tasks;
        for (int i = 0; i < count; ++i) tasks.push_back(waiter(condition, std::to_string(i)));
        return tasks;
    }
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(ConditionTest);

TEST_P(ConditionTest, COND_1_has_a_lock_of_its_own_or_shares_one) {
    Condition own;
    EXPECT_FALSE(own.locked());
    Lock lock;
    Condition shared(lock);
    run([&]() -> Coro<> {
        co_await shared.acquire();
        EXPECT_TRUE(lock.locked());
        EXPECT_FALSE(own.locked());
        lock.release();
        EXPECT_FALSE(shared.locked());
    });
}

TEST_P(ConditionTest, COND_2_acquiring_through_one_condition_blocks_users_of_the_lock_and_of_the_others) {
    Lock lock;
    Condition a(lock);
    Condition b(lock);
    run([&]() -> Coro<> {
        auto guard = co_await a.guard();
        auto by_lock = asyncio::create_task([&]() -> Coro<> {
            auto inner = co_await lock.guard();
            trace("lock");
        });
        auto by_other = asyncio::create_task([&]() -> Coro<> {
            co_await b.acquire();
            trace("b");
            b.release();
        });
        co_await turns(3);
        EXPECT_EQ(trace.str(), "");
        guard.release();
        co_await by_lock;
        co_await by_other;
        EXPECT_EQ(trace.str(), "lock b");
        EXPECT_THROW(a.release(), asyncio::RuntimeError);
    });
}

TEST_P(ConditionTest, COND_3_wait_releases_and_queues_behind_those_who_want_the_lock) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        EXPECT_FALSE(condition.locked());
        co_await condition.acquire();
        auto other = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition.guard();
            trace("other");
        });
        co_await turns();
        condition.notify();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "") << "the notifier has the lock";
        condition.release();
        co_await a;
        co_await other;
        EXPECT_EQ(trace.str(), "other a+");
    });
}

TEST_P(ConditionTest, COND_4_wait_without_the_lock) {
    Condition condition;
    run([&]() -> Coro<> {
        std::string message;
        try {
            co_await condition.wait();
        } catch (const asyncio::RuntimeError& error) {
            message = error.what();
        }
        EXPECT_EQ(message, "cannot wait on un-acquired lock");
        EXPECT_FALSE(condition.locked());
        EXPECT_EQ(condition.statistics().waiters.waiters, 0U);
    });
}

TEST_P(ConditionTest, COND_5_notify_chooses_the_first_n_who_are_not_notified_yet) {
    Condition condition;
    run([&]() -> Coro<> {
        auto tasks = waiters(condition, 5);
        co_await turns();
        co_await notify(condition, 0);
        co_await notify(condition, -3);
        co_await turns(2);
        EXPECT_EQ(trace.str(), "");
        co_await condition.acquire();
        condition.notify();
        condition.notify(2);
        EXPECT_TRUE(condition.locked());
        co_await turns(3);
        EXPECT_EQ(trace.str(), "");
        condition.release();
        co_await turns(4);
        EXPECT_EQ(trace.str(), "0+ 1+ 2+");
        co_await notify(condition, 100);
        co_await asyncio::wait(tasks);
        EXPECT_EQ(trace.str(), "0+ 1+ 2+ 3+ 4+");
    });
}

TEST_P(ConditionTest, COND_6_notify_all_wakes_those_who_wait_now_one_at_a_time) {
    Condition condition;
    int inside = 0;
    run([&]() -> Coro<> {
        const auto careful = [&]() -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait();
            EXPECT_EQ(++inside, 1);
            co_await turns(2);
            --inside;
        };
        std::vector<Task<void>> tasks;
        for (int i = 0; i < 3; ++i) tasks.push_back(asyncio::create_task(careful()));
        co_await turns();
        co_await condition.acquire();
        condition.notify_all();
        condition.release();
        auto late = asyncio::create_task(careful());
        co_await asyncio::wait(tasks);
        co_await turns(3);
        EXPECT_FALSE(late.done());
    });
}

TEST_P(ConditionTest, COND_7_notify_without_the_lock) {
    Condition condition;
    try {
        condition.notify();
        FAIL();
    } catch (const asyncio::RuntimeError& error) {
        EXPECT_STREQ(error.what(), "cannot notify on un-acquired lock");
    }
    EXPECT_THROW(condition.notify_all(), asyncio::RuntimeError);
    run([&]() -> Coro<> {
        auto holder = asyncio::create_task([&]() -> Coro<> { co_await condition.acquire(); });
        co_await holder;
        condition.notify();  // another task's lock is good enough
    });
}

TEST_P(ConditionTest, COND_8_wait_for_gives_the_last_value_of_the_predicate) {
    Condition condition;
    int value = 7;
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        EXPECT_EQ(co_await condition.wait_for([&] { return value; }), 7) << "at once, and without the lock";
        EXPECT_EQ(trace.str(), "");
        co_await other;

        value = 0;
        int asked = 0;
        auto task = asyncio::create_task([&]() -> Coro<int> {
            auto guard = co_await condition.guard();
            const int result = co_await condition.wait_for([&] {
                EXPECT_TRUE(condition.locked());
                ++asked;
                return value;
            });
            EXPECT_TRUE(condition.locked());
            co_return result;
        });
        co_await turns(3);
        EXPECT_EQ(asked, 1);
        co_await notify(condition);
        co_await turns(3);
        EXPECT_EQ(asked, 2);
        EXPECT_FALSE(condition.locked());
        value = 9;
        co_await turns(3);
        EXPECT_EQ(asked, 2) << "a change without a notification wakes nobody";
        co_await notify(condition);
        EXPECT_EQ(co_await task, 9);
        EXPECT_EQ(asked, 3);
    });
}

TEST_P(ConditionTest, COND_8_an_exception_of_the_predicate_passes_through_with_the_lock_held) {
    Condition condition;
    bool fail = false;
    run([&]() -> Coro<> {
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition.guard();
            try {
                co_await condition.wait_for([&]() -> bool {
                    if (fail) throw std::out_of_range("predicate");
                    return false;
                });
            } catch (const std::out_of_range&) {
                trace(condition.locked() ? "held" : "free");
                throw;
            }
        });
        auto other = waiter(condition, "o");
        co_await turns();
        fail = true;
        co_await notify(condition);
        co_await turns(3);
        EXPECT_THROW(task.result(), std::out_of_range);
        EXPECT_EQ(trace.str(), "held") << "and the notification is not handed on";
        EXPECT_FALSE(condition.locked());
        other.cancel();
    });
}

TEST_P(ConditionTest, COND_8_the_predicate_runs_in_the_task_and_its_context) {
    Condition condition;
    const asyncio::ContextVar<int> variable{"variable", 0};
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(
            [&]() -> Coro<> {
                variable.set(5);
                auto guard = co_await condition.guard();
                int asked = 0;
                co_await condition.wait_for([&] {
                    EXPECT_EQ(variable.get(), 5);
                    EXPECT_EQ(asyncio::current_task()->get_name(), "asks");
                    return ++asked == 2;
                });
            },
            {.name = "asks"});
        co_await turns();
        co_await notify(condition);
        co_await task;
        EXPECT_EQ(variable.get(), 0);
    });
}

TEST_P(ConditionTest, COND_8_a_predicate_that_cancels_its_task) {
    Condition condition;
    run([&]() -> Coro<> {
        std::optional<Task<void>> task;
        int asked = 0;
        task = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait_for([&] {
                if (++asked == 2) task->cancel("inside");
                return false;
            });
        });
        co_await turns();
        co_await notify(condition);
        co_await turns(5);
        EXPECT_TRUE(task->cancelled());
        EXPECT_EQ(asked, 2);
        EXPECT_FALSE(condition.locked());
    });
}

TEST_P(ConditionTest, COND_9_a_wait_may_return_without_a_notification_of_its_own) {
    // After COND-12 the second gets the notification that was handed on; a third one's is then its own.
    Condition condition;
    run([&]() -> Coro<> {
        auto tasks = waiters(condition, 2);
        co_await turns();
        {
            auto guard = co_await condition.guard();
            condition.notify();
            tasks[0].cancel();
        }
        co_await turns(4);
        EXPECT_EQ(trace.str(), "c0+ 1+");
    });
}

TEST_P(ConditionTest, COND_10_the_lock_is_taken_again_before_the_cancellation_is_thrown) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        a.cancel("!");
        co_await turns();
        EXPECT_EQ(trace.str(), "ca!+");
        EXPECT_FALSE(condition.locked());
    });
}

TEST_P(ConditionTest, COND_11_further_cancellations_do_not_cut_the_reacquisition_short) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        co_await condition.acquire();
        a.cancel("one");
        co_await turns(2);
        a.cancel("two");
        co_await turns(2);
        EXPECT_FALSE(a.done());
        EXPECT_EQ(a.cancelling(), 2U);
        condition.release();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "catwo+");
        EXPECT_TRUE(a.cancelled());
        EXPECT_FALSE(condition.locked());
    });
}

TEST_P(ConditionTest, COND_11_of_two_in_one_tick_the_first_counts) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        co_await condition.acquire();
        a.cancel("one");
        a.cancel("two");
        co_await turns(2);
        condition.release();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "caone+");
    });
}

TEST_P(ConditionTest, COND_11_cancelled_when_the_lock_was_about_to_be_its_own) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        co_await condition.acquire();
        condition.notify();
        co_await turns(2);  // a waits for the lock
        auto other = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition.guard();
            trace("other");
            co_await turns(2);
        });
        co_await turns();
        condition.release();  // a is chosen for the lock
        a.cancel("late");
        co_await turns();
        EXPECT_EQ(trace.str(), "") << "the lock went to the other, who runs in the next iteration";
        co_await turns();
        EXPECT_EQ(trace.str(), "other");
        co_await other;
        co_await turns(2);
        EXPECT_EQ(trace.str(), "other calate+");
    });
}

TEST_P(ConditionTest, COND_12_a_notification_of_a_cancelled_waiter_is_handed_on) {
    Condition condition;
    run([&]() -> Coro<> {
        auto tasks = waiters(condition, 3);
        co_await turns();
        {
            auto guard = co_await condition.guard();
            condition.notify();
            tasks[0].cancel();
        }
        co_await turns(5);
        EXPECT_EQ(trace.str(), "c0+ 1+");
        EXPECT_FALSE(tasks[2].done());
        tasks[2].cancel();
        co_await turns(3);
        EXPECT_EQ(trace.str(), "c0+ 1+ c2+") << "nobody is left to have it";
        EXPECT_FALSE(condition.locked());
    });
}

TEST_P(ConditionTest, COND_13_conditions_that_share_a_lock_have_their_own_waiters) {
    Lock lock;
    Condition a(lock);
    Condition b(lock);
    run([&]() -> Coro<> {
        auto on_a = waiter(a, "a");
        auto on_b = waiter(b, "b");
        co_await turns();
        co_await notify(b);
        co_await turns(2);
        EXPECT_EQ(trace.str(), "b+");
        on_a.cancel();
    });
}

TEST_P(ConditionTest, COND_14_the_programme_with_five_waiters) {
    Condition condition;
    run([&]() -> Coro<> {
        auto tasks = waiters(condition, 5);
        co_await turns();
        co_await notify(condition, 1);
        co_await asyncio::sleep(1ms);
        EXPECT_EQ(trace.str(), "0+");
        co_await notify(condition, 2);
        co_await asyncio::sleep(1ms);
        EXPECT_EQ(trace.str(), "0+ 1+ 2+");
        {
            auto guard = co_await condition.guard();
            condition.notify_all();
        }
        co_await asyncio::wait(tasks);
        EXPECT_EQ(trace.str(), "0+ 1+ 2+ 3+ 4+");
    });
}

TEST_P(ConditionTest, COND_15_invited_tasks_wait_until_the_pair_is_complete) {
    Condition condition;
    int members = 0;
    int asked = 0;
    run([&]() -> Coro<> {
        const auto invited = [&](int number) -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait_for([&] {
                ++asked;
                return members == 2;
            });
            trace(number);
        };
        std::vector<Task<void>> tasks;
        for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(invited(i)));
        co_await turns();
        for (int i = 0; i < 2; ++i) {
            auto guard = co_await condition.guard();
            ++members;
            condition.notify_all();
            guard.release();
            co_await asyncio::sleep(1ms);
            EXPECT_EQ(trace.str(), i == 0 ? "" : "0 1 2 3");
        }
        EXPECT_EQ(asked, 4 * 3) << "each notification has each predicate asked again";
    });
}

TEST_P(ConditionTest, COND_16_the_guard_releases_when_wait_throws) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        a.cancel();
        co_await turns(2);
        EXPECT_FALSE(condition.locked());
        EXPECT_EQ(condition.statistics().waiters.waiters, 0U);
        EXPECT_EQ(condition.statistics().lock.waiters.waiters, 0U);
    });
}

/// How a wait ended whose condition was destroyed, and whether the lock was held.
Coro<std::string> outlive(Condition& condition, const Lock* lock) {
    auto guard = co_await condition.guard();
    try {
        co_await condition.wait();
    } catch (const asyncio::RuntimeError& error) {
        co_return std::string(error.what()) + (lock != nullptr && lock->locked() ? " +" : " -");
    }
    co_return std::string("returned") + (lock != nullptr && lock->locked() ? " +" : " -");
}

TEST_P(ConditionTest, COND_17_destroyed_with_its_lock) {
    run([&]() -> Coro<> {
        auto condition = std::make_unique<Condition>();
        std::vector<Task<std::string>> tasks;
        for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(outlive(*condition, nullptr)));
        co_await turns();
        co_await notify(*condition);
        tasks[3].cancel();
        condition.reset();
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(co_await tasks[static_cast<std::size_t>(i)], "Condition destroyed while being awaited -") << i;
        EXPECT_TRUE(tasks[3].cancelled());
    });
}

TEST_P(ConditionTest, COND_17_destroyed_before_its_lock) {
    Lock lock;
    run([&]() -> Coro<> {
        for (const bool held : {false, true}) {
            auto condition = std::make_unique<Condition>(lock);
            std::vector<Task<std::string>> tasks;
            for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(outlive(*condition, &lock)));
            co_await turns();
            auto guard = co_await lock.guard();
            condition->notify();
            tasks[3].cancel();
            if (!held) guard.release();
            condition.reset();
            co_await turns(2);
            if (held) {
                EXPECT_EQ(lock.statistics().waiters.waiters, 4U);
                guard.release();
            }
            EXPECT_EQ(co_await tasks[0], "returned +") << "it was notified";
            EXPECT_EQ(co_await tasks[1], "Condition destroyed while being awaited +");
            EXPECT_EQ(co_await tasks[2], "Condition destroyed while being awaited +");
            co_await turns(2);
            EXPECT_TRUE(tasks[3].cancelled());
            EXPECT_FALSE(lock.locked());
            EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
        }
    });
}

TEST_P(ConditionTest, COND_17_destroyed_while_its_waiters_want_the_lock_back) {
    Lock lock;
    run([&]() -> Coro<> {
        auto condition = std::make_unique<Condition>(lock);
        auto notified = asyncio::create_task(outlive(*condition, &lock));
        auto cancelled = asyncio::create_task(outlive(*condition, &lock));
        co_await turns();
        co_await lock.acquire();
        condition->notify();
        cancelled.cancel();
        co_await turns(2);
        condition.reset();
        cancelled.cancel();
        co_await turns(2);
        lock.release();
        EXPECT_EQ(co_await notified, "returned +");
        co_await turns(2);
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_FALSE(lock.locked());
    });
}

TEST_P(ConditionTest, COND_17_a_predicate_that_does_not_hold_when_the_condition_is_gone) {
    Lock lock;
    run([&]() -> Coro<> {
        auto condition = std::make_unique<Condition>(lock);
        auto task = asyncio::create_task([&]() -> Coro<std::string> {
            auto guard = co_await condition->guard();
            try {
                co_await condition->wait_for([] { return false; });
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
            co_return "";
        });
        co_await turns();
        co_await notify(*condition);
        condition.reset();
        EXPECT_EQ(co_await task, "Condition destroyed while being awaited");
        EXPECT_FALSE(lock.locked());
    });
}

TEST_P(ConditionTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    Condition condition;
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        waiters(condition, 4);
        co_await turns();
        co_await condition.acquire();
        condition.notify();
        co_await turns(2);
        condition.notify();
    });
    condition.release();
    loop.close();
    EXPECT_TRUE(log.contains("Task was destroyed but it is pending!"));
    EXPECT_FALSE(log.contains("could not release")) << log.text();
    EXPECT_FALSE(condition.locked());
    EXPECT_EQ(condition.statistics().waiters.waiters, 0U);
    EXPECT_EQ(condition.statistics().lock.waiters.waiters, 0U);
    EXPECT_EQ(trace.str(), "");
}

TEST_P(ConditionTest, COND_16_the_guard_of_a_destroyed_frame_does_not_release_the_lock_of_another) {
    Condition condition;
    {
        const asyncio::testing::CapturedLog log;
        run([&]() -> Coro<> {
            co_await condition.acquire();
            auto waits = loop.create_task([&]() -> Coro<> {
                co_await condition.acquire();
                condition.release();
                auto guard = co_await condition.guard();
                co_await condition.wait();
            });
            co_await turns();
            condition.release();
            co_await turns(2);
            co_await condition.acquire();
        });
        loop.close();
        EXPECT_TRUE(log.contains("Task was destroyed but it is pending!"));
        EXPECT_FALSE(log.contains("could not release")) << log.text();
    }
    EXPECT_TRUE(condition.locked());
}

TEST_P(ConditionTest, SYNC_7_belongs_to_one_loop) {
    Condition condition;
    run([&]() -> Coro<> {
        auto a = waiter(condition, "a");
        co_await turns();
        co_await notify(condition);
        co_await a;
    });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> {
        auto guard = co_await condition.guard();
        co_await condition.wait();
    }),
                 asyncio::RuntimeError);
    second->close();
    EXPECT_FALSE(condition.locked());
}

TEST_P(ConditionTest, SYNC_10_repr_and_statistics) {
    Condition condition;
    run([&]() -> Coro<> {
        auto tasks = waiters(condition, 2);
        co_await turns();
        EXPECT_NE(condition.repr().find(" [unlocked, waiters:2]>"), std::string::npos) << condition.repr();
        EXPECT_EQ(condition.statistics().waiters.waiters, 2U);
        auto guard = co_await condition.guard();
        EXPECT_NE(condition.repr().find(" [locked, waiters:2]>"), std::string::npos);
        condition.notify_all();
        co_await turns();
        EXPECT_EQ(condition.statistics().waiters.waiters, 0U);
        EXPECT_EQ(condition.statistics().lock.waiters.waiters, 2U);
        guard.release();
        co_await asyncio::wait(tasks);
        EXPECT_EQ(condition.statistics().waiters.peak, 2U);
    });
}

TEST_P(ConditionTest, COND_a_guard_that_goes_during_the_wait_does_not_free_the_lock_of_another_task) {
    run([&]() -> Coro<> {
        Condition condition;
        std::optional<asyncio::Guard<Lock>> guard;
        auto waiting = asyncio::create_task([&]() -> Coro<> {
            guard.emplace(co_await condition.guard());
            co_await condition.wait();
            trace("woken", condition.locked() ? "+" : "-");
        });
        co_await turns(2);
        auto other = co_await condition.guard();
        guard.reset();
        EXPECT_TRUE(condition.locked());
        EXPECT_TRUE(other.owns());
        condition.notify();
        other.release();
        co_await waiting;
        auto again = co_await condition.guard();  // nobody holds it any more
    });
    EXPECT_EQ(trace.str(), "woken-");
}

TEST_P(ConditionTest, COND_a_guard_that_is_moved_during_the_wait_holds_the_lock_after_it) {
    run([&]() -> Coro<> {
        Condition condition;
        std::optional<asyncio::Guard<Lock>> guard;
        auto waiting = asyncio::create_task([&]() -> Coro<> {
            guard.emplace(co_await condition.guard());
            co_await condition.wait();
        });
        co_await turns(2);
        auto other = co_await condition.guard();
        std::optional<asyncio::Guard<Lock>> moved(std::move(*guard));
        guard.reset();
        EXPECT_TRUE(condition.locked());
        condition.notify();
        other.release();
        co_await waiting;
        EXPECT_TRUE(condition.locked());
        moved.reset();
        EXPECT_FALSE(condition.locked());
    });
}

TEST_P(ConditionTest, COND_notify_of_a_negative_number_wakes_nobody) {
    run([&]() -> Coro<> {
        Condition condition;
        auto task = waiter(condition, "a");
        co_await turns(2);
        co_await notify(condition, PTRDIFF_MIN);
        co_await turns(2);
        EXPECT_FALSE(task.done());
        co_await notify(condition);
        co_await task;
    });
}

TEST_P(ConditionTest, COND_17_the_predicate_destroys_the_condition) {
    run([&]() -> Coro<> {
        auto condition = std::make_unique<Condition>();
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition->guard();
            int asked = 0;
            co_await condition->wait_for([&] {
                if (++asked == 2) condition.reset();
                return false;
            });
        });
        co_await turns();
        co_await notify(*condition);
        co_await turns(2);
        EXPECT_THROW(task.result(), asyncio::RuntimeError);
    });
}

TEST_P(ConditionTest, COND_8_statistics_count_a_wait_once_however_often_it_looks_again) {
    run([&]() -> Coro<> {
        Condition condition;
        bool over = false;
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait_for([&] { return over; });
        });
        co_await turns();
        for (int i = 0; i < 3; ++i) {
            co_await notify(condition);
            co_await turns(2);
        }
        EXPECT_EQ(condition.statistics().waiters.waits, 1U);
        over = true;
        co_await notify(condition);
        co_await task;
    });
}

}  // namespace
