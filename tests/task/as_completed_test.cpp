#include <asyncio/task/as_completed.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
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

Coro<int> after(int iterations, int value) {
    co_await pass(iterations);
    co_return value;
}

Coro<int> fail_after(int iterations) {
    co_await pass(iterations);
    throw std::runtime_error("bad");
}

Coro<int> behind(Future<void> gate, int value) {
    co_await gate;
    co_return value;
}

Coro<int> after_time(std::chrono::milliseconds delay, int value) {
    co_await asyncio::sleep(delay);
    co_return value;
}

template <class... Coros>
std::vector<Coro<int>> all_of(Coros... coros) {
    std::vector<Coro<int>> all;
    (all.push_back(std::move(coros)), ...);
    return all;
}

template <class... Coros>
std::vector<Task<int>> tasks_of(Coros... coros) {
    std::vector<Task<int>> tasks;
    (tasks.push_back(asyncio::create_task(std::move(coros))), ...);
    return tasks;
}

class AsCompleted : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(AsCompleted);

// --- errors, timeouts ---

TEST_P(AsCompleted, ASC_1_an_item_throws_the_exception_of_its_child) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto coros = all_of(after(4, 1), fail_after(2), after(0, 3));
        support::Trace trace;
        for (auto next : asyncio::as_completed(coros)) {
            try {
                trace(co_await next);
            } catch (const std::runtime_error& error) {
                trace(error.what());
            }
        }
        EXPECT_EQ(trace.str(), "3 bad 1");
    });
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(AsCompleted, ASC_5_timeout_of_the_plain_form) {
    run([&]() -> Coro<> {
        auto gate = loop.create_future<void>();
        auto tasks = tasks_of(after_time(1ms, 1), behind(gate, 2), behind(gate, 3));
        if (!simulated()) co_await tasks[0];  // a slow machine may be late with it
        support::Trace trace;
        for (auto next : asyncio::as_completed(tasks, {.timeout = 15ms})) {
            try {
                trace(co_await next);
            } catch (const asyncio::TimeoutError&) {
                trace("timeout");
            }
        }
        EXPECT_EQ(trace.str(), "1 timeout timeout");
        EXPECT_EQ(tasks[1].cancelling(), 0U);
        gate.set_result();
        EXPECT_EQ(co_await tasks[1] + co_await tasks[2], 5);
    });
}

TEST_P(AsCompleted, ASC_5_timeout_of_the_async_form) {
    run([&]() -> Coro<> {
        auto gate = loop.create_future<void>();
        auto tasks = tasks_of(after_time(1ms, 1), behind(gate, 2));
        if (!simulated()) co_await tasks[0];
        auto it = asyncio::as_completed(tasks, {.timeout = 15ms});
        EXPECT_EQ(*co_await it.next(), tasks[0]);
        EXPECT_THROW(static_cast<void>(co_await it.next()), asyncio::TimeoutError);
        EXPECT_FALSE(co_await it.next());
        gate.set_result();
        EXPECT_EQ(co_await tasks[1], 2);
    });
}

TEST_P(AsCompleted, ASC_5_what_was_done_before_the_timeout_still_comes_first) {
    run([&]() -> Coro<> {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 3; ++i) futures.push_back(loop.create_future<int>());
        auto it = asyncio::as_completed(futures, {.timeout = 20ms});
        futures[0].set_result(1);
        futures[1].set_result(2);
        co_await asyncio::sleep(30ms);  // begun after the timeout and longer: ends after it
        EXPECT_EQ(*co_await it.next(), futures[0]);
        EXPECT_EQ(*co_await it.next(), futures[1]);
        EXPECT_THROW(static_cast<void>(co_await it.next()), asyncio::TimeoutError);
    });
}

TEST_P(AsCompleted, ASC_5_dropped_before_the_timeout) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after_time(20ms, 1));
        {
            auto it = asyncio::as_completed(tasks, {.timeout = 5ms});
        }
        EXPECT_EQ(co_await tasks[0], 1);
    });
}

template <class A>
concept Iterable = requires(A& argument) { asyncio::as_completed(argument); };
static_assert(!Iterable<Task<int>> && !Iterable<Coro<int>>, "ASC_7: a single awaitable is refused");
static_assert(Iterable<std::vector<Task<int>>> && Iterable<std::vector<Coro<int>>>);

TEST_P(AsCompleted, ASC_7_futures_of_another_loop_are_refused) {
    auto other = support::make_loop(GetParam());
    run([&]() -> Coro<> {
        std::vector<Future<int>> futures{other->create_future<int>()};
        EXPECT_THROW(static_cast<void>(asyncio::as_completed(futures)), std::invalid_argument);
        co_return;
    });
    other->close();
}

// --- cancellation and destruction ---

TEST_P(AsCompleted, ASC_7_leaving_early_lets_the_others_run) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(1, 1), after(6, 2));
        for (auto next : asyncio::as_completed(tasks)) {
            EXPECT_EQ(co_await next, 1);
            break;
        }
        EXPECT_FALSE(tasks[1].done());
        EXPECT_TRUE(tasks[1].core().waiters().empty());
        EXPECT_EQ(co_await tasks[1], 2);
    });
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(AsCompleted, ASC_7_left_while_a_completion_is_queued) {
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        std::vector<Future<int>> futures{future};
        {
            auto it = asyncio::as_completed(futures);
            future.set_result(1);
        }
        co_await pass(2);
    });
}

TEST_P(AsCompleted, ASC_8_cancelling_the_consumer_leaves_the_children_alone) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(8, 1));
        auto consumer = [&]() -> Coro<> {
            auto it = asyncio::as_completed(tasks);
            co_await it.next();
        };
        auto task = asyncio::create_task(consumer);
        co_await pass(2);
        task.cancel("bye");
        EXPECT_THROW(co_await task, CancelledError);
        EXPECT_EQ(tasks[0].cancelling(), 0U);
        EXPECT_EQ(co_await tasks[0], 1);
    });
}

TEST_P(AsCompleted, ASC_8_a_cancelled_consumer_passes_its_item_on) {
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        std::vector<Future<int>> futures{future, loop.create_future<int>()};
        auto it = asyncio::as_completed(futures);
        int served = 0;
        auto consumer = [&]() -> Coro<> {
            auto item = co_await it.next();
            served += item->result();
        };
        auto first = asyncio::create_task(consumer);
        auto second = asyncio::create_task(consumer);
        co_await pass(2);
        future.set_result(5);
        co_await pass(1);  // now the completion was counted and the wake-up of the first consumer is queued
        first.cancel();
        co_await pass(3);
        EXPECT_TRUE(first.cancelled());
        EXPECT_EQ(served, 5);
        EXPECT_TRUE(second.done());
    });
}

TEST_P(AsCompleted, LOOP_11_closing_the_loop_while_waiting) {
    support::Lives lives;
    const support::Reports quiet(loop);
    auto child = [&]() -> Coro<int> {
        const auto life = lives.one();
        co_await asyncio::sleep(1h);
        co_return 1;
    };
    auto plain = [&]() -> Coro<> {
        const auto life = lives.one();
        std::vector children{child, child};
        for (auto next : asyncio::as_completed(children, {.timeout = 1h})) co_await next;
    };
    auto async = [&]() -> Coro<> {
        const auto life = lives.one();
        std::vector children{child, child};
        auto it = asyncio::as_completed(children);
        co_await it.next();
    };
    loop.create_task(plain);
    loop.create_task(async);
    for (int i = 0; i < 3; ++i) run_once();
    EXPECT_EQ(lives.now(), 6);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

// --- order ---

TEST_P(AsCompleted, ASC_2_async_form_gives_the_very_tasks) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(4, 1), fail_after(2), after(0, 3));
        std::vector<Task<int>> order;
        auto it = asyncio::as_completed(tasks);
        while (auto task = co_await it.next()) {
            EXPECT_TRUE(task->done());
            order.push_back(*task);
        }
        EXPECT_EQ(order, (std::vector{tasks[2], tasks[1], tasks[0]}));
        EXPECT_EQ(order[0].result(), 3);
        EXPECT_THROW(static_cast<void>(order[1].result()), std::runtime_error);
        EXPECT_FALSE(co_await it.next());
    });
}

TEST_P(AsCompleted, ASC_2_async_form_of_coroutines_and_of_any_tasks) {
    run([&]() -> Coro<> {
        auto coros = all_of(after(1, 1), after(0, 2));
        auto it = asyncio::as_completed(coros);
        int sum = 0;
        while (auto task = co_await it.next()) sum = 10 * sum + task->result();
        EXPECT_EQ(sum, 21);

        std::vector<asyncio::AnyTask> any;
        any.emplace_back(asyncio::create_task(after(2, 1)));
        any.emplace_back(asyncio::create_task(pass(1)));
        auto mixed = asyncio::as_completed(any);
        EXPECT_EQ(*co_await mixed.next(), any[1]);
        EXPECT_EQ(*co_await mixed.next(), any[0]);
    });
}

TEST_P(AsCompleted, ASC_3_children_start_at_the_call_and_duplicates_count_once) {
    run([&]() -> Coro<> {
        int started = 0;
        auto child = [&]() -> Coro<int> {
            ++started;
            co_return 1;
        };
        std::vector children{child, child};
        auto it = asyncio::as_completed(children);
        co_await pass(1);
        EXPECT_EQ(started, 2);

        auto task = asyncio::create_task(after(1, 1));
        auto done = loop.create_future<int>();
        done.set_result(2);
        std::vector<Future<int>> futures{task, done, task, done};
        int items = 0;
        for (auto next : asyncio::as_completed(futures)) items += co_await next;
        EXPECT_EQ(items, 3);

        std::vector<Coro<int>> none;
        for (auto next : asyncio::as_completed(none)) ADD_FAILURE() << co_await next;
    });
}

TEST_P(AsCompleted, ASC_4_done_before_comes_in_input_order_then_by_completion) {
    run([&]() -> Coro<> {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 5; ++i) futures.push_back(loop.create_future<int>());
        futures[3].set_result(3);
        futures[1].set_result(1);
        auto it = asyncio::as_completed(futures);
        futures[4].set_result(4);
        futures[0].set_result(0);
        futures[2].set_result(2);
        support::Trace trace;
        while (auto future = co_await it.next()) trace(future->result());
        EXPECT_EQ(trace.str(), "1 3 4 0 2");
    });
}

TEST_P(AsCompleted, ASC_6_the_item_that_is_awaited_first_gets_the_first_completion) {
    run([&]() -> Coro<> {
        auto coros = all_of(after(5, 1), after(1, 2), after(3, 3));
        std::vector<Coro<int>> items;
        for (auto next : asyncio::as_completed(coros)) items.push_back(std::move(next));
        EXPECT_EQ(items.size(), 3U);
        EXPECT_EQ(co_await items[2], 2);
        EXPECT_EQ(co_await items[0], 3);
        items[1].close();  // not awaited: the child runs on all the same
    });
}

TEST_P(AsCompleted, ASC_1_move_only_results_and_none) {
    run([&]() -> Coro<> {
        auto make = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
        std::vector makers{make};
        for (auto next : asyncio::as_completed(makers)) EXPECT_EQ(*co_await next, 4);
        std::vector<Task<void>> tasks{asyncio::create_task(pass(1))};
        for (auto next : asyncio::as_completed(tasks)) co_await next;
    });
}

// --- hops ---

TEST_P(AsCompleted, ORD_13_child_ends_at_n_and_the_consumer_resumes_at_n_plus_2) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        int ended = 0;
        auto child = [&]() -> Coro<int> {
            co_await pass(3);
            ended = ticks.now();
            co_return 1;
        };
        std::vector children{child};
        for (auto next : asyncio::as_completed(children)) {
            co_await next;
            EXPECT_EQ(ticks.now() - ended, 2);
        }
        auto it = asyncio::as_completed(children);
        co_await it.next();
        EXPECT_EQ(ticks.now() - ended, 2);
    });
}

TEST_P(AsCompleted, ORD_13_what_was_completed_meanwhile_does_not_suspend) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(0, 1), after(0, 2));
        auto it = asyncio::as_completed(tasks);
        co_await pass(4);
        const int before = ticks.now();
        co_await it.next();
        co_await it.next();
        EXPECT_EQ(ticks.now(), before);
    });
}

}  // namespace
