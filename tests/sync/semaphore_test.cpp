// Semaphore and BoundedSemaphore: SEM-1 to SEM-10, BSEM-1 to BSEM-3, and the common rules on them.

#include "support/traced.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using asyncio::BoundedSemaphore;
using asyncio::Coro;
using asyncio::Semaphore;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class SemaphoreTest : public support::TracedOnEachDriver {
protected:
    /// Takes a unit and keeps it.
    Task<void> taker(Semaphore& semaphore, std::string name) {
        return traced(std::move(name), [&semaphore] { return semaphore.acquire(); });
    }
    [[nodiscard]] static std::ptrdiff_t value(const Semaphore& semaphore) { return semaphore.statistics().value; }
};
ASYNCIO_ON_EACH_DRIVER(SemaphoreTest);

static_assert(!std::is_move_constructible_v<Semaphore> && std::is_base_of_v<Semaphore, BoundedSemaphore>);

TEST_P(SemaphoreTest, SEM_1_the_initial_value) {
    EXPECT_EQ(value(Semaphore()), 1);
    EXPECT_TRUE(Semaphore(0).locked());
    try {
        Semaphore(-1);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "Semaphore initial value must be >= 0");
    }
}

TEST_P(SemaphoreTest, SEM_2_takes_a_unit_without_giving_way_or_queues) {
    Semaphore semaphore{2};
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        EXPECT_TRUE(co_await semaphore.acquire());
        EXPECT_TRUE(co_await semaphore.acquire());
        EXPECT_EQ(trace.str(), "");
        EXPECT_EQ(value(semaphore), 0);
        auto a = taker(semaphore, "a");
        auto b = taker(semaphore, "b");
        co_await turns(3);
        EXPECT_EQ(trace.str(), "other");
        semaphore.release();
        semaphore.release();
        co_await turns();
        EXPECT_EQ(trace.str(), "other a b");
    });
}

TEST_P(SemaphoreTest, SEM_3_release_has_no_ceiling_and_gives_the_unit_away_at_once) {
    Semaphore semaphore(2);
    semaphore.release();
    EXPECT_EQ(value(semaphore), 3);
    Semaphore empty(0);
    run([&]() -> Coro<> {
        auto a = taker(empty, "a");
        co_await turns();
        empty.release();
        EXPECT_EQ(value(empty), 0);
        co_await turns();
        EXPECT_EQ(trace.str(), "a");
    });
}

TEST_P(SemaphoreTest, SEM_4_locked_while_somebody_is_about_to_run) {
    Semaphore semaphore(0);
    run([&]() -> Coro<> {
        auto a = taker(semaphore, "a");
        co_await turns();
        semaphore.release();
        semaphore.release();
        EXPECT_EQ(value(semaphore), 1);
        EXPECT_TRUE(semaphore.locked());
        co_await turns();
        EXPECT_FALSE(semaphore.locked());
        EXPECT_EQ(value(semaphore), 1);
    });
}

TEST_P(SemaphoreTest, SEM_5_the_releaser_does_not_overtake) {
    Semaphore semaphore(1);
    run([&]() -> Coro<> {
        co_await semaphore.acquire();
        auto waiter = asyncio::create_task([&]() -> Coro<> {
            co_await semaphore.acquire();
            trace("w");
            semaphore.release();
        });
        co_await turns();
        semaphore.release();
        co_await semaphore.acquire();
        trace("me");
    });
    EXPECT_EQ(trace.str(), "w me");
}

TEST_P(SemaphoreTest, SEM_6_several_units_in_one_tick_go_to_several_tasks) {
    Semaphore semaphore(0);
    run([&]() -> Coro<> {
        std::vector<Task<void>> takers;
        for (int i = 0; i < 5; ++i) takers.push_back(taker(semaphore, std::to_string(i)));
        co_await turns();
        for (int i = 0; i < 3; ++i) semaphore.release();
        co_await turns();
        EXPECT_EQ(trace.str(), "0 1 2");
        semaphore.release();
        semaphore.release();
        semaphore.release();
        co_await turns();
        EXPECT_EQ(trace.str(), "0 1 2 3 4");
        EXPECT_EQ(value(semaphore), 1);
    });
}

TEST_P(SemaphoreTest, SEM_6_units_released_while_others_come_reach_those_who_queued_behind) {
    // gh-90155: who came between release and turn had to queue although a unit was free.
    Semaphore semaphore(0);
    run([&]() -> Coro<> {
        auto a = taker(semaphore, "a");
        co_await turns();
        semaphore.release();
        semaphore.release();  // free, but a has not run
        auto b = loop.create_task(
            [&]() -> Coro<> {
                co_await semaphore.acquire();
                trace("b");
            },
            {.eager_start = true});
        EXPECT_FALSE(b.done());
        co_await turns(2);
        EXPECT_EQ(trace.str(), "a b");
        EXPECT_EQ(value(semaphore), 0);
    });
}

TEST_P(SemaphoreTest, SEM_7_cancel_while_queued) {
    Semaphore semaphore(0);
    run([&]() -> Coro<> {
        auto a = taker(semaphore, "a");
        auto b = taker(semaphore, "b");
        co_await turns();
        a.cancel();
        EXPECT_EQ(semaphore.statistics().waiters.waiters, 1U);
        semaphore.release();  // goes to b at once, though a has not run
        co_await turns();
        EXPECT_EQ(trace.str(), "ca b");
        EXPECT_EQ(value(semaphore), 0);
    });
}

TEST_P(SemaphoreTest, SEM_8_cancel_after_being_chosen_hands_the_unit_on) {
    Semaphore semaphore(0);
    run([&]() -> Coro<> {
        std::vector<Task<void>> takers;
        for (int i = 0; i < 3; ++i) takers.push_back(taker(semaphore, std::to_string(i)));
        co_await turns();
        semaphore.release();
        takers[0].cancel();
        semaphore.release();
        takers[1].cancel();
        co_await turns(3);
        EXPECT_EQ(trace.str(), "c0 c1 2");
        EXPECT_EQ(value(semaphore), 1);
        EXPECT_FALSE(semaphore.locked());
    });
}

TEST_P(SemaphoreTest, SEM_9_the_guard_gives_its_unit_back) {
    Semaphore semaphore(1);
    run([&]() -> Coro<> {
        try {
            auto guard = co_await semaphore.guard();
            EXPECT_TRUE(semaphore.locked());
            throw std::logic_error("body");
        } catch (const std::logic_error&) {
        }
        EXPECT_FALSE(semaphore.locked());
        auto guard = co_await semaphore.guard();
        guard.release();
        EXPECT_EQ(value(semaphore), 1);
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto inner = co_await semaphore.guard();
            co_await asyncio::sleep(1h);
        });
        co_await turns();
        EXPECT_EQ(value(semaphore), 0);
        task.cancel();
        co_await turns();
        EXPECT_EQ(value(semaphore), 1);
    });
}

TEST(SemaphoreProgramme, SEM_10_limits_how_many_are_inside) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        Semaphore semaphore(3);
        Trace trace;
        int inside = 0;
        int most = 0;
        const auto worker = [&](int number) -> Coro<> {
            auto guard = co_await semaphore.guard();
            most = std::max(most, ++inside);
            trace("in", number);
            co_await asyncio::sleep(std::chrono::seconds(1 + number));
            --inside;
            trace("out", number);
        };
        co_await asyncio::gather(worker(0), worker(1), worker(2), worker(3), worker(4));
        EXPECT_EQ(most, 3);
        EXPECT_EQ(trace.str(), "in0 in1 in2 out0 in3 out1 in4 out2 out3 out4");
        EXPECT_EQ(semaphore.statistics().value, 3);
        EXPECT_EQ(semaphore.statistics().waiters.peak, 2U);
        EXPECT_EQ(semaphore.statistics().waiters.waits, 2U);
    });
}

TEST_P(SemaphoreTest, BSEM_1_is_a_semaphore) {
    BoundedSemaphore bounded{1};
    run([&]() -> Coro<> {
        co_await bounded.acquire();
        auto a = taker(bounded, "a");
        auto b = taker(bounded, "b");
        co_await turns();
        bounded.release();
        a.cancel();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "ca b");
        bounded.release();
        Semaphore& base = bounded;
        auto guard = co_await base.guard();
        EXPECT_TRUE(bounded.locked());
    });
    EXPECT_THROW(BoundedSemaphore(-1), std::invalid_argument);
}

TEST_P(SemaphoreTest, BSEM_2_refuses_a_surplus_release) {
    BoundedSemaphore bounded(2);
    Semaphore& base = bounded;
    for (Semaphore* semaphore : {&base, static_cast<Semaphore*>(&bounded)}) {
        try {
            semaphore->release();
            FAIL();
        } catch (const std::invalid_argument& error) {
            EXPECT_STREQ(error.what(), "BoundedSemaphore released too many times");
        }
    }
    EXPECT_EQ(value(bounded), 2);
}

TEST_P(SemaphoreTest, BSEM_3_one_surplus_release_passes_while_a_unit_is_on_its_way) {
    BoundedSemaphore bounded(1);
    run([&]() -> Coro<> {
        co_await bounded.acquire();
        auto a = taker(bounded, "a");
        co_await turns();
        bounded.release();
        bounded.release();
        EXPECT_EQ(value(bounded), 1);
        EXPECT_THROW(bounded.release(), std::invalid_argument);
        co_await turns();
        EXPECT_EQ(value(bounded), 1);
    });
}

TEST_P(SemaphoreTest, SYNC_7_belongs_to_one_loop) {
    Semaphore semaphore(1);
    run([&]() -> Coro<> {
        co_await semaphore.acquire();
        auto a = taker(semaphore, "a");
        co_await turns();
        semaphore.release();
        co_await a;
    });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await semaphore.acquire(); }), asyncio::RuntimeError);
    semaphore.release();
    second->run_until_complete([&]() -> Coro<> { co_await semaphore.acquire(); });
    second->close();
}

TEST_P(SemaphoreTest, SYNC_10_repr) {
    Semaphore semaphore(3);
    EXPECT_NE(semaphore.repr().find(" [unlocked, value:3]>"), std::string::npos) << semaphore.repr();
    EXPECT_EQ(BoundedSemaphore(1).repr().find("<BoundedSemaphore at 0x"), 0U);
    Semaphore empty(0);
    run([&]() -> Coro<> {
        auto a = taker(empty, "a");
        co_await turns();
        EXPECT_NE(empty.repr().find(" [locked, waiters:1]>"), std::string::npos) << empty.repr();
        empty.release();
        co_await a;
    });
}

TEST_P(SemaphoreTest, SYNC_11_destroying_it_wakes_its_waiters_and_disarms_its_guards) {
    run([&]() -> Coro<> {
        auto semaphore = std::make_unique<Semaphore>(1);
        auto guard = co_await semaphore->guard();
        const auto wait = [&]() -> Coro<std::string> {
            try {
                co_await semaphore->acquire();
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
            co_return "";
        };
        auto a = asyncio::create_task(wait());
        auto b = asyncio::create_task(wait());
        co_await turns();
        semaphore->release();
        semaphore.reset();
        EXPECT_EQ(co_await a, "Semaphore destroyed while being awaited");
        EXPECT_EQ(co_await b, "Semaphore destroyed while being awaited");
        EXPECT_FALSE(guard.owns());
    });
}

TEST_P(SemaphoreTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    Semaphore semaphore(0);
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        taker(semaphore, "a");
        taker(semaphore, "b");
        co_await turns();
    });
    semaphore.release();
    loop.close();
    EXPECT_EQ(semaphore.statistics().waiters.waiters, 0U);
    EXPECT_EQ(value(semaphore), 1) << "nobody came for the unit";
}

}  // namespace
