// What is meant to differ from CPython: section 24 of the specification; see docs/differences.md.

#include "../../examples/foreign_loop/poll_driver.hpp"
#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::sleep;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

class Differences : public support::OnEachDriver {
protected:
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER(Differences);

TEST_P(Differences, DEV_2_the_loop_keeps_a_task_that_nobody_holds) {
    run([&]() -> Coro<> {
        auto ran = loop.create_future<void>();
        static_cast<void>(asyncio::create_task([&]() -> Coro<> {
            co_await sleep(1ms);
            trace("ran");
            ran.set_result();
        }));
        co_await asyncio::wait_for(ran, 1min);
    });
    EXPECT_EQ(trace.str(), "ran");
}

TEST_P(Differences, DEV_4_the_cause_of_a_timeout_is_the_only_chain) {
    run([]() -> Coro<> {
        try {
            co_await asyncio::wait_for(sleep(1h), 1ms);
            ADD_FAILURE();
        } catch (const asyncio::TimeoutError& error) {
            EXPECT_THROW(std::rethrow_exception(error.cause()), CancelledError);
        }
    });
}

template <class A>
concept CanSpawn = requires(A argument) { asyncio::ensure_future(argument); };
template <class A>
concept CanSchedule = requires(asyncio::EventLoop& loop, A argument) { loop.call_soon(argument); };
template <class A>
concept CanCancelWith = requires(asyncio::Future<int>& future, A message) { future.cancel(message); };

TEST(DifferencesOfTypes, DEV_6_what_is_a_type_error_in_python_does_not_compile) {
    static_assert(!asyncio::Awaitable<int> && asyncio::Awaitable<Coro<int>>);
    static_assert(!CanSpawn<int> && CanSpawn<asyncio::Future<int>>);
    static_assert(!CanSchedule<int> && CanSchedule<void (*)()>);
}

TEST(DifferencesOfTypes, DEV_11_the_message_of_a_cancellation_is_text) {
    static_assert(!CanCancelWith<int> && CanCancelWith<std::string>);
    asyncio::EventLoop loop;
    auto future = loop.create_future<int>();
    future.cancel("why");
    try {
        static_cast<void>(future.result());
        ADD_FAILURE();
    } catch (const CancelledError& error) {
        EXPECT_EQ(error.message(), "why");
    }
    loop.close();
}

TEST_P(Differences, DEV_7_frames_end_with_their_loop_and_destructors_run) {
    CapturedLog log;
    static_cast<void>(loop.create_task([life = lives.one()]() -> Coro<> {
        co_await sleep(1h);  // whatever awaits after this never runs
        ADD_FAILURE();
    }));
    run_once();
    EXPECT_EQ(lives.now(), 1);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(log.contains("Task was destroyed but it is pending!"));
}

TEST(DifferencesOfLoops, DEV_8_get_event_loop_makes_one_in_the_first_thread) {
    asyncio::set_event_loop_policy(nullptr);  // never set there
    asyncio::EventLoop& made = asyncio::get_event_loop();
    EXPECT_EQ(&asyncio::get_event_loop(), &made) << "made once, and set";
    made.close();
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), asyncio::RuntimeError) << "set to none";
    std::thread([] { EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), asyncio::RuntimeError); }).join();
    asyncio::set_event_loop_policy(nullptr);
}

/// What a driver on io_uring does: it belongs to the thread that runs it first.
class BoundDriver final : public foreign::PollDriver {
public:
    void wait(asyncio::Clock::time_point deadline) override {
        if (thread_ == std::thread::id()) thread_ = std::this_thread::get_id();
        if (thread_ != std::this_thread::get_id()) throw asyncio::RuntimeError("the driver belongs to another thread");
        PollDriver::wait(deadline);
    }

private:
    std::thread::id thread_;
};

TEST(DifferencesOfLoops, DEV_12_a_driver_may_refuse_another_thread_and_nothing_has_happened) {
    support::Trace trace;
    asyncio::EventLoop loop(std::make_unique<BoundDriver>());
    const auto run_once = [&] {
        loop.stop();
        loop.run_forever();
    };
    loop.call_soon([&] { trace("first"); });
    run_once();
    loop.call_soon([&] { trace("second"); });
    auto timer = loop.call_later(0ms, [&] { trace("timer"); });
    auto task = loop.create_task([&]() -> Coro<int> {
        trace("task");
        co_return 7;
    });
    std::thread([&] {
        EXPECT_THROW(run_once(), asyncio::RuntimeError);
        EXPECT_THROW(static_cast<void>(asyncio::get_running_loop()), asyncio::RuntimeError);
    }).join();
    EXPECT_FALSE(loop.is_running());
    EXPECT_EQ(trace.str(), "first");
    EXPECT_EQ(loop.run_until_complete(task), 7);
    EXPECT_EQ(trace.str(), "first second task timer");
    loop.close();
}

TEST(DifferencesOfRun, DEV_9_tasks_made_during_the_sweep_are_swept_too) {
    support::Trace trace;
    const auto spawned = [&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace("swept");
            throw;
        }
    };
    const auto spawner = [&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            static_cast<void>(asyncio::create_task(spawned));
            throw;
        }
    };
    asyncio::run([&]() -> Coro<> {
        static_cast<void>(asyncio::create_task(spawner));
        co_await sleep(0ms);
    });
    EXPECT_EQ(trace.str(), "swept");
}

TEST_P(Differences, DEV_13_a_failed_precondition_leaves_everything_as_it_was) {
    auto future = loop.create_future<std::string>();
    future.set_result("first");
    EXPECT_THROW(future.set_result("second"), asyncio::InvalidStateError);
    EXPECT_THROW(future.set_exception(std::runtime_error("third")), asyncio::InvalidStateError);
    EXPECT_EQ(future.result(), "first");
    loop.call_soon([&] {
        EXPECT_THROW(loop.run_forever(), asyncio::RuntimeError);
        EXPECT_THROW(loop.close(), asyncio::RuntimeError);
        EXPECT_TRUE(loop.is_running());
        EXPECT_FALSE(loop.is_closed());
    });
    run_once();
    EXPECT_FALSE(loop.is_running());
}

}  // namespace
