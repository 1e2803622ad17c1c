#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::run_virtual;
using asyncio::testing::wait_all_tasks_blocked;
using support::Trace;

namespace {

Coro<> steps(Trace& trace, asyncio::Future<void> gate) {
    for (int i = 0; i < 5; ++i) co_await asyncio::sleep(0s);
    trace("blocked");
    co_await gate;
    trace("through");
}

TEST(WaitAllTasksBlocked, returns_when_the_others_wait_and_the_clock_has_not_moved) {
    Trace trace;
    run_virtual([&]() -> Coro<> {
        const auto start = asyncio::get_running_loop().time();
        auto gate = asyncio::get_running_loop().create_future<void>();
        auto task = asyncio::create_task(steps(trace, gate));
        auto sleeper = asyncio::create_task([]() -> Coro<> { co_await asyncio::sleep(1s); });
        co_await wait_all_tasks_blocked();
        trace("all");
        EXPECT_EQ(asyncio::get_running_loop().time(), start);
        EXPECT_FALSE(sleeper.done());
        gate.set_result();
        co_await wait_all_tasks_blocked();
        EXPECT_TRUE(task.done());
        co_await sleeper;
    });
    EXPECT_EQ(trace.str(), "blocked all through");
}

TEST(WaitAllTasksBlocked, waits_for_io_that_has_come_in) {
    run_virtual([]() -> Coro<> {
        struct Receive : asyncio::Operation {
            explicit Receive(asyncio::DescriptorPtr socket)
                : Operation(Kind::recv, std::move(socket),
                            [](Operation& self) noexcept { static_cast<Receive&>(self).done = true; }) {}
            bool done = false;
        };
        auto [a, b] = asyncio::testing::memory_socket_pair();
        auto& driver = asyncio::testing::simulated_driver();
        std::byte buffer[1];
        Receive receive(a);
        receive.buffer = buffer;
        receive.size = 1;
        EXPECT_FALSE(driver.start(receive));
        EXPECT_EQ(driver.try_send(*b, buffer), 1);
        co_await wait_all_tasks_blocked();
        EXPECT_TRUE(receive.done);
    });
}

TEST(WaitAllTasksBlocked, several_waiters_wake_together) {
    Trace trace;
    run_virtual([&]() -> Coro<> {
        const auto waiter = [&](int number) -> Coro<> {
            co_await wait_all_tasks_blocked();
            trace(number);
        };
        auto one = asyncio::create_task(waiter(1));
        auto two = asyncio::create_task(waiter(2));
        co_await one;
        co_await two;
    });
    EXPECT_EQ(trace.str(), "1 2");
}

TEST(WaitAllTasksBlocked, can_be_cancelled) {
    Trace trace;
    run_virtual([&]() -> Coro<> {
        auto task = asyncio::create_task([&]() -> Coro<> {
            try {
                co_await wait_all_tasks_blocked();
                trace("blocked");
            } catch (const asyncio::CancelledError& error) {
                trace(error.message());
                throw;
            }
        });
        co_await asyncio::sleep(0s);
        task.cancel("enough");
        co_await asyncio::sleep(0s);
        EXPECT_TRUE(task.cancelled());
        co_await wait_all_tasks_blocked();  // what the cancelled one left in the loop does no harm
    });
    EXPECT_EQ(trace.str(), "enough");
}

TEST(WaitAllTasksBlocked, cancel_after_it_was_woken_wins) {
    Trace trace;
    run_virtual([&]() -> Coro<> {
        auto task = asyncio::create_task([&]() -> Coro<> {
            try {
                co_await wait_all_tasks_blocked();
                trace("blocked");
            } catch (const asyncio::CancelledError&) {
                trace("cancelled");
                throw;
            }
        });
        co_await wait_all_tasks_blocked();  // entered first: this task goes on before the other
        task.cancel();
        co_await asyncio::sleep(0s);
        co_await asyncio::sleep(0s);
        EXPECT_TRUE(task.cancelled());
    });
    EXPECT_EQ(trace.str(), "cancelled");
}

class BlockedOnEachDriver : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(BlockedOnEachDriver);

TEST_P(BlockedOnEachDriver, a_closing_loop_destroys_who_waits) {
    asyncio::testing::CapturedLog log;
    bool destroyed = false;
    struct Guard {
        bool& flag;
        ~Guard() { flag = true; }
    };
    auto task = loop.create_task([&]() -> Coro<> {
        const Guard guard{destroyed};
        co_await wait_all_tasks_blocked();
    });
    run_once();
    loop.close();
    EXPECT_TRUE(destroyed);
    EXPECT_TRUE(log.contains("Task was destroyed but it is pending!")) << log.text();
}

TEST_P(BlockedOnEachDriver, goes_on_when_only_a_timer_is_left) {
    bool blocked = false;
    auto task = loop.create_task([&]() -> Coro<> {
        co_await wait_all_tasks_blocked();
        blocked = true;
        asyncio::get_running_loop().stop();
    });
    const auto timer = loop.call_later(1h, [] { FAIL() << "waited for the timer"; });
    loop.run_forever();
    EXPECT_TRUE(blocked);
}

}  // namespace
