// Cancellation of tasks: sections 1 and 9 of the specification, error paths first.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using namespace std::chrono_literals;

class Cancel : public support::OnEachDriver {
protected:
    support::Trace trace;

    /// Awaits and notes how it ended.
    template <class Awaitable>
    Coro<> note(std::string name, Awaitable awaitable) {
        try {
            co_await awaitable;
            trace(name, ":ok");
        } catch (const CancelledError& error) {
            trace(name, ":cancelled(", error.message(), ")");
            throw;
        }
    }
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Cancel);

TEST_P(Cancel, EXC_1_a_handler_of_std_exception_does_not_swallow_it) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await future;
        } catch (const std::exception&) {
            trace("swallowed");
        }
    });
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(trace.str(), "");
}

TEST_P(Cancel, TASK_8_only_asks) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> { co_await future; });
    run_once();
    EXPECT_TRUE(task.cancel());
    EXPECT_FALSE(task.cancelled());
    EXPECT_FALSE(task.done());
    EXPECT_EQ(task.cancelling(), 1U);
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(task.cancel());
    EXPECT_EQ(task.cancelling(), 1U) << "TASK-19: kept, and not raised by a refused request";
}

TEST_P(Cancel, TASK_9_before_the_first_step_the_body_never_runs) {
    support::Ticks ticks(loop);
    support::Lives lives;
    int stepped = 0;
    auto task = loop.create_task([&, life = lives.one()]() -> Coro<> {
        trace("body");
        co_return;
    });
    task.add_done_callback([&](const auto& done) {
        stepped = ticks.now();
        EXPECT_TRUE(done.cancelled());
    });
    EXPECT_TRUE(task.cancel("a"));
    EXPECT_TRUE(task.cancel("b"));
    EXPECT_EQ(task.cancelling(), 2U);
    run_once();
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(stepped, 0);
    run_once();
    EXPECT_EQ(stepped, 2);
    EXPECT_EQ(trace.str(), "");
    try {
        task.result();
        FAIL();
    } catch (const CancelledError& error) {
        EXPECT_EQ(error.message(), "b");
    }
}

TEST_P(Cancel, ORD_16_suspended_on_a_pending_future) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<void>();
    int thrown = 0;
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await future;
        } catch (const CancelledError& error) {
            thrown = ticks.now();
            trace(error.message());
            throw;
        }
    });
    int cancelled = 0;
    loop.call_soon([&] {
        loop.call_soon([&] {
            cancelled = ticks.now();
            EXPECT_TRUE(task.cancel("msg"));
            EXPECT_TRUE(future.cancelled()) << "TASK-10: at once";
        });
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(thrown - cancelled, 1);
    EXPECT_EQ(trace.str(), "msg");
}

TEST_P(Cancel, ORD_16_through_a_chain_of_tasks) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<void>();
    auto inner = loop.create_task([&]() -> Coro<> {
        try {
            co_await future;
        } catch (const CancelledError&) {
            trace("inner", ticks.now());
            throw;
        }
    });
    auto middle = loop.create_task([&]() -> Coro<> {
        try {
            co_await inner;
        } catch (const CancelledError&) {
            trace("middle", ticks.now());
            throw;
        }
    });
    auto outer = loop.create_task([&]() -> Coro<> {
        try {
            co_await middle;
        } catch (const CancelledError& error) {
            trace("outer", ticks.now());
            EXPECT_EQ(error.message(), "deep");
            throw;
        }
    });
    run_once();
    outer.cancel("deep");
    EXPECT_EQ(inner.cancelling() + middle.cancelling() + outer.cancelling(), 3U);
    EXPECT_THROW(run(outer), CancelledError);
    EXPECT_EQ(trace.str(), "inner2 middle3 outer4");
}

TEST_P(Cancel, ORD_17_a_task_already_chosen_to_run_sees_it_in_the_same_iteration) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<std::string>();
    auto task = loop.create_task([&]() -> Coro<std::string> {
        try {
            co_return co_await future;
        } catch (const CancelledError& error) {
            trace(error.message(), ticks.now());
            throw;
        }
    });
    run_once();
    loop.call_soon([&] {
        loop.call_soon([&] {
            trace("cancel", ticks.now());
            EXPECT_TRUE(task.cancel("won"));
        });
        future.set_result("lost");  // the wake-up goes behind the canceller
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "cancel3 won3");
    EXPECT_EQ(future.result(), "lost") << "TASK-11: the result stays in the future";
}

TEST_P(Cancel, TASK_11_cancel_of_a_task_that_waits_for_a_done_future) {
    auto future = loop.create_future<int>();
    auto task = loop.create_task([&]() -> Coro<int> { co_return co_await future; });
    run_once();
    future.set_result(1);
    EXPECT_TRUE(task.cancel("late"));
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(future.result(), 1);
}

TEST_P(Cancel, TASK_11_cancellation_replaces_an_exception_which_counts_as_taken) {
    support::Reports reports(loop);
    {
        auto future = loop.create_future<int>();
        auto task = loop.create_task([&]() -> Coro<int> { co_return co_await future; });
        run_once();
        future.set_exception(std::runtime_error("hidden"));
        EXPECT_TRUE(task.cancel());
        EXPECT_THROW(run(task), CancelledError);
    }
    EXPECT_TRUE(reports.contexts().empty()) << reports.messages().front();
}

TEST_P(Cancel, TASK_11_cancel_of_a_task_that_waits_for_a_done_task) {
    auto inner = loop.create_task([]() -> Coro<int> {
        co_await asyncio::sleep(0ms);
        co_return 5;
    });
    auto outer = loop.create_task([&]() -> Coro<int> { co_return co_await inner; });
    inner.add_done_callback([&](const auto&) { EXPECT_TRUE(outer.cancel("x")); });  // before the wake-up
    EXPECT_THROW(run(outer), CancelledError);
    EXPECT_EQ(inner.result(), 5);
    EXPECT_EQ(inner.cancelling(), 0U);
}

TEST_P(Cancel, TASK_12_two_cancels_while_pending_give_one_error_with_the_first_message) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> {
        for (int i = 0; i < 2; ++i) {
            try {
                co_await future;
                trace("result");
            } catch (const CancelledError& error) {
                trace(error.message());
                future = loop.create_future<void>();
                future.set_result();
            }
        }
        co_await asyncio::sleep(0ms);
    });
    run_once();
    EXPECT_TRUE(task.cancel("first"));
    EXPECT_TRUE(task.cancel("second"));
    run(task);
    EXPECT_EQ(trace.str(), "first result");
    EXPECT_EQ(task.cancelling(), 2U);
    EXPECT_FALSE(task.cancelled());
}

TEST_P(Cancel, TASK_12_two_cancels_with_the_wakeup_queued_give_one_error_with_the_last_message) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await future;
        } catch (const CancelledError& error) {
            trace(error.message());
        }
        co_await asyncio::sleep(0ms);
        trace("on");
    });
    run_once();
    future.set_result();
    EXPECT_TRUE(task.cancel("first"));
    EXPECT_TRUE(task.cancel("second"));
    run(task);
    EXPECT_EQ(trace.str(), "second on");
}

TEST_P(Cancel, TASK_12_two_cancels_of_a_sleeper_give_one_error_with_the_first_message) {
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError& error) {
            trace(error.message());
        }
        co_await asyncio::sleep(0ms);
        trace("on");
    });
    run_once();
    EXPECT_TRUE(task.cancel("first"));
    EXPECT_TRUE(task.cancel("second"));
    run(task);
    EXPECT_EQ(trace.str(), "first on");
}

TEST_P(Cancel, TASK_12_cancels_in_different_iterations_give_two_errors) {
    auto task = loop.create_task([&]() -> Coro<> {
        for (const char* name : {"one", "two", "three"}) {
            try {
                co_await asyncio::sleep(1ms);
                trace(name);
            } catch (const CancelledError& error) {
                trace(name, "-", error.message());
            }
        }
    });
    run_once();
    task.cancel("a");
    run_once();
    task.cancel("b");
    run(task);
    EXPECT_EQ(trace.str(), "one-a two-b three");
    EXPECT_EQ(task.cancelling(), 2U);
}

TEST_P(Cancel, TASK_13_caught_and_not_rethrown_the_task_goes_on) {
    auto task = loop.create_task([&]() -> Coro<int> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError&) {
            trace("refused");
        }
        co_await asyncio::sleep(1ms);
        co_return 4;
    });
    run_once();
    task.cancel();
    EXPECT_EQ(run(task), 4);
    EXPECT_FALSE(task.cancelled());
    EXPECT_EQ(task.cancelling(), 1U);
}

TEST_P(Cancel, TASK_14_replaced_by_another_exception) {
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError&) {
            throw std::out_of_range("instead");
        }
    });
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), std::out_of_range);
    EXPECT_FALSE(task.cancelled());
}

TEST_P(Cancel, TASK_15_thrown_by_the_coroutine_itself) {
    auto task = loop.create_task([]() -> Coro<int> {
        throw CancelledError("own");
        co_return 1;
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(task.cancelling(), 0U);
}

// A derived class would be taken for a failure, because tasks recognise a cancellation by its type.
static_assert(std::is_final_v<CancelledError>);

TEST_P(Cancel, TASK_16_self_cancel_is_thrown_where_it_really_suspends) {
    support::Ticks ticks(loop);
    auto done = loop.create_future<void>();
    done.set_result();
    auto task = loop.create_task([&]() -> Coro<> {
        asyncio::current_task()->cancel("self");
        co_await done;
        trace("done-passes");
        co_await []() -> Coro<> { co_return; }();
        trace("coro-passes");
        const int before = ticks.now();
        try {
            co_await asyncio::sleep(0ms);
        } catch (const CancelledError& error) {
            trace(error.message(), ticks.now() - before);
            throw;
        }
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "done-passes coro-passes self1");
}

TEST_P(Cancel, TASK_16_self_cancel_then_a_sleep_that_takes_time) {
    support::Ticks ticks(loop);
    auto task = loop.create_task([&]() -> Coro<> {
        asyncio::current_task()->cancel("self");
        const int before = ticks.now();
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError& error) {
            trace(error.message(), ticks.now() - before);
            throw;
        }
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "self1");
}

TEST_P(Cancel, TASK_16_self_cancel_then_return_is_cancelled_and_the_value_lost) {
    auto task = loop.create_task([]() -> Coro<int> {
        asyncio::current_task()->cancel("m");
        co_return 1;
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_THROW(task.result(), CancelledError);
}

TEST_P(Cancel, TASK_16_self_cancel_then_another_exception_fails_with_that) {
    auto task = loop.create_task([]() -> Coro<int> {
        asyncio::current_task()->cancel();
        throw std::invalid_argument("v");
        co_return 1;
    });
    EXPECT_THROW(run(task), std::invalid_argument);
    EXPECT_FALSE(task.cancelled());
}

TEST_P(Cancel, TASK_17_self_cancel_then_a_pending_future_cancels_it_in_the_same_step) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<void>();
    int left = 0;
    auto task = loop.create_task([&]() -> Coro<> {
        asyncio::current_task()->cancel("self");
        left = ticks.now();
        try {
            co_await future;
        } catch (const CancelledError& error) {
            trace(error.message(), ticks.now() - left);
            throw;
        }
    });
    loop.call_soon([&] {
        EXPECT_TRUE(future.cancelled());
        EXPECT_EQ(ticks.now(), left);
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "self1");
}

TEST_P(Cancel, TASK_17_self_cancel_then_a_gathering_that_is_being_cancelled_throws_what_that_ends_with) {
    auto task = loop.create_task([&]() -> Coro<> {
        auto gathering = asyncio::gather(loop.create_future<int>());
        gathering.cancel("first");
        asyncio::current_task()->cancel("second");
        co_await note("await", gathering);
    });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "await:cancelled(first)");
}

TEST_P(Cancel, TASK_17_self_cancel_then_a_pending_task_cancels_that) {
    auto inner = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(1h); });
    auto outer = loop.create_task([&]() -> Coro<> {
        asyncio::current_task()->cancel("self");
        co_await inner;
    });
    EXPECT_THROW(run(outer), CancelledError);
    EXPECT_TRUE(inner.cancelled());
    EXPECT_EQ(inner.cancelling(), 1U);
}

TEST_P(Cancel, TASK_18_a_second_cancel_during_cleanup_throws_there) {
    auto task = loop.create_task([&]() -> Coro<> {
        std::exception_ptr first;
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError& error) {
            trace(error.message());
            first = std::current_exception();
        }
        try {
            co_await asyncio::sleep(1h);
            trace("cleaned");
        } catch (const CancelledError& error) {
            trace(error.message());
        }
        std::rethrow_exception(first);
    });
    run_once();
    task.cancel("a");
    run_once();
    task.cancel("b");
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "a b");
}

TEST_P(Cancel, TASK_10_an_inner_task_that_refuses_leaves_the_outer_its_value) {
    auto inner = loop.create_task([]() -> Coro<int> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError&) {
        }
        co_await asyncio::sleep(0ms);
        co_return 3;
    });
    auto outer = loop.create_task([&]() -> Coro<int> { co_return co_await inner; });
    run_once();
    EXPECT_TRUE(outer.cancel());
    EXPECT_EQ(run(outer), 3);
    EXPECT_FALSE(outer.cancelled());
    EXPECT_EQ(outer.cancelling(), 1U);
    EXPECT_EQ(inner.cancelling(), 1U);
}

TEST_P(Cancel, TASK_20_uncancel_counts_down_to_zero_and_no_further) {
    auto task = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(1h); });
    run_once();
    EXPECT_EQ(task.uncancel(), 0U);
    task.cancel();
    task.cancel();
    EXPECT_EQ(task.uncancel(), 1U);
    EXPECT_EQ(task.uncancel(), 0U);
    EXPECT_EQ(task.uncancel(), 0U);
    EXPECT_THROW(run(task), CancelledError);
}

TEST_P(Cancel, TASK_20_uncancel_drops_a_cancellation_that_was_not_thrown) {
    auto task = loop.create_task([]() -> Coro<int> {
        auto self = asyncio::current_task().value();
        self.cancel();
        EXPECT_EQ(self.uncancel(), 0U);
        co_await asyncio::sleep(0ms);
        co_return 6;
    });
    EXPECT_EQ(run(task), 6);
}

TEST_P(Cancel, TASK_20_uncancel_of_one_of_two_keeps_the_cancellation) {
    auto task = loop.create_task([]() -> Coro<int> {
        auto self = asyncio::current_task().value();
        self.cancel();
        self.cancel();
        EXPECT_EQ(self.uncancel(), 1U);
        co_await asyncio::sleep(0ms);
        co_return 6;
    });
    EXPECT_THROW(run(task), CancelledError);
}

TEST_P(Cancel, TASK_21_uncancel_while_pending_does_not_help) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> { co_await future; });
    run_once();
    task.cancel();
    EXPECT_EQ(task.uncancel(), 0U);
    EXPECT_THROW(run(task), CancelledError);
}

TEST_P(Cancel, TASK_21_uncancel_with_only_the_wakeup_queued_helps) {
    auto future = loop.create_future<int>();
    auto task = loop.create_task([&]() -> Coro<int> { co_return co_await future; });
    auto fresh = loop.create_task([]() -> Coro<int> { co_return 8; });
    fresh.cancel();
    fresh.uncancel();
    run_once();
    future.set_result(7);
    task.cancel();
    task.uncancel();
    EXPECT_EQ(run(task), 7);
    EXPECT_EQ(run(fresh), 8) << "before the first step";
}

TEST_P(Cancel, TASK_22_the_message_arrives_inside_and_at_the_awaiter) {
    auto inner = loop.create_task(note("inner", asyncio::Future<void>(loop)));
    auto outer = loop.create_task(note("outer", inner));
    run_once();
    run_once();
    inner.cancel("why");
    EXPECT_THROW(run(outer), CancelledError);
    EXPECT_EQ(trace.str(), "inner:cancelled(why) outer:cancelled(why)");
    EXPECT_EQ(outer.cancelling(), 0U) << "TASK-23";
    EXPECT_TRUE(outer.cancelled());
    for (int i = 0; i < 2; ++i) {
        try {
            inner.result();
            FAIL();
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "why") << "DEV-5: kept";
        }
    }
}

TEST_P(Cancel, TASK_24_a_cancelled_sleeper_leaves_no_timer) {
    auto task = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(1h); });
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    bool woken = false;
    loop.call_later(1ms, [&] {
        woken = true;
        loop.stop();
    });
    loop.run_forever();
    EXPECT_TRUE(woken);
    if (simulated()) {
        EXPECT_THROW(loop.run_forever(), asyncio::RuntimeError) << "nothing is left to wait for";
    }
}

TEST(CancelSimulated, TASK_24_a_sleeper_whose_timer_is_due_in_this_iteration) {
    auto owned = std::make_unique<asyncio::SimulatedDriver>();
    asyncio::SimulatedDriver& driver = *owned;
    asyncio::EventLoop loop(std::move(owned));
    support::Trace trace;
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await asyncio::sleep(2ms);
            trace("slept");
        } catch (const CancelledError& error) {
            trace(error.message());
        }
        co_await asyncio::sleep(1ms);
        trace("again");
    });
    loop.call_later(1ms, [&] {
        driver.advance(1h);
        loop.call_at(loop.time() - 1h, [&] { EXPECT_TRUE(task.cancel("just in time")); });  // due before the sleeper
    });
    loop.run_until_complete(task);
    EXPECT_EQ(trace.str(), "just in time again");
    loop.close();
}

TEST_P(Cancel, FUT_7_cancelling_one_of_two_awaiting_tasks_cancels_the_future_for_both) {
    auto future = loop.create_future<void>();
    auto first = loop.create_task(note("first", future));
    auto second = loop.create_task(note("second", future));
    run_once();
    first.cancel("m");
    EXPECT_THROW(run(second), CancelledError);
    EXPECT_EQ(trace.str(), "first:cancelled(m) second:cancelled(m)");
    EXPECT_TRUE(second.cancelled());
    EXPECT_EQ(second.cancelling(), 0U);
}

TEST_P(Cancel, a_task_of_a_cancelled_future_that_is_cancelled_itself_sees_the_futures_error_once) {
    auto future = loop.create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await future;
        } catch (const CancelledError& error) {
            trace(error.message());
        }
        co_await asyncio::sleep(0ms);
        trace("on");
    });
    run_once();
    future.cancel("future");
    EXPECT_TRUE(task.cancel("task"));
    run(task);
    EXPECT_EQ(trace.str(), "future on");
}

TEST_P(Cancel, FUT_14_a_cancellation_replaces_the_error_of_a_wrong_loop) {
    auto other = support::make_loop(GetParam());
    auto foreign = other->create_future<void>();
    auto self_first = loop.create_task([&]() -> Coro<> {
        asyncio::current_task()->cancel("self");
        co_await foreign;
    });
    auto cancelled_later = loop.create_task([&]() -> Coro<> { co_await foreign; });
    run_once();
    EXPECT_TRUE(cancelled_later.cancel("later"));
    EXPECT_THROW(run(self_first), CancelledError);
    EXPECT_THROW(run(cancelled_later), CancelledError);
    other->close();
}

TEST_P(Cancel, FUT_14_a_foreign_future_that_is_cancelled_before_the_error_is_thrown) {
    auto other = support::make_loop(GetParam());
    auto foreign = other->create_future<void>();
    auto task = loop.create_task([&]() -> Coro<> { co_await foreign; });
    run_once();
    foreign.cancel();
    EXPECT_THROW(run(task), asyncio::RuntimeError);
    other->close();
}

TEST_P(Cancel, TASK_12_a_task_that_awaits_itself_and_is_cancelled_twice_gets_the_last_message) {
    std::optional<asyncio::Task<void>> task;
    task = loop.create_task([&]() -> Coro<> { co_await note("self", *task); });
    run_once();
    task->cancel("first");
    task->cancel("last");
    EXPECT_THROW(run(*task), CancelledError);
    EXPECT_EQ(trace.str(), "self:cancelled(last)");
}

TEST_P(Cancel, TASK_21_uncancel_brings_back_the_error_of_a_task_that_awaits_itself) {
    std::optional<asyncio::Task<void>> task;
    task = loop.create_task([&]() -> Coro<> { co_await *task; });
    run_once();
    task->cancel();
    EXPECT_EQ(task->uncancel(), 0U);
    EXPECT_THROW(run(*task), asyncio::RuntimeError);
}

TEST_P(Cancel, cancel_inside_done_callbacks) {
    auto other = loop.create_task(note("other", asyncio::Future<void>(loop)));
    auto task = loop.create_task([]() -> Coro<> { co_return; });
    task.add_done_callback([&](const auto& self) {
        EXPECT_FALSE(self.cancel()) << "done";
        EXPECT_TRUE(other.cancel("from callback"));
    });
    EXPECT_THROW(run(other), CancelledError);
    EXPECT_EQ(trace.str(), "other:cancelled(from callback)");
}

TEST_P(Cancel, tasks_that_await_each_other_can_be_cancelled) {
    std::optional<asyncio::Task<void>> a;
    std::optional<asyncio::Task<void>> b;
    a = loop.create_task([&]() -> Coro<> { co_await *b; });
    b = loop.create_task([&]() -> Coro<> { co_await *a; });
    auto outside = loop.create_task([&]() -> Coro<> { co_await *a; });
    run_once();
    EXPECT_TRUE(outside.cancel("break it"));  // Python: RecursionError
    EXPECT_THROW(run(outside), CancelledError);
    EXPECT_TRUE(a->cancelled());
    EXPECT_TRUE(b->cancelled());
}

}  // namespace
