#include <asyncio/task/run_until_complete.hpp>

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/task/future.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;
using asyncio::Coro;

class RunUntilComplete : public support::OnEachDriver {
public:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(RunUntilComplete);

TEST_P(RunUntilComplete, LOOP_4_stopped_before_the_future_is_done) {
    auto future = loop.create_future<int>();
    loop.call_soon([&] { loop.stop(); });
    EXPECT_THROW(loop.run_until_complete(future), asyncio::RuntimeError);
    // The stop of that run is gone, and the future can be run again.
    loop.call_soon([&] { loop.call_soon([&] { future.set_result(5); }); });
    EXPECT_EQ(loop.run_until_complete(future), 5);
}

TEST_P(RunUntilComplete, LOOP_5_a_future_of_another_loop) {
    const auto other = support::make_loop(GetParam());
    auto future = other->create_future<int>();
    EXPECT_THROW(loop.run_until_complete(future), std::invalid_argument);
    other->close();
}

TEST_P(RunUntilComplete, LOOP_6_a_running_or_closed_loop_leaves_the_coroutine_alone) {
    const auto body = [&]() -> Coro<> {
        trace("ran");
        co_return;
    };
    auto coro = body();
    loop.run_until_complete([&]() -> Coro<> {
        EXPECT_THROW(loop.run_until_complete(coro), asyncio::RuntimeError);
        const auto other = support::make_loop(support::DriverKind::simulated);
        EXPECT_THROW(other->run_until_complete(coro), asyncio::RuntimeError);
        other->close();
        co_return;
    });
    loop.run_until_complete(coro);
    EXPECT_EQ(trace.str(), "ran");
    loop.close();
    EXPECT_THROW(loop.run_until_complete([]() -> Coro<> { co_return; }), asyncio::RuntimeError);
}

TEST_P(RunUntilComplete, LOOP_3_throws_what_the_future_ended_with) {
    EXPECT_THROW(loop.run_until_complete([]() -> Coro<> {
        throw std::out_of_range("x");
        co_return;
    }),
                 std::out_of_range);
    auto task = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(1h); });
    loop.call_soon([&] { task.cancel("m"); });
    try {
        loop.run_until_complete(task);
        FAIL();
    } catch (const asyncio::CancelledError& error) {
        EXPECT_EQ(error.message(), "m");
    }
}

TEST_P(RunUntilComplete, LOOP_3_returns_values_of_every_kind) {
    EXPECT_EQ(*loop.run_until_complete([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); }), 3);
    int target = 0;
    int& reference = loop.run_until_complete([&]() -> Coro<int&> { co_return target; });
    EXPECT_EQ(&reference, &target);
    auto task = loop.create_task([]() -> Coro<std::string> { co_return "kept"; });
    EXPECT_EQ(loop.run_until_complete(task), "kept");
    EXPECT_EQ(task.result(), "kept");
}

TEST_P(RunUntilComplete, LOOP_3_a_future_that_is_done_takes_one_iteration) {
    auto future = loop.create_future<int>();
    future.set_result(1);
    loop.call_soon([&] {
        trace("first");
        loop.call_soon([&] { trace("second"); });
    });
    EXPECT_EQ(loop.run_until_complete(future), 1);
    EXPECT_EQ(trace.str(), "first");
}

TEST_P(RunUntilComplete, ORD_18_returns_after_the_iteration_that_follows_the_end) {
    loop.run_until_complete([&]() -> Coro<> {
        loop.call_soon([&] {
            trace("queued by the last step");
            loop.call_soon([&] { trace("and by that"); });
        });
        co_return;
    });
    EXPECT_EQ(trace.str(), "queued by the last step");
    run_once();
    EXPECT_EQ(trace.str(), "queued by the last step and by that");
}

TEST_P(RunUntilComplete, TASK_31_an_interrupt_leaves_the_loop_at_once_and_is_not_reported) {
    support::Reports reports(loop);
    EXPECT_THROW(loop.run_until_complete([&]() -> Coro<> {
        loop.call_soon([&] { trace("kept"); });
        throw asyncio::SystemExit(3);
        co_return;
    }),
                 asyncio::SystemExit);
    EXPECT_FALSE(loop.is_running());
    EXPECT_EQ(trace.str(), "");
    run_once();
    EXPECT_EQ(trace.str(), "kept");
    EXPECT_EQ(reports.contexts().size(), 0u);
}

TEST_P(RunUntilComplete, LOOP_25_an_interrupt_beside_a_task_that_has_just_ended_does_not_end_the_next_run) {
    const auto ends_with_interrupt = [&]() -> Coro<> {
        loop.call_soon([] { throw asyncio::KeyboardInterrupt(); });
        co_return;
    };
    EXPECT_THROW(loop.run_until_complete(ends_with_interrupt), asyncio::KeyboardInterrupt);
    EXPECT_EQ(loop.run_until_complete([]() -> Coro<int> {
        for (int i = 0; i < 5; ++i) co_await asyncio::sleep(0s);
        co_return 6;
    }),
              6);
}

}  // namespace
