// Coroutines: section 3 of the specification.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using asyncio::Coro;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

class CoroTest : public support::OnEachDriver {
protected:
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(CoroTest);

static_assert(!std::is_copy_constructible_v<Coro<int>> && std::is_nothrow_move_constructible_v<Coro<int>>, "CORO-1");
static_assert(std::is_same_v<asyncio::AwaitResult<Coro<int>>, int>);
static_assert(std::is_same_v<asyncio::AwaitResult<Coro<int&>>, int&>);
static_assert(std::is_same_v<asyncio::AwaitResult<asyncio::Future<int>&>, int>);
static_assert(asyncio::Awaitable<asyncio::Task<void>> && !asyncio::Awaitable<int> && !asyncio::Awaitable<std::string>);

TEST_P(CoroTest, CORO_1_calling_runs_nothing) {
    const auto body = [&]() -> Coro<> {
        trace("ran");
        co_return;
    };
    auto coroutine = body();
    EXPECT_EQ(trace.str(), "");
    run(std::move(coroutine));
    EXPECT_EQ(trace.str(), "ran");
}

TEST_P(CoroTest, CORO_2_runs_inline_in_the_same_task_without_a_hop) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        const auto outer = asyncio::current_task();
        const int before = ticks.now();
        const auto child = [&]() -> Coro<int> {
            EXPECT_EQ(asyncio::current_task(), outer);
            co_return ticks.now();
        };
        EXPECT_EQ(co_await child(), before);
        EXPECT_EQ(ticks.now(), before);
    });
}

TEST_P(CoroTest, CORO_2_an_exception_passes_through) {
    const auto fails = []() -> Coro<int> {
        co_await asyncio::sleep(0ms);
        throw std::out_of_range("child");
    };
    const auto middle = [&]() -> Coro<int> { co_return co_await fails() + 1; };
    EXPECT_THROW(run(middle()), std::out_of_range);
}

TEST_P(CoroTest, CORO_3_operands_are_evaluated_one_after_the_other) {
    const auto say = [&](std::string text) -> Coro<std::string> {
        trace("begin-", text);
        co_await asyncio::sleep(0ms);
        trace("end-", text);
        co_return text;
    };
    const auto both = [&]() -> Coro<std::string> {
        // C++ leaves the order of the operands of + open; a statement each fixes it.
        const std::string first = co_await say("Hello");
        co_return first + co_await say("World");
    };
    EXPECT_EQ(run(both()), "HelloWorld");
    EXPECT_EQ(trace.str(), "begin-Hello end-Hello begin-World end-World");
}

TEST_P(CoroTest, CORO_4_a_second_await) {
    run([&]() -> Coro<> {
        const auto one = []() -> Coro<int> { co_return 1; };
        auto coroutine = one();
        EXPECT_EQ(co_await coroutine, 1);
        try {
            co_await coroutine;
            ADD_FAILURE();
        } catch (const asyncio::RuntimeError& error) {
            EXPECT_STREQ(error.what(), "cannot reuse already awaited coroutine");
        }
        auto moved_from = one();
        auto moved_to = std::move(moved_from);
        EXPECT_THROW(co_await std::move(moved_from), asyncio::RuntimeError);
        EXPECT_EQ(co_await std::move(moved_to), 1);
    });
}

TEST_P(CoroTest, CORO_4_a_task_of_an_awaited_coroutine) {
    auto coroutine = [&]() -> Coro<> { co_return; }();
    coroutine.close();
    EXPECT_THROW(static_cast<void>(loop.create_task(std::move(coroutine))), asyncio::RuntimeError);
    EXPECT_TRUE(asyncio::all_tasks(loop).empty());
}

Coro<> forgotten_function() {
    co_return;
}

TEST_P(CoroTest, CORO_5_never_awaited_in_debug_mode) {
    CapturedLog log;
    static_cast<void>(forgotten_function());
    EXPECT_EQ(log.text(), "") << "not without debug mode";
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;  // finding the line in the program's debug information takes a while
    loop.call_soon([&] {
        static_cast<void>(forgotten_function());
        loop.stop();
    });
    loop.run_forever();
    EXPECT_TRUE(log.contains("coroutine")) << log.text();
    EXPECT_TRUE(log.contains("forgotten_function")) << log.text();
    EXPECT_TRUE(log.contains("was never awaited")) << log.text();
    EXPECT_TRUE(log.contains("coro_test.cpp")) << log.text();
    EXPECT_EQ(log.lines().size(), 1U);
}

TEST_P(CoroTest, CORO_6_not_reported) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    loop.call_soon([&] {
        auto closed = forgotten_function();
        closed.close();
        closed.close();
        auto cancelled = loop.create_task(forgotten_function());
        cancelled.cancel();
        loop.call_soon([&] { loop.stop(); });
    });
    loop.run_forever();
    EXPECT_EQ(log.text(), "");
}

TEST_P(CoroTest, CORO_6_reported_when_create_task_finds_no_loop) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;  // finding the line in the program's debug information takes a while
    loop.call_soon([&] {
        auto other = support::make_loop(GetParam());
        other->close();
        EXPECT_THROW(static_cast<void>(other->create_task(forgotten_function())), asyncio::RuntimeError);
        loop.stop();
    });
    loop.run_forever();
    EXPECT_TRUE(log.contains("was never awaited")) << log.text();
}

TEST_P(CoroTest, CORO_7_close_destroys_the_arguments) {
    const auto takes = [](support::Lives::One) -> Coro<> { co_return; };
    auto coroutine = takes(lives.one());
    EXPECT_EQ(lives.now(), 1);
    coroutine.close();
    EXPECT_EQ(lives.now(), 0);
    auto assigned = takes(lives.one());
    assigned = takes(lives.one());
    EXPECT_EQ(lives.now(), 1);
    auto& alias = assigned;
    assigned = std::move(alias);
    EXPECT_EQ(lives.now(), 1);
    assigned.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(CoroTest, CORO_8_send_runs_to_the_end_without_a_loop) {
    const auto child = [](int n) -> Coro<int> { co_return n + 1; };
    const auto parent = [&](support::Lives::One) -> Coro<std::string> {
        int n = 0;
        for (int i = 0; i < 3; ++i) n = co_await child(n);
        co_return std::to_string(n);
    };
    auto coroutine = parent(lives.one());
    EXPECT_EQ(coroutine.send(), "3");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_THROW(coroutine.send(), asyncio::RuntimeError);
    const auto fails = []() -> Coro<> {
        throw std::out_of_range("body");
        co_return;
    };
    EXPECT_THROW(fails().send(), std::out_of_range);
}

TEST_P(CoroTest, CORO_8_send_does_not_wait) {
    const auto waits = [&](support::Lives::One) -> Coro<> {
        try {
            co_await asyncio::sleep(1ms);
        } catch (const asyncio::RuntimeError& error) {
            trace(error.what());
            throw;
        }
    };
    EXPECT_THROW(waits(lives.one()).send(), asyncio::RuntimeError);
    EXPECT_EQ(trace.str(), "no running event loop");
    trace.clear();
    run([&]() -> Coro<> {
        EXPECT_THROW(waits(lives.one()).send(), asyncio::RuntimeError);
        co_await asyncio::sleep(0ms);
        trace("goes on");
    });
    EXPECT_EQ(trace.str(), "await was used outside of a task goes on");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(CoroTest, CORO_8_send_at_a_foreign_awaitable) {
    struct Foreign : std::suspend_always {
        using asyncio_awaiter = void;  // a promise that it does not keep
    };
    const auto inner = [](support::Lives::One) -> Coro<> { co_await Foreign(); };
    const auto outer = [&]() -> Coro<> { co_await inner(lives.one()); };
    EXPECT_THROW(outer().send(), asyncio::RuntimeError);
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(CoroTest, CORO_9_values_are_copied_into_the_frame) {
    const auto takes = [](std::string text) -> Coro<std::string> {
        co_await asyncio::sleep(1ms);
        co_return text;
    };
    std::string text(100, 'a');
    auto task = loop.create_task(takes(text));
    text.assign(100, 'b');
    EXPECT_EQ(run(task), std::string(100, 'a'));
}

TEST_P(CoroTest, CORO_10_iscoroutine) {
    auto coroutine = forgotten_function();
    static_assert(!asyncio::iscoroutine(1));
    EXPECT_TRUE(asyncio::iscoroutine(coroutine));
    EXPECT_FALSE(asyncio::iscoroutine(loop.create_future<int>()));
    EXPECT_FALSE(asyncio::iscoroutine(forgotten_function));
    coroutine.close();
}

TEST_P(CoroTest, locals_and_arguments_are_destroyed_when_it_ends) {
    run([&]() -> Coro<> {
        const auto child = [](support::Lives::One argument) -> Coro<int> {
            const auto local = argument;
            co_await asyncio::sleep(0ms);
            co_return 1;
        };
        EXPECT_EQ(co_await child(lives.one()), 1);
        EXPECT_EQ(lives.now(), 0);
        const auto fails = [](support::Lives::One argument) -> Coro<int> {
            const auto local = argument;
            co_await asyncio::sleep(0ms);
            throw std::runtime_error("x");
        };
        try {
            co_await fails(lives.one());
        } catch (const std::runtime_error&) {
            EXPECT_EQ(lives.now(), 0) << "the child's frame goes before the handler runs";
        }
        EXPECT_EQ(lives.now(), 0);
    });
}

TEST_P(CoroTest, a_result_whose_construction_throws) {
    struct Throws {
        Throws() = default;
        Throws(const Throws&) { throw std::runtime_error("copy"); }
    };
    EXPECT_THROW(run([]() -> Coro<> {
                     const auto child = []() -> Coro<Throws> {
                         const Throws value;
                         co_return value;
                     };
                     co_await child();
                 }),
                 std::runtime_error);
}

TEST_P(CoroTest, children_in_loops_conditions_and_arguments) {
    const auto next = [n = 0]() mutable -> Coro<int> { co_return ++n; };
    run([&]() -> Coro<> {
        auto counter = next;
        int sum = 0;
        while (co_await counter() < 5) sum += co_await counter();
        EXPECT_EQ(sum, 2 + 4);
        const auto add = [](int a, int b) -> Coro<int> { co_return a + b; };
        const int left = co_await add(1, 2);
        EXPECT_EQ(co_await add(left, co_await add(3, 4)), 10);
        EXPECT_TRUE(co_await add(0, 0) == 0 && co_await add(1, 1) == 2);
    });
}

}  // namespace
