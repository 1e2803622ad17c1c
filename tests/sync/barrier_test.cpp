// Barrier: BAR-1 to BAR-13, and the common rules on it.

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Barrier;
using asyncio::BrokenBarrierError;
using asyncio::Coro;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class BarrierTest : public support::OnEachDriver {
protected:
    /// Waits, and traces name=index, or name! with the message.
    Task<void> runner(Barrier& barrier, std::string name) {
        return loop.create_task([this, &barrier, name = std::move(name)]() -> Coro<> {
            try {
                const std::size_t index = co_await barrier.wait();
                trace(name, "=", index);
            } catch (const BrokenBarrierError& error) {
                trace(name, "!");
                messages.insert(messages.end(), error.what());
            } catch (const asyncio::CancelledError&) {
                trace("c", name);
                throw;
            }
        });
    }
    std::vector<Task<void>> runners(Barrier& barrier, int first, int count) {
        std::vector<Task<void>> tasks;
        for (int i = first; i < first + count; ++i) tasks.push_back(runner(barrier, std::to_string(i)));
        return tasks;
    }
    Trace trace;
    std::vector<std::string> messages;
};
ASYNCIO_ON_EACH_DRIVER(BarrierTest);

TEST_P(BarrierTest, BAR_1_needs_a_party) {
    EXPECT_EQ(Barrier(3).parties(), 3U);
    for (const int parties : {0, -1}) {
        try {
            Barrier barrier(parties);
            FAIL();
        } catch (const std::invalid_argument& error) {
            EXPECT_STREQ(error.what(), "parties must be > 0");
        }
    }
}

TEST_P(BarrierTest, BAR_2_the_last_one_returns_first_and_does_not_give_way) {
    Barrier barrier(4);
    run([&]() -> Coro<> {
        auto tasks = runners(barrier, 0, 3);
        co_await turns();
        trace("me=", co_await barrier.wait());
        EXPECT_EQ(trace.str(), "me=3");
        co_await turns();
        EXPECT_EQ(trace.str(), "me=3 0=0 1=1 2=2");
    });
}

TEST_P(BarrierTest, BAR_3_the_values_through_the_life_cycle) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        EXPECT_EQ(barrier.n_waiting(), 0U);
        auto tasks = runners(barrier, 0, 2);
        co_await turns();
        EXPECT_EQ(barrier.n_waiting(), 2U);
        co_await barrier.wait();
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_FALSE(barrier.broken());
        co_await turns();
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_EQ(barrier.parties(), 3U);
    });
}

TEST_P(BarrierTest, BAR_4_generations_do_not_mix) {
    Barrier barrier(2);
    run([&]() -> Coro<> {
        const auto rounds = [&](int number) -> Coro<> {
            for (int round = 0; round < 3; ++round) {
                const std::size_t index = co_await barrier.wait();
                trace(number, ":", round, "=", index);
                co_await turns(number);
            }
        };
        co_await asyncio::gather(rounds(0), rounds(1));
    });
    EXPECT_EQ(trace.str(), "1:0=1 0:0=0 1:1=1 0:1=0 1:2=1 0:2=0");
}

TEST_P(BarrierTest, BAR_5_who_comes_while_it_drains_waits_outside) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        auto tasks = runners(barrier, 0, 5);
        co_await turns();
        EXPECT_EQ(trace.str(), "2=2");
        EXPECT_EQ(barrier.n_waiting(), 0U) << "draining, with two outside";
        EXPECT_NE(barrier.repr().find("[draining"), std::string::npos);
        co_await turns(2);
        EXPECT_EQ(trace.str(), "2=2 0=0 1=1");
        EXPECT_EQ(barrier.n_waiting(), 2U);
        co_await barrier.wait();
        co_await asyncio::wait(tasks);
        EXPECT_EQ(trace.str(), "2=2 0=0 1=1 3=0 4=1");
    });
}

TEST_P(BarrierTest, BAR_6_cancel_while_filling) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        auto tasks = runners(barrier, 0, 2);
        co_await turns();
        tasks[0].cancel();
        co_await turns();
        EXPECT_EQ(barrier.n_waiting(), 1U);
        EXPECT_FALSE(barrier.broken());
        auto more = runners(barrier, 2, 2);
        co_await asyncio::wait(more);
        co_await turns();
        EXPECT_EQ(trace.str(), "c0 3=2 1=1 2=1") << "as asyncio: the numbers are counted when coming";
        EXPECT_NE(barrier.repr().find("[filling, waiters:0/3]"), std::string::npos);
    });
}

TEST_P(BarrierTest, BAR_7_cancel_while_draining) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        auto tasks = runners(barrier, 0, 2);
        co_await turns();
        co_await barrier.wait();
        tasks[0].cancel();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "c0 1=1");
        EXPECT_NE(barrier.repr().find("[filling, waiters:0/3]"), std::string::npos);
        EXPECT_EQ(barrier.statistics().waiters.waiters, 0U);
    });
}

TEST_P(BarrierTest, BAR_7_cancel_of_all_who_were_let_out_opens_the_barrier_for_those_outside) {
    Barrier barrier(2);
    run([&]() -> Coro<> {
        auto inside = runner(barrier, "in");
        co_await turns();
        co_await barrier.wait();
        auto outside = runner(barrier, "out");
        inside.cancel();
        co_await turns(3);
        EXPECT_EQ(barrier.n_waiting(), 1U);
        co_await barrier.wait();
        co_await outside;
        EXPECT_EQ(trace.str(), "cin out=0");
    });
}

TEST_P(BarrierTest, BAR_8_reset_fails_those_who_wait) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        co_await barrier.reset();
        auto tasks = runners(barrier, 0, 2);
        co_await turns();
        co_await barrier.reset();
        EXPECT_NE(barrier.repr().find("[resetting"), std::string::npos);
        auto late = runner(barrier, "late");
        co_await turns();
        EXPECT_EQ(trace.str(), "0! 1!");
        EXPECT_EQ(messages[0], "Abort or reset of barrier");
        EXPECT_FALSE(barrier.broken());
        co_await turns(2);
        EXPECT_EQ(barrier.n_waiting(), 1U) << "who came while it was being reset";
        auto rest = runners(barrier, 2, 2);
        co_await late;
        EXPECT_EQ(trace.str(), "0! 1! 3=2 late=0 2=1");
    });
}

TEST_P(BarrierTest, BAR_9_reset_in_the_tick_of_the_trip) {
    for (const int later : {0, 1}) {
        Barrier barrier(3);
        trace.clear();
        run([&]() -> Coro<> {
            auto tasks = runners(barrier, 0, 2);
            co_await turns();
            EXPECT_EQ(co_await barrier.wait(), 2U);
            co_await turns(later);
            co_await barrier.reset();
            co_await turns(2);
            EXPECT_EQ(trace.str(), later == 0 ? "0! 1!" : "0=0 1=1");
            EXPECT_NE(barrier.repr().find("[filling, waiters:0/3]"), std::string::npos);
        });
    }
}

TEST_P(BarrierTest, BAR_10_abort_breaks_it_until_it_is_reset) {
    Barrier barrier(3);
    run([&]() -> Coro<> {
        auto tasks = runners(barrier, 0, 2);
        co_await turns();
        co_await barrier.abort();
        EXPECT_TRUE(barrier.broken());
        EXPECT_EQ(barrier.n_waiting(), 0U);
        EXPECT_NE(barrier.repr().find("[broken]"), std::string::npos);
        auto late = runner(barrier, "late");
        co_await turns();
        EXPECT_EQ(trace.str(), "0! 1! late!");
        EXPECT_EQ(messages.back(), "Barrier aborted");
        EXPECT_EQ(messages.front(), "Abort or reset of barrier");
        co_await turns(2);
        EXPECT_TRUE(barrier.broken());
        co_await barrier.reset();
        EXPECT_FALSE(barrier.broken());
        auto again = runners(barrier, 0, 3);
        co_await asyncio::wait(again);
        EXPECT_EQ(trace.str(), "0! 1! late! 2=2 0=0 1=1");
    });
}

TEST_P(BarrierTest, BAR_10_abort_in_the_tick_of_the_trip) {
    Barrier barrier(2);
    run([&]() -> Coro<> {
        auto task = runner(barrier, "0");
        co_await turns();
        EXPECT_EQ(co_await barrier.wait(), 1U);
        co_await barrier.abort();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "0!");
        EXPECT_TRUE(barrier.broken());
    });
}

TEST_P(BarrierTest, BAR_11_leaving_does_nothing) {
    Barrier barrier(1);
    run([&]() -> Coro<> {
        {
            [[maybe_unused]] const auto position = co_await barrier.wait();
            static_assert(std::is_same_v<decltype(position), const std::size_t>);
        }
        EXPECT_EQ(barrier.n_waiting(), 0U);
    });
}

TEST_P(BarrierTest, BAR_12_the_error_is_a_runtime_error) {
    EXPECT_TRUE((std::is_base_of_v<asyncio::RuntimeError, BrokenBarrierError>));
}

TEST_P(BarrierTest, BAR_13_one_party_never_waits) {
    Barrier barrier(1);
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        for (int i = 0; i < 5; ++i) EXPECT_EQ(co_await barrier.wait(), 0U);
        EXPECT_EQ(trace.str(), "");
        co_await other;
    });
}

TEST_P(BarrierTest, SYNC_11_destroyed_with_waiters) {
    run([&]() -> Coro<> {
        auto barrier = std::make_unique<Barrier>(3);
        const auto wait = [&]() -> Coro<std::string> {
            try {
                const std::size_t index = co_await barrier->wait();
                co_return std::to_string(index);
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
        };
        auto a = asyncio::create_task(wait());
        auto b = asyncio::create_task(wait());
        co_await turns();
        b.cancel();
        barrier.reset();
        EXPECT_EQ(co_await a, "Barrier destroyed while being awaited");
        EXPECT_TRUE(b.cancelled());

        barrier = std::make_unique<Barrier>(2);
        a = asyncio::create_task(wait());
        co_await turns();
        co_await barrier->wait();
        auto outside = loop.create_task(wait(), {.eager_start = true});
        barrier.reset();
        EXPECT_EQ(co_await a, "0") << "it was let out already";
        EXPECT_EQ(co_await outside, "Barrier destroyed while being awaited");
    });
}

TEST_P(BarrierTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    Barrier barrier(3);
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        runners(barrier, 0, 2);
        co_await turns();
    });
    EXPECT_EQ(barrier.n_waiting(), 2U);
    loop.close();
    EXPECT_EQ(barrier.n_waiting(), 0U);
    EXPECT_EQ(barrier.statistics().waiters.waiters, 0U);
}

TEST_P(BarrierTest, SYNC_7_belongs_to_one_loop_and_stays_as_it_was) {
    Barrier barrier(2);
    run([&]() -> Coro<> {
        auto task = runner(barrier, "a");
        co_await turns();
        co_await barrier.wait();
        co_await task;
    });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await barrier.wait(); }), asyncio::RuntimeError);
    second->close();
    EXPECT_EQ(barrier.n_waiting(), 0U);
    auto alone = [&]() -> Coro<> { co_await barrier.wait(); };
    EXPECT_THROW(alone().send(), asyncio::RuntimeError);
    EXPECT_EQ(barrier.n_waiting(), 0U);
}

TEST_P(BarrierTest, BAR_5_statistics_count_a_wait_outside_once) {
    run([&]() -> Coro<> {
        Barrier barrier(2);
        auto wait = [&]() -> Coro<> { co_await barrier.wait(); };
        std::vector<asyncio::Task<void>> tasks;
        for (int i = 0; i < 6; ++i) tasks.push_back(asyncio::create_task(wait()));
        for (auto& task : tasks) co_await task;
        EXPECT_EQ(barrier.statistics().waiters.waits, 5U);  // the second one of the first generation did not wait
    });
}

}  // namespace
