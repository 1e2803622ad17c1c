#include <asyncio/task/gather.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/shield.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;
using namespace std::chrono_literals;

Coro<> pass(int iterations) {
    for (int i = 0; i < iterations; ++i) co_await asyncio::sleep(0ms);
}

template <class T>
Coro<T> after(int iterations, T value) {
    co_await pass(iterations);
    co_return value;
}

Coro<int> fail_after(int iterations, std::string what) {
    co_await pass(iterations);
    throw std::runtime_error(what);
}

/// Sleeps for an hour, unless cancelled; then it cleans up for some iterations.
Coro<int> sleeper(support::Trace& trace, std::string name, int clean_up = 0, bool refuses = false) {
    std::optional<CancelledError> cancelled;
    try {
        co_await asyncio::sleep(1h);
    } catch (const CancelledError& error) {
        cancelled = error;
    }
    trace(name, ":", cancelled->message());
    co_await pass(clean_up);
    trace(name, "-");
    if (!refuses) throw *cancelled;
    co_return 7;
}

class Gather : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Gather);

// --- failures ---

TEST_P(Gather, GAT_4_first_exception_fails_at_once_and_the_others_run_on) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        bool other_ended = false;
        auto other = [&]() -> Coro<int> {
            co_await pass(5);
            other_ended = true;
            throw std::logic_error("late");
        };
        try {
            co_await asyncio::gather(other, fail_after(1, "first"), fail_after(2, "second"));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "first");
        }
        EXPECT_FALSE(other_ended);
        co_await pass(8);
        EXPECT_TRUE(other_ended);
    });
    EXPECT_TRUE(reports.contexts().empty()) << reports.messages().front();
}

TEST_P(Gather, GAT_4_exceptions_of_the_same_iteration_are_marked_retrieved) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        EXPECT_THROW(static_cast<void>(co_await asyncio::gather(fail_after(1, "a"), fail_after(1, "b"))),
                     std::runtime_error);
        co_await pass(3);
    });
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(Gather, GAT_5_exceptions_and_cancellations_become_elements) {
    run([&]() -> Coro<> {
        auto cancelled = asyncio::create_task(after(50, 1));
        loop.call_soon([&] { cancelled.cancel("enough"); });
        auto [a, b, c, d] =
            co_await asyncio::gather(after(2, 5), fail_after(1, "bad"), cancelled, pass(1), asyncio::return_exceptions);
        EXPECT_EQ(a.value(), 5);
        EXPECT_EQ(a.exception(), nullptr);
        EXPECT_FALSE(b.has_value());
        EXPECT_THROW(static_cast<void>(b.value()), std::runtime_error);
        EXPECT_FALSE(c);
        try {
            std::rethrow_exception(c.exception());
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "enough");
        }
        EXPECT_TRUE(d.has_value());
    });
}

TEST_P(Gather, GAT_5_of_a_range) {
    run([&]() -> Coro<> {
        std::vector<Coro<int>> children;
        children.push_back(fail_after(2, "bad"));
        children.push_back(after(1, 3));
        const std::vector<asyncio::Result<int>> results =
            co_await asyncio::gather(std::move(children), asyncio::return_exceptions);
        EXPECT_EQ(results.size(), 2U);
        EXPECT_FALSE(results[0].has_value());
        EXPECT_EQ(results[1].value(), 3);
    });
}

TEST_P(Gather, GAT_6_a_cancelled_child_is_an_exception_of_the_outer) {
    run([&]() -> Coro<> {
        auto child = asyncio::create_task(after(50, 1));
        bool other_ended = false;
        auto other = [&]() -> Coro<> {
            co_await pass(4);
            other_ended = true;
        };
        auto outer = asyncio::gather(child, other);
        co_await pass(1);
        child.cancel("stop");
        try {
            co_await outer;
            ADD_FAILURE() << "nothing was thrown";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "stop");
        }
        EXPECT_TRUE(outer.done());
        EXPECT_FALSE(outer.cancelled());
        EXPECT_NE(outer.exception(), nullptr);
        EXPECT_EQ(asyncio::current_task()->cancelling(), 0U);
        EXPECT_FALSE(other_ended);
        co_await pass(6);
        EXPECT_TRUE(other_ended);
    });
}

TEST_P(Gather, GAT_11_futures_of_different_loops_are_refused) {
    auto other = support::make_loop(GetParam());
    auto mine = loop.create_future<int>();
    auto theirs = other->create_future<int>();
    EXPECT_THROW(static_cast<void>(asyncio::gather(mine, theirs)), std::invalid_argument);
    std::vector<Future<int>> both{mine, theirs};
    EXPECT_THROW(static_cast<void>(asyncio::gather(both)), std::invalid_argument);
    other->close();
}

TEST_P(Gather, AWT_5_futures_need_no_running_loop_but_coroutines_do) {
    auto future = loop.create_future<int>();
    auto outer = asyncio::gather(future);
    future.set_result(3);
    EXPECT_EQ(loop.run_until_complete(outer), std::tuple(3));
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::gather(pass(1))), asyncio::RuntimeError);
}

// --- cancellation ---

TEST_P(Gather, GAT_7_cancelling_the_awaiting_task_cancels_every_child) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto body = [&]() -> Coro<> { co_await asyncio::gather(sleeper(trace, "a"), sleeper(trace, "b")); };
        auto task = asyncio::create_task(body);
        co_await pass(3);
        EXPECT_TRUE(task.cancel("bye"));
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_TRUE(task.cancelled());
    });
    EXPECT_EQ(trace.str(), "a:bye a- b:bye b-");
}

TEST_P(Gather, GAT_7_outer_is_not_done_at_once_and_cancel_is_false_when_all_children_are_done) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto outer = asyncio::gather(sleeper(trace, "a"), after(0, 2));
        co_await pass(4);
        EXPECT_TRUE(outer.cancel("m"));
        EXPECT_FALSE(outer.done());
        EXPECT_THROW(co_await outer, CancelledError);

        auto future = loop.create_future<int>();
        auto late = asyncio::gather(future);
        future.set_result(1);
        EXPECT_FALSE(late.done());
        EXPECT_FALSE(late.cancel());
        EXPECT_EQ(co_await late, std::tuple(1));
    });
}

TEST_P(Gather, GAT_8_without_return_exceptions_the_first_child_that_ends_decides) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto outer = asyncio::gather(sleeper(trace, "slow", 5), sleeper(trace, "quick"));
        co_await pass(2);
        outer.cancel("m");
        EXPECT_THROW(co_await outer, CancelledError);
        trace("outer");
        co_await pass(8);
    });
    EXPECT_EQ(trace.str(), "slow:m quick:m quick- outer slow-");
}

TEST_P(Gather, GAT_8_with_return_exceptions_all_must_end) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto outer = asyncio::gather(sleeper(trace, "slow", 5), sleeper(trace, "quick"), asyncio::return_exceptions);
        co_await pass(2);
        outer.cancel("m");
        try {
            co_await outer;
            ADD_FAILURE() << "the list was delivered";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "m");
        }
        trace("outer");
    });
    EXPECT_EQ(trace.str(), "slow:m quick:m quick- slow- outer");
}

TEST_P(Gather, GAT_8_with_return_exceptions_the_last_argument_gives_the_message) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto last = loop.create_future<int>();
        auto outer = asyncio::gather(sleeper(trace, "slow", 5), last, asyncio::return_exceptions);
        co_await pass(2);
        last.cancel("its own");
        co_await pass(2);
        outer.cancel("m");
        try {
            co_await outer;
            ADD_FAILURE() << "the list was delivered";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "its own");
        }
    });
    EXPECT_EQ(trace.str(), "slow:m slow-");
}

TEST_P(Gather, GAT_9_the_last_child_refuses_and_the_message_is_that_of_the_cancellation) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto last = asyncio::create_task(sleeper(trace, "last", 2, true));
        auto outer = asyncio::gather(sleeper(trace, "first"), last, asyncio::return_exceptions);
        co_await pass(2);
        last.cancel("its own");
        co_await pass(1);
        outer.cancel("m");
        try {
            co_await outer;
            ADD_FAILURE() << "the list was delivered";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "m");
        }
    });
}

TEST_P(Gather, GAT_9_all_children_refuse_and_the_awaiter_is_cancelled_all_the_same) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto outer = asyncio::gather(sleeper(trace, "a", 0, true), sleeper(trace, "b", 2, true));
        co_await pass(2);
        EXPECT_TRUE(outer.cancel("m"));
        EXPECT_THROW(co_await outer, CancelledError);
        EXPECT_FALSE(outer.cancelled());
    });
    EXPECT_EQ(trace.str(), "a:m a- b:m b-");
}

TEST_P(Gather, GAT_10_cancel_after_a_failure_cancels_no_one) {
    run([&]() -> Coro<> {
        auto other = asyncio::create_task(after(5, 1));
        auto outer = asyncio::gather(other, fail_after(0, "bad"));
        EXPECT_THROW(co_await outer, std::runtime_error);
        EXPECT_FALSE(outer.cancel());
        EXPECT_EQ(co_await other, 1);
        EXPECT_EQ(other.cancelling(), 0U);
    });
}

TEST_P(Gather, GAT_10_cancel_goes_through_nested_gatherings) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto outer = asyncio::gather(asyncio::gather(sleeper(trace, "a"), sleeper(trace, "b")), sleeper(trace, "c"));
        co_await pass(2);
        EXPECT_TRUE(outer.cancel("m"));
        EXPECT_THROW(co_await outer, CancelledError);
    });
    EXPECT_EQ(trace.str(), "a:m a- b:m b- c:m c-");
}

TEST_P(Gather, GAT_7_a_future_that_only_the_gathering_knows_can_be_cancelled) {
    run([&]() -> Coro<> {
        auto body = [&]() -> Coro<> { co_await asyncio::gather(loop.create_future<int>()); };
        auto task = asyncio::create_task(body);
        co_await pass(2);
        task.cancel("m");
        try {
            co_await task;
            ADD_FAILURE() << "nothing was thrown";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "m");
        }
    });
}

// --- destruction ---

TEST_P(Gather, GAT_12_dropping_the_result_lets_children_run_to_their_end) {
    support::Reports reports(loop);
    support::Trace trace;
    run([&]() -> Coro<> {
        auto child = [&]() -> Coro<> {
            co_await pass(2);
            trace("end");
        };
        static_cast<void>(asyncio::gather(child, child));
        co_await pass(4);
    });
    EXPECT_EQ(trace.str(), "end end");
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(Gather, GAT_12_dropped_and_failed_is_reported_once) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        static_cast<void>(asyncio::gather(fail_after(1, "a"), fail_after(2, "b")));
        co_await pass(6);
    });
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::runtime_error);
}

TEST_P(Gather, LOOP_11_closing_the_loop_destroys_the_awaiting_task_and_the_children) {
    support::Lives lives;
    const support::Reports quiet(loop);
    auto child = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await asyncio::sleep(1h);
    };
    auto parent = [&]() -> Coro<> {
        const auto life = lives.one();
        auto mine = loop.create_future<int>();
        co_await asyncio::gather(child, asyncio::gather(child, child), mine);
    };
    auto task = loop.create_task(parent);
    for (int i = 0; i < 4; ++i) run_once();
    EXPECT_EQ(lives.now(), 4);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
}

TEST_P(Gather, LOOP_11_closing_the_loop_while_children_are_queued) {
    auto future = loop.create_future<int>();
    auto outer = asyncio::gather(future, future);
    future.set_result(1);
    loop.close();
    EXPECT_FALSE(outer.done());
    EXPECT_FALSE(outer.cancel());
}

// --- results ---

TEST_P(Gather, GAT_1_results_have_the_order_of_the_arguments) {
    support::Trace trace;
    run([&]() -> Coro<> {
        auto named = [&](std::string name, int iterations) -> Coro<std::string> {
            trace(name);
            co_await pass(iterations);
            trace(name, "-");
            co_return name;
        };
        auto [a, b, c] = co_await asyncio::gather(named("a", 2), named("b", 0), named("c", 1));
        EXPECT_EQ(a + b + c, "abc");
    });
    EXPECT_EQ(trace.str(), "a b b- c c- a-");
}

TEST_P(Gather, GAT_1_children_are_started_by_the_call) {
    ASYNCIO_NOT_EAGER("children run inside the call");
    run([&]() -> Coro<> {
        int started = 0;
        auto child = [&]() -> Coro<> {
            ++started;
            co_return;
        };
        auto outer = asyncio::gather(child, child);
        EXPECT_EQ(started, 0);
        co_await pass(1);
        EXPECT_EQ(started, 2);
        co_await outer;
    });
}

TEST_P(Gather, GAT_1_takes_coroutines_callables_futures_tasks_and_awaiters_in_any_mixture) {
    run([&]() -> Coro<> {
        auto future = loop.create_future<std::string>();
        loop.call_soon([future]() mutable { future.set_result("future"); });
        const int captured = 3;
        auto callable = [captured]() -> Coro<int> { co_return captured; };
        auto [a, b, c, d, e, f] =
            co_await asyncio::gather(after(1, 1), callable, future, asyncio::create_task(after(2, 4.5)),
                                     asyncio::sleep(0ms), asyncio::sleep(1ms, std::string("slept")));
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, 3);
        EXPECT_EQ(c, "future");
        EXPECT_EQ(d, 4.5);
        EXPECT_EQ(e, std::monostate());
        EXPECT_EQ(f, "slept");
    });
}

TEST_P(Gather, GAT_1_of_a_range_gives_a_vector) {
    run([&]() -> Coro<> {
        std::vector<Coro<int>> coros;
        for (int i = 0; i < 100; ++i) coros.push_back(after(100 - i, i));
        const std::vector<int> results = co_await asyncio::gather(coros);
        EXPECT_EQ(results.size(), 100U);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i);

        std::vector<Task<void>> tasks{asyncio::create_task(pass(1)), asyncio::create_task(pass(0))};
        EXPECT_EQ((co_await asyncio::gather(tasks)).size(), 2U);
    });
}

TEST_P(Gather, GAT_1_move_only_results_and_references) {
    run([&]() -> Coro<> {
        auto make = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
        auto [a, b] = co_await asyncio::gather(make, make);
        EXPECT_EQ(*a + *b, 10);

        int variable = 1;
        auto refer = [&]() -> Coro<int&> { co_return variable; };
        auto [r] = co_await asyncio::gather(refer);
        r.get() = 2;
        EXPECT_EQ(variable, 2);

        std::vector<Coro<std::unique_ptr<int>>> range;
        range.push_back(make());
        std::vector<std::unique_ptr<int>> results = co_await asyncio::gather(range);
        EXPECT_EQ(*results.at(0), 5);
    });
}

TEST_P(Gather, GAT_1_a_result_that_is_held_elsewhere_is_copied) {
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(after(0, std::string("kept")));
        auto [a] = co_await asyncio::gather(task);
        EXPECT_EQ(a, "kept");
        EXPECT_EQ(task.result(), "kept");
    });
}

TEST_P(Gather, GAT_2_of_nothing_is_done) {
    run([&]() -> Coro<> {
        support::Ticks ticks(loop);
        auto none = asyncio::gather();
        EXPECT_TRUE(none.done());
        const int before = ticks.now();
        co_await none;
        EXPECT_EQ(ticks.now(), before);
        std::vector<Coro<int>> empty;
        auto of_range = asyncio::gather(empty);
        EXPECT_TRUE(of_range.done());
        EXPECT_TRUE(of_range.result().empty());
    });
}

TEST_P(Gather, GAT_2_of_done_futures_is_done) {
    run([&]() -> Coro<> {
        auto good = loop.create_future<int>();
        good.set_result(4);
        auto outer = asyncio::gather(good, good);
        EXPECT_TRUE(outer.done());
        EXPECT_EQ(outer.result(), std::tuple(4, 4));

        auto bad = loop.create_future<int>();
        bad.set_exception(std::runtime_error("bad"));
        auto failed = asyncio::gather(loop.create_future<int>(), bad);
        EXPECT_TRUE(failed.done());
        EXPECT_THROW(static_cast<void>(failed.result()), std::runtime_error);
        co_return;
    });
}

TEST_P(Gather, GAT_3_the_same_future_twice_gives_its_result_at_both_places) {
    run([&]() -> Coro<> {
        int runs = 0;
        auto child = [&]() -> Coro<std::string> {
            ++runs;
            co_await pass(1);
            co_return "x";
        };
        auto task = asyncio::create_task(child);
        auto [a, b] = co_await asyncio::gather(task, task);
        EXPECT_EQ(a + b, "xx");
        auto [c, d] = co_await asyncio::gather(task, task);
        EXPECT_EQ(c + d, "xx");
        auto [e, f] = co_await asyncio::gather(std::move(task), after(1, 1));
        EXPECT_EQ(e, "x");
        EXPECT_EQ(f, 1);
        EXPECT_EQ(runs, 1);
    });
}

// --- hops ---

TEST_P(Gather, ORD_10_last_child_ends_at_n_and_the_awaiter_resumes_at_n_plus_2) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        int ended = 0;
        auto last = [&]() -> Coro<> {
            co_await pass(3);
            ended = ticks.now();
        };
        auto outer = asyncio::gather(pass(1), last);
        int outer_done = 0;
        outer.add_done_callback([&](const auto&) { outer_done = ticks.now(); });
        co_await outer;
        EXPECT_EQ(ticks.now() - ended, 2);
        EXPECT_EQ(outer_done - ended, 2);
    });
}

TEST_P(Gather, ORD_10_first_failure_likewise) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        int failed = 0;
        auto bad = [&]() -> Coro<> {
            co_await pass(2);
            failed = ticks.now();
            throw std::runtime_error("bad");
        };
        auto outer = asyncio::gather(bad, pass(9));
        try {
            co_await outer;
        } catch (const std::runtime_error&) {
            EXPECT_EQ(ticks.now() - failed, 2);
            EXPECT_TRUE(outer.done());
        }
        EXPECT_GT(failed, 0);
    });
}

}  // namespace
