// The event loop: section 4 of the specification.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::Clock;
using asyncio::Coro;
using asyncio::RuntimeError;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

class EventLoopTest : public support::OnEachDriver {
protected:
    support::Trace trace;
    support::Lives lives;

    /// The message of the RuntimeError that `call` throws.
    template <class Call>
    std::string error_of(Call call) {
        try {
            call();
        } catch (const RuntimeError& error) {
            return error.what();
        }
        return "no error";
    }
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(EventLoopTest);

TEST_P(EventLoopTest, LOOP_1_runs_again_after_a_stop_with_all_its_state) {
    auto task = loop.create_task([&]() -> Coro<> {
        trace("a");
        loop.stop();
        co_await asyncio::sleep(1ms);
        trace("b");
        loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "a");
    EXPECT_FALSE(loop.is_running());
    loop.run_forever();
    EXPECT_EQ(trace.str(), "a b");
}

TEST_P(EventLoopTest, LOOP_3_run_until_complete_gives_the_result) {
    EXPECT_EQ(loop.run_until_complete([]() -> Coro<int> { co_return 3; }), 3);
    auto done = loop.create_future<int>();
    done.set_result(4);
    loop.call_soon([&] { trace("queued-earlier"); });
    EXPECT_EQ(loop.run_until_complete(done), 4);
    EXPECT_EQ(trace.str(), "queued-earlier");
}

TEST_P(EventLoopTest, LOOP_3_run_until_complete_throws_what_the_future_holds) {
    EXPECT_THROW(loop.run_until_complete([]() -> Coro<int> {
        throw std::out_of_range("x");
        co_return 1;
    }),
                 std::out_of_range);
    auto cancelled = loop.create_future<int>();
    cancelled.cancel("message");
    try {
        loop.run_until_complete(cancelled);
        FAIL();
    } catch (const asyncio::CancelledError& error) {
        EXPECT_EQ(error.message(), "message");
    }
}

TEST_P(EventLoopTest, LOOP_4_stopped_before_the_future_is_done) {
    auto future = loop.create_future<int>();
    loop.call_soon([&] { loop.stop(); });
    EXPECT_EQ(error_of([&] { loop.run_until_complete(future); }), "Event loop stopped before Future completed.");
    EXPECT_TRUE(future.core().waiters().empty()) << "its stop callback is removed";
    loop.call_soon([&] { future.set_result(1); });
    EXPECT_EQ(loop.run_until_complete(future), 1);
}

TEST_P(EventLoopTest, LOOP_5_a_future_of_another_loop) {
    auto other = support::make_loop(GetParam());
    auto foreign = other->create_future<int>();
    EXPECT_THROW(loop.run_until_complete(foreign), std::invalid_argument);
    other->close();
}

TEST_P(EventLoopTest, LOOP_6_running_loops_cannot_be_run) {
    auto other = support::make_loop(GetParam());
    loop.call_soon([&] {
        EXPECT_EQ(error_of([&] { loop.run_forever(); }), "This event loop is already running");
        EXPECT_EQ(error_of([&] { other->run_forever(); }), "Cannot run the event loop while another loop is running");
        EXPECT_EQ(error_of([&] { loop.run_until_complete([life = lives.one()]() -> Coro<> { co_return; }); }),
                  "This event loop is already running");
        EXPECT_TRUE(loop.is_running()) << "nothing was changed";
        EXPECT_FALSE(other->is_running());
        EXPECT_EQ(&asyncio::get_running_loop(), &loop);
        loop.call_soon([&] {
            trace("still-runs");
            loop.stop();
        });
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "still-runs");
    EXPECT_EQ(lives.now(), 0);
    other->stop();
    other->run_forever();
    other->close();
}

TEST_P(EventLoopTest, LOOP_7_is_running) {
    EXPECT_FALSE(loop.is_running());
    loop.call_soon([&] { trace(loop.is_running()); });
    run_once();
    EXPECT_FALSE(loop.is_running());
    EXPECT_EQ(trace.str(), "1");
    EXPECT_EQ(error_of([] { static_cast<void>(asyncio::get_running_loop()); }), "no running event loop");
}

TEST_P(EventLoopTest, LOOP_8_close) {
    loop.call_soon([&] {
        EXPECT_EQ(error_of([&] { loop.close(); }), "Cannot close a running event loop");
        EXPECT_FALSE(loop.is_closed());
    });
    run_once();
    loop.close();
    EXPECT_TRUE(loop.is_closed());
    loop.close();
    EXPECT_TRUE(loop.is_closed());
}

TEST_P(EventLoopTest, LOOP_9_after_close) {
    const std::string closed = "Event loop is closed";
    auto handle = loop.call_later(1h, [] {});
    const Clock::time_point before = loop.time();
    loop.close();
    EXPECT_EQ(error_of([&] { loop.run_forever(); }), closed);
    EXPECT_EQ(error_of([&] { loop.run_until_complete([]() -> Coro<> { co_return; }); }), closed);
    EXPECT_EQ(error_of([&] { loop.call_soon([] {}); }), closed);
    EXPECT_EQ(error_of([&] { loop.call_soon_threadsafe([] {}); }), closed);
    EXPECT_EQ(error_of([&] { loop.call_later(1s, [] {}); }), closed);
    EXPECT_EQ(error_of([&] { loop.call_at(before, [] {}); }), closed);
    EXPECT_EQ(error_of([&] { static_cast<void>(loop.create_task([]() -> Coro<> { co_return; })); }), closed);
    loop.stop();
    handle.cancel();
    EXPECT_GE(loop.time(), before);
    auto future = loop.create_future<int>();
    future.set_result(1);
    EXPECT_EQ(future.result(), 1);
    EXPECT_TRUE(asyncio::all_tasks(loop).empty());
    EXPECT_EQ(&future.get_loop(), &loop);
}

TEST_P(EventLoopTest, LOOP_17_a_timer_runs_exactly_once_and_not_early) {
    const auto begin = loop.time();
    int runs = 0;
    loop.call_later(2ms, [&] {
        ++runs;
        EXPECT_GE(loop.time() - begin, 2ms);
        loop.call_later(2ms, [&] { loop.stop(); });
    });
    loop.run_forever();
    EXPECT_EQ(runs, 1);
}

TEST_P(EventLoopTest, LOOP_17_a_timer_that_never_comes) {
    loop.call_later(Clock::duration::max(), [&] { trace("never"); });
    loop.call_later(std::chrono::duration<double>(1e300), [&] { trace("never"); });
    loop.call_at(Clock::time_point::max(), [&] { trace("never"); });
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "");
    if (simulated()) {
        EXPECT_THROW(loop.run_forever(), RuntimeError) << "stuck, although timers are set";
    }
}

TEST_P(EventLoopTest, LOOP_17_the_far_past) {
    loop.call_later(Clock::duration::min(), [&] { trace("min"); });
    loop.call_at(Clock::time_point::min(), [&] { trace("at-min"); });
    run_once();
    EXPECT_EQ(trace.str(), "at-min min");
}

TEST(EventLoopSimulated, LOOP_17_more_than_a_day) {
    asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>());
    const auto begin = loop.time();
    loop.call_later(24h * 1000, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(loop.time() - begin, 24h * 1000);
    loop.close();
}

TEST_P(EventLoopTest, LOOP_18_call_at_takes_the_clock_of_time) {
    const auto when = loop.time() + 3ms;
    loop.call_at(when, [&] {
        EXPECT_GE(loop.time(), when);
        loop.stop();
    });
    loop.run_forever();
}

TEST_P(EventLoopTest, LOOP_19_time_never_goes_back) {
    auto last = loop.time();
    for (int i = 0; i < 1000; ++i) {
        const auto now = loop.time();
        ASSERT_GE(now, last);
        last = now;
    }
    loop.run_until_complete([&]() -> Coro<> { co_await asyncio::sleep(1ms); });
    EXPECT_GE(loop.time() - last, 1ms);
}

TEST_P(EventLoopTest, LOOP_20_cancelled_timers_leave_at_once) {
    for (int round = 0; round < 3; ++round) {
        std::vector<asyncio::TimerHandle> handles;
        for (int i = 0; i < 10'000; ++i) handles.push_back(loop.call_later(1h + i * 1us, [life = lives.one()] {}));
        for (auto& handle : handles) handle.cancel();
        EXPECT_EQ(lives.now(), 0);
    }
    if (simulated()) {
        EXPECT_THROW(loop.run_forever(), RuntimeError) << "nothing is left to wait for";
    }
}

TEST_P(EventLoopTest, LOOP_24_an_exception_of_a_callback_does_not_disturb_the_others) {
    support::Reports reports(loop);
    loop.call_soon([] { throw std::runtime_error("broken"); });
    loop.call_later(0ms, [] { throw 42; });
    loop.call_soon([] { throw asyncio::CancelledError("x"); });
    loop.call_soon([&] { trace("next"); });
    run_once();
    EXPECT_EQ(trace.str(), "next");
    ASSERT_EQ(reports.contexts().size(), 3U);
    EXPECT_EQ(reports.contexts()[0].message.find("Exception in callback"), 0U);
    EXPECT_EQ(reports.contexts()[0].handle.find("<Handle"), 0U);
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::runtime_error);
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[1].exception), asyncio::CancelledError);
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[2].exception), int);
}

TEST_P(EventLoopTest, LOOP_25_interrupts_leave_the_run_and_the_rest_runs_later) {
    for (const bool exit : {false, true}) {
        trace.clear();
        loop.call_soon([&] {
            trace("first");
            if (exit) throw asyncio::SystemExit(4);
            throw asyncio::KeyboardInterrupt();
        });
        loop.call_soon([&, life = lives.one()] { trace("second"); });
        loop.call_later(0ms, [&, life = lives.one()] { trace("third"); });
        if (exit) {
            EXPECT_THROW(loop.run_forever(), asyncio::SystemExit);
        } else {
            EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
        }
        EXPECT_FALSE(loop.is_running());
        EXPECT_EQ(trace.str(), "first");
        loop.call_soon([&] { trace("fourth"); });
        run_once();
        EXPECT_EQ(trace.str(), "first second third fourth");
        EXPECT_EQ(lives.now(), 0);
    }
}

TEST_P(EventLoopTest, LOOP_25_a_stop_before_an_interrupt_is_forgotten) {
    loop.call_soon([&] {
        loop.stop();
        throw asyncio::KeyboardInterrupt();
    });
    EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
    loop.call_soon([&] { loop.call_soon([&] { loop.stop(); }); });
    loop.run_forever();
    run_once();
}

TEST_P(EventLoopTest, LOOP_26_the_exception_handler_can_be_replaced_and_restored) {
    EXPECT_FALSE(loop.get_exception_handler());
    loop.set_exception_handler([&](asyncio::EventLoop& of, const asyncio::ExceptionContext& context) {
        EXPECT_EQ(&of, &loop);
        trace(context.message);
        loop.set_exception_handler({});
    });
    EXPECT_TRUE(loop.get_exception_handler());
    asyncio::ExceptionContext context;
    context.message = "once";
    loop.call_exception_handler(context);
    EXPECT_EQ(trace.str(), "once");
    CapturedLog log;
    context.message = "default";
    loop.call_exception_handler(context);
    EXPECT_EQ(trace.str(), "once");
    EXPECT_TRUE(log.contains("default"));
}

TEST_P(EventLoopTest, LOOP_28_every_member_of_the_context_arrives_and_absent_ones_are_empty) {
    std::vector<asyncio::ExceptionContext> seen;
    loop.set_exception_handler(
        [&](asyncio::EventLoop&, const asyncio::ExceptionContext& context) { seen.push_back(context); });
    const auto error = std::make_exception_ptr(std::runtime_error("x"));
    loop.call_exception_handler({"m", error, "f", "t", "h", "p", "tr", "s", "g", "st"});
    loop.call_exception_handler({});
    ASSERT_EQ(seen.size(), 2U);
    const auto& all = seen[0];
    EXPECT_EQ(all.message + all.future + all.task + all.handle + all.protocol + all.transport + all.socket +
                  all.asyncgen + all.source_traceback,
              "mfthptrsgst");
    EXPECT_EQ(all.exception, error);
    const auto& none = seen[1];
    EXPECT_EQ(none.message + none.future + none.task + none.handle + none.protocol + none.transport + none.socket +
                  none.asyncgen + none.source_traceback,
              "");
    EXPECT_FALSE(none.exception);
    loop.set_exception_handler({});
    CapturedLog log;
    loop.call_exception_handler({"m", error, "f", "t", "h", "p", "tr", "s", "g", "st"});
    for (const char* line : {"asyncgen: g", "future: f", "handle: h", "protocol: p", "socket: s",
                             "Handle created at st", "task: t", "transport: tr", "x"})
        EXPECT_TRUE(log.contains(line)) << line;
}

TEST_P(EventLoopTest, LOOP_27_the_default_handler_logs_at_error_level) {
    CapturedLog log;
    asyncio::ExceptionContext context;
    context.transport = "<transport>";
    context.future = "<Future>";
    context.exception = std::make_exception_ptr(std::runtime_error("the reason"));
    loop.default_exception_handler(context);
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_EQ(log.lines()[0].level, asyncio::LogLevel::error);
    const std::string text = log.text();
    EXPECT_EQ(text.find("Unhandled exception in event loop"), 0U);
    EXPECT_LT(text.find("future: <Future>"), text.find("transport: <transport>")) << "sorted";
    EXPECT_NE(text.find("the reason"), std::string::npos);
}

TEST_P(EventLoopTest, LOOP_29_a_handler_that_throws) {
    CapturedLog log;
    loop.set_exception_handler([](auto&, const auto&) { throw std::runtime_error("handler"); });
    loop.call_soon([] { throw std::runtime_error("callback"); });
    loop.call_soon([&] { trace("next"); });
    run_once();
    EXPECT_EQ(trace.str(), "next");
    EXPECT_TRUE(log.contains("Unhandled error in exception handler")) << log.text();
    EXPECT_TRUE(log.contains("handler")) << log.text();
    EXPECT_TRUE(log.contains("callback")) << log.text();
}

TEST_P(EventLoopTest, LOOP_29_an_interrupt_from_a_handler_leaves_the_loop) {
    loop.set_exception_handler([](auto&, const auto&) { throw asyncio::SystemExit(1); });
    loop.call_soon([] { throw std::runtime_error("callback"); });
    loop.call_soon([&] { trace("rest"); });
    EXPECT_THROW(loop.run_forever(), asyncio::SystemExit);
    EXPECT_EQ(trace.str(), "");
    run_once();
    EXPECT_EQ(trace.str(), "rest");
}

TEST_P(EventLoopTest, LOOP_31_debug_takes_effect_while_running) {
    CapturedLog log;
    loop.slow_callback_duration = 0ms;  // each step is slow
    loop.call_soon([&] {
        loop.set_debug(true);
        EXPECT_TRUE(loop.get_debug());
        loop.call_soon([] {});
        loop.call_soon([&] {
            loop.set_debug(false);
            loop.call_soon([] {});
            loop.call_soon([&] { loop.stop(); });
        });
    });
    loop.run_forever();
    ASSERT_EQ(log.lines().size(), 2U) << "what began in debug mode:\n" << log.text();
    for (const auto& line : log.lines()) EXPECT_EQ(line.level, asyncio::LogLevel::warning);
    EXPECT_TRUE(log.contains("Executing <Handle")) << log.text();
}

TEST_P(EventLoopTest, LOOP_32_slow_steps_of_tasks_are_reported_by_name) {
    CapturedLog log;
    loop.set_debug(true);
    EXPECT_EQ(loop.slow_callback_duration, 100ms);
    loop.slow_callback_duration = 1ms;
    run(loop.create_task(
        []() -> Coro<> {
            std::this_thread::sleep_for(3ms);
            co_return;
        },
        {.name = "sluggish"}));
    EXPECT_TRUE(log.contains("Executing <Task")) << log.text();
    EXPECT_TRUE(log.contains("sluggish")) << log.text();
}

TEST_P(EventLoopTest, LOOP_33_created_here_and_run_in_another_thread) {
    auto task = loop.create_task([]() -> Coro<int> {
        co_await asyncio::sleep(1ms);
        co_return 5;
    });
    std::thread runner([&] { EXPECT_EQ(loop.run_until_complete(task), 5); });
    runner.join();
    EXPECT_EQ(run(task), 5) << "and again here";
}

TEST_P(EventLoopTest, RUN_nested_loops_of_other_threads_do_not_disturb) {
    loop.call_soon([&] {
        std::thread([&] {
            auto other = support::make_loop(GetParam());
            other->run_until_complete([]() -> Coro<> { co_await asyncio::sleep(1ms); });
            other->close();
        }).join();
        EXPECT_EQ(&asyncio::get_running_loop(), &loop);
        loop.stop();
    });
    loop.run_forever();
}

TEST_P(EventLoopTest, a_stuck_loop_says_which_tasks_are_blocked) {
    if (!simulated()) GTEST_SKIP() << "a real loop would wait for other threads";
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> { co_await future; }, {.name = "blocked one"});
    const std::string message = error_of([&] { run(task); });
    EXPECT_NE(message.find("blocked one"), std::string::npos) << message;
    EXPECT_NE(message.find("event_loop_test.cpp"), std::string::npos) << message;
    EXPECT_FALSE(loop.is_running());
    future.set_result();
    run(task);
}

}  // namespace
