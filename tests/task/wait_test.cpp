#include <asyncio/task/wait.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <chrono>
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

Coro<int> after_time(std::chrono::milliseconds delay, int value) {
    co_await asyncio::sleep(delay);
    co_return value;
}

std::vector<Task<int>> start(std::vector<Coro<int>>& coros) {
    std::vector<Task<int>> tasks;
    for (auto& coro : coros) tasks.push_back(asyncio::create_task(std::move(coro)));
    return tasks;
}

template <class... Coros>
std::vector<Task<int>> tasks_of(Coros... coros) {
    std::vector<Coro<int>> all;
    (all.push_back(std::move(coros)), ...);
    return start(all);
}

std::size_t entries_of(const asyncio::AnyFuture& future) {
    std::size_t count = 0;
    const auto& waiters = future.core().waiters();
    for (auto* node = waiters.front(); node != nullptr; node = waiters.next(*node)) ++count;
    return count;
}

class Wait : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Wait);

// --- errors ---

TEST_P(Wait, WAIT_7_empty_and_unknown_conditions_are_refused) {
    run([&]() -> Coro<> {
        std::vector<Task<int>> none;
        EXPECT_THROW(static_cast<void>(asyncio::wait(none)), std::invalid_argument);
        auto tasks = tasks_of(after(0, 1));
        EXPECT_THROW(static_cast<void>(asyncio::wait(tasks, {.return_when = static_cast<asyncio::ReturnWhen>(9)})),
                     std::invalid_argument);
        co_await asyncio::wait(tasks);
    });
}

template <class A>
concept Waitable = requires(A& argument) { asyncio::wait(argument); };
static_assert(!Waitable<Task<int>> && !Waitable<Coro<int>>, "WAIT_7: a single future is no list");
static_assert(Waitable<std::vector<Task<int>>> && Waitable<std::vector<asyncio::AnyTask>>);

TEST_P(Wait, WAIT_7_futures_of_another_loop_are_refused) {
    auto other = support::make_loop(GetParam());
    run([&]() -> Coro<> {
        std::vector<Future<int>> futures{other->create_future<int>()};
        EXPECT_THROW(static_cast<void>(asyncio::wait(futures)), std::invalid_argument);
        co_return;
    });
    other->close();
}

TEST_P(Wait, AWT_5_needs_a_running_loop) {
    std::vector<Future<int>> futures{loop.create_future<int>()};
    EXPECT_THROW(static_cast<void>(asyncio::wait(futures)), asyncio::RuntimeError);
}

TEST_P(Wait, WAIT_5_never_throws_the_exception_of_a_child_nor_takes_it) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto tasks = tasks_of(fail_after(1), after(2, 1));
        auto [done, pending] = co_await asyncio::wait(tasks);
        EXPECT_EQ(done.size(), 2U);
        EXPECT_TRUE(pending.empty());
    });
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "Task exception was never retrieved");
}

// --- cancellation and destruction ---

TEST_P(Wait, WAIT_6_cancelling_the_waiter_leaves_the_children_alone) {
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        std::vector<Future<int>> futures{future, future};
        auto body = [&]() -> Coro<> { co_await asyncio::wait(futures, {.timeout = 1h}); };
        auto task = asyncio::create_task(body);
        co_await pass(2);
        EXPECT_EQ(entries_of(future), 1U);
        task.cancel("bye");
        EXPECT_EQ(entries_of(future), 0U);
        try {
            co_await task;
            ADD_FAILURE() << "nothing was thrown";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "bye");
        }
        EXPECT_FALSE(future.done());
    });
}

TEST_P(Wait, WAIT_6_cancelled_after_the_decision) {
    ASYNCIO_NOT_EAGER("counts iterations from a first step in the next one");
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        std::vector<Future<int>> futures{future};
        auto body = [&]() -> Coro<> { co_await asyncio::wait(futures); };
        auto decided = asyncio::create_task(body);
        co_await pass(2);
        future.set_result(1);
        decided.cancel();  // in the iteration of the decision
        EXPECT_THROW(co_await decided, CancelledError);
        auto woken = asyncio::create_task(body);
        co_await pass(2);
        woken.cancel();  // its wake-up is queued
        EXPECT_THROW(co_await woken, CancelledError);
    });
}

TEST_P(Wait, LOOP_11_closing_the_loop_while_waiting) {
    support::Lives lives;
    const support::Reports quiet(loop);
    auto child = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await asyncio::sleep(1h);
    };
    auto parent = [&]() -> Coro<> {
        const auto life = lives.one();
        std::vector<Task<void>> tasks{asyncio::create_task(child), asyncio::create_task(child)};
        co_await asyncio::wait(tasks, {.timeout = 1h});
    };
    loop.create_task(parent);
    for (int i = 0; i < 3; ++i) run_once();
    EXPECT_EQ(lives.now(), 3);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Wait, LOOP_11_closing_the_loop_after_the_decision) {
    const support::Reports quiet(loop);
    std::vector<Future<int>> futures{loop.create_future<int>()};
    auto parent = [&]() -> Coro<> { co_await asyncio::wait(futures); };
    auto task = loop.create_task(parent);
    run_once();
    futures[0].set_result(1);
    loop.close();
    EXPECT_FALSE(task.done());
}

// --- what is returned ---

TEST_P(Wait, WAIT_1_returns_both_groups_in_the_order_of_the_input) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(50, 0), after(2, 1), after(50, 2), after(1, 3), after(2, 4));
        auto first = tasks_of(after(2, 9))[0];
        co_await first;
        auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_COMPLETED});
        EXPECT_EQ(done, (std::vector{tasks[1], tasks[3], tasks[4]}));
        EXPECT_EQ(pending, (std::vector{tasks[0], tasks[2]}));
        EXPECT_EQ(done[0].result(), 1);
        for (const auto& task : pending) task.cancel();
        co_await asyncio::wait(pending);
    });
}

TEST_P(Wait, WAIT_1_accepts_coroutines_callables_any_tasks_and_views) {
    run([&]() -> Coro<> {
        std::vector<Coro<int>> coros;
        coros.push_back(after(2, 1));
        coros.push_back(after(1, 2));
        auto [done, pending] = co_await asyncio::wait(coros);
        EXPECT_EQ(done.at(0).result() + done.at(1).result(), 3);

        auto body = [] { return after(1, 7); };
        std::vector bodies{body, body};
        EXPECT_EQ((co_await asyncio::wait(bodies)).done.size(), 2U);

        std::vector<asyncio::AnyTask> any;
        any.emplace_back(asyncio::create_task(after(1, 1)));
        any.emplace_back(asyncio::create_task(pass(2)));
        auto result = co_await asyncio::wait(any);
        EXPECT_EQ(result.done, any);
    });
}

TEST_P(Wait, WAIT_2_first_completed_returns_all_that_are_done) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(1, 0), after(1, 1), after(2, 2), after(9, 3));
        auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_COMPLETED});
        EXPECT_EQ(done.size(), 3U);  // the third ended in the iteration in which the waiter was woken
        EXPECT_EQ(pending.size(), 1U);
        co_await asyncio::wait(pending);
    });
}

TEST_P(Wait, WAIT_3_first_exception_is_not_a_cancellation) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(20, 0), fail_after(5), after(30, 2));
        tasks[2].cancel();
        auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_EXCEPTION});
        EXPECT_EQ(done, (std::vector{tasks[1], tasks[2]}));
        EXPECT_NE(tasks[1].exception(), nullptr);
        EXPECT_EQ(pending, std::vector{tasks[0]});

        auto good = tasks_of(after(3, 0), after(1, 1));
        EXPECT_EQ((co_await asyncio::wait(good, {.return_when = asyncio::FIRST_EXCEPTION})).done.size(), 2U);
        co_await tasks[0];
    });
}

TEST_P(Wait, WAIT_4_timeout_cancels_nothing) {
    run([&]() -> Coro<> {
        auto gate = loop.create_future<int>();
        auto late = [&]() -> Coro<int> { co_return co_await gate; };
        // A slow machine may be late with what takes time.
        auto tasks = tasks_of(simulated() ? after_time(1ms, 0) : after(0, 0), late());
        auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 10ms});
        EXPECT_EQ(done, std::vector{tasks[0]});
        EXPECT_EQ(pending, std::vector{tasks[1]});
        EXPECT_EQ(tasks[1].cancelling(), 0U);
        gate.set_result(1);
        EXPECT_EQ(co_await tasks[1], 1);
    });
}

TEST_P(Wait, WAIT_4_a_timeout_that_is_not_positive_lets_ready_things_run) {
    run([&]() -> Coro<> {
        for (const auto timeout : {0ms, -5ms}) {
            auto tasks = tasks_of(after(0, 0), after(50, 1));
            auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = timeout});
            EXPECT_EQ(done, std::vector{tasks[0]});
            EXPECT_EQ(pending, std::vector{tasks[1]});
            co_await tasks[1];
        }
    });
}

TEST_P(Wait, WAIT_4_one_that_ends_in_the_iteration_of_the_timeout_is_done) {
    if (!simulated()) GTEST_SKIP() << "needs two timers in one iteration";
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        std::vector<Future<int>> futures{future};
        auto body = [&]() -> Coro<std::size_t> {
            auto result = co_await asyncio::wait(futures, {.timeout = 10ms});
            co_return result.done.size();
        };
        auto task = asyncio::create_task(body);
        co_await pass(1);
        loop.call_later(10ms, [future]() mutable { future.set_result(1); });  // due after the timeout
        EXPECT_EQ(co_await task, 1U);
    });
}

TEST_P(Wait, WAIT_8_duplicates_count_once) {
    run([&]() -> Coro<> {
        auto tasks = tasks_of(after(2, 0), after(3, 1));
        tasks.push_back(tasks[0]);
        tasks.push_back(tasks[0]);
        auto [done, pending] = co_await asyncio::wait(tasks);
        EXPECT_EQ(done, (std::vector{tasks[0], tasks[1]}));
        auto again = co_await asyncio::wait(tasks);  // now they are done
        EXPECT_EQ(again.done, (std::vector{tasks[0], tasks[1]}));
        EXPECT_EQ(entries_of(tasks[0]), 0U);
    });
}

TEST_P(Wait, WAIT_2_repeated_waits_for_the_first_of_many_serve_each_once) {
    run([&]() -> Coro<> {
        std::vector<Coro<int>> coros;
        for (int i = 0; i < 300; ++i) coros.push_back(after(2 + 3 * (i % 50), i));
        std::vector<Task<int>> pending = start(coros);
        int sum = 0;
        while (!pending.empty()) {
            auto result = co_await asyncio::wait(pending, {.return_when = asyncio::FIRST_COMPLETED});
            EXPECT_FALSE(result.done.empty());
            for (auto& task : result.done) sum += task.result();
            pending = std::move(result.pending);
        }
        EXPECT_EQ(sum, 300 * 299 / 2);
    });
}

// --- hops ---

TEST_P(Wait, ORD_11_deciding_child_ends_at_n_and_the_awaiter_resumes_at_n_plus_2) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        int ended = 0;
        auto body = [&]() -> Coro<int> {
            co_await pass(3);
            ended = ticks.now();
            co_return 0;
        };
        for (const auto when : {asyncio::FIRST_COMPLETED, asyncio::ALL_COMPLETED}) {
            std::vector<Task<int>> tasks{asyncio::create_task(body)};
            co_await asyncio::wait(tasks, {.timeout = 1h, .return_when = when});
            EXPECT_EQ(ticks.now() - ended, 2);
        }
    });
}

TEST_P(Wait, WAIT_8_all_done_already_takes_two_iterations) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        auto future = loop.create_future<int>();
        future.set_result(1);
        std::vector<Future<int>> futures{future, future};
        for (const auto when : {asyncio::FIRST_COMPLETED, asyncio::FIRST_EXCEPTION, asyncio::ALL_COMPLETED}) {
            const int before = ticks.now();
            auto [done, pending] = co_await asyncio::wait(futures, {.return_when = when});
            EXPECT_EQ(ticks.now() - before, 2);
            EXPECT_EQ(done.size(), 1U);
        }
    });
}

}  // namespace
