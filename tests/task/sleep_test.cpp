// sleep: AWT-3, AWT-4 and ORD-9.

#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using asyncio::Clock;
using asyncio::Coro;
using namespace std::chrono_literals;

class Sleep : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Sleep);

TEST_P(Sleep, AWT_3_takes_at_least_so_long) {
    const Clock::time_point begin = loop.time();
    run([]() -> Coro<> { co_await asyncio::sleep(2ms); });
    EXPECT_GE(loop.time() - begin, 2ms);
    if (simulated()) {
        EXPECT_EQ(loop.time() - begin, 2ms);
    }
}

TEST_P(Sleep, AWT_3_gives_the_result) {
    run([]() -> Coro<> {
        EXPECT_EQ(co_await asyncio::sleep(1ms, std::string("text")), "text");
        EXPECT_EQ(co_await asyncio::sleep(0ms, 5), 5);
        EXPECT_EQ(*(co_await asyncio::sleep(-1s, std::make_unique<int>(6))), 6);
    });
}

TEST_P(Sleep, AWT_3_not_positive_is_one_iteration) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        for (const auto delay : {0ms, -1ms, -1000000ms}) {
            const int before = ticks.now();
            co_await asyncio::sleep(delay);
            EXPECT_EQ(ticks.now(), before + 1);
        }
    });
}

TEST_P(Sleep, AWT_3_not_a_number) {
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    run([&]() -> Coro<> {
        EXPECT_THROW(co_await asyncio::sleep(nan), std::invalid_argument);
        EXPECT_THROW(co_await asyncio::sleep(nan, 1), std::invalid_argument);
    });
    EXPECT_THROW(loop.call_later(nan, [] {}), std::invalid_argument);
}

TEST_P(Sleep, AWT_3_every_duration_type) {
    const Clock::time_point begin = loop.time();
    run([]() -> Coro<> {
        co_await asyncio::sleep(std::chrono::duration<double>(0.0015));
        co_await asyncio::sleep(1500us);
        co_await asyncio::sleep(std::chrono::duration<float, std::milli>(0.5F));
    });
    EXPECT_GE(loop.time() - begin, 3499us);
}

TEST_P(Sleep, AWT_3_for_ever) {
    std::vector<asyncio::Task<void>> tasks;
    tasks.push_back(loop.create_task([]() -> Coro<> { co_await asyncio::sleep(std::chrono::hours::max()); }));
    tasks.push_back(loop.create_task([]() -> Coro<> { co_await asyncio::sleep(Clock::duration::max()); }));
    tasks.push_back(loop.create_task([]() -> Coro<> {
        co_await asyncio::sleep(std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
    }));
    run([]() -> Coro<> { co_await asyncio::sleep(1ms); });
    for (auto& task : tasks) {
        EXPECT_FALSE(task.done());
        task.cancel();
        EXPECT_THROW(run(task), asyncio::CancelledError);
    }
}

TEST(SleepSimulated, AWT_3_for_ever_alone_is_a_stuck_loop) {
    asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>());
    auto task = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(Clock::duration::max()); });
    EXPECT_THROW(loop.run_forever(), asyncio::RuntimeError);
    task.cancel();
    EXPECT_THROW(loop.run_until_complete(task), asyncio::CancelledError);
    loop.close();
}

TEST_P(Sleep, AWT_3_needs_a_running_loop) {
    auto sleeping = asyncio::sleep(1s);
    EXPECT_THROW(sleeping.await_suspend(std::coroutine_handle<asyncio::detail::Promise<void>>()),
                 asyncio::RuntimeError);
}

TEST_P(Sleep, AWT_4_equal_deadlines_wake_in_the_order_of_their_start) {
    if (!simulated()) GTEST_SKIP() << "needs deadlines that are equal to the nanosecond";
    std::vector<asyncio::Task<void>> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back(loop.create_task([&, i]() -> Coro<> {
            co_await asyncio::sleep(5ms);
            trace(i);
        }));
    }
    run(tasks.back());
    EXPECT_EQ(trace.str(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
}

TEST_P(Sleep, AWT_4_shorter_ones_end_first) {
    if (!simulated()) GTEST_SKIP() << "a slow machine starts the shorter ones too late";
    std::vector<asyncio::Task<void>> tasks;
    for (const int ms : {9, 3, 6}) {
        tasks.push_back(loop.create_task([&, ms]() -> Coro<> {
            co_await asyncio::sleep(std::chrono::milliseconds(ms));
            trace(ms);
        }));
    }
    run(tasks.front());
    EXPECT_EQ(trace.str(), "3 6 9");
}

TEST_P(Sleep, ORD_9_zero_resumes_in_the_next_iteration_behind_what_was_queued) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        loop.call_soon([&] { trace("before", ticks.now()); });
        trace("sleep", ticks.now());
        co_await asyncio::sleep(0ms);
        trace("woken", ticks.now());
    });
    EXPECT_EQ(trace.str(), "sleep1 before2 woken2");
}

TEST(SleepSimulated, ORD_9_a_timer_of_the_same_iteration_runs_before_the_sleeper) {
    auto owned = std::make_unique<asyncio::SimulatedDriver>();
    asyncio::SimulatedDriver& driver = *owned;
    asyncio::EventLoop loop(std::move(owned));
    support::Trace trace;
    support::Ticks ticks(loop);
    auto task = loop.create_task([&]() -> Coro<> {
        co_await asyncio::sleep(1ms);
        trace("sleeper", ticks.now());
    });
    loop.call_soon([&] {
        loop.call_later(2ms, [&] { trace("later-deadline", ticks.now()); });
        loop.call_soon([&] { driver.advance(1h); });
    });
    loop.run_until_complete(task);
    EXPECT_EQ(trace.str(), "later-deadline3 sleeper4");
    loop.close();
}

TEST_P(Sleep, a_thousand_sleepers) {
    int awake = 0;
    std::vector<asyncio::Task<void>> tasks;
    for (int i = 0; i < 1000; ++i) {
        tasks.push_back(loop.create_task([&, i]() -> Coro<> {
            co_await asyncio::sleep(std::chrono::microseconds(i * 7919 % 1000));
            ++awake;
        }));
    }
    for (auto& task : tasks) run(task);
    EXPECT_EQ(awake, 1000);
}

}  // namespace
