// Tasks: sections 1, 9 and 21 of the specification, all but cancellation (cancel_test.cpp).

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/testing/count_allocations.hpp>
#include <asyncio/testing/counters.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using asyncio::testing::Counters;
using namespace std::chrono_literals;

class TaskTest : public support::OnEachDriver {
protected:
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(TaskTest);

static_assert(std::is_base_of_v<asyncio::Future<int>, Task<int>>, "TASK-1");
template <class F>
concept CanBeQueued = requires(asyncio::EventLoop& loop, F f) { loop.call_soon(f); };
static_assert(!CanBeQueued<Task<void>>, "TASK-34: a task is not a callback");

TEST_P(TaskTest, TASK_2_needs_a_running_loop) {
    EXPECT_THROW(static_cast<void>(asyncio::create_task([life = lives.one()]() -> Coro<> { co_return; })),
                 asyncio::RuntimeError);
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(TaskTest, LOOP_22_create_task_of_the_loop_works_before_it_runs_and_not_after_close) {
    auto task = loop.create_task([]() -> Coro<int> { co_return 1; });
    EXPECT_EQ(run(task), 1);
    loop.close();
    EXPECT_THROW(static_cast<void>(loop.create_task([life = lives.one()]() -> Coro<> { co_return; })),
                 asyncio::RuntimeError);
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(TaskTest, ORD_6_the_first_step_is_in_the_next_iteration) {
    ASYNCIO_NOT_EAGER("the first step is in this iteration");
    support::Ticks ticks(loop);
    std::optional<Task<void>> task;
    loop.call_soon([&] {
        trace("create", ticks.now());
        task = loop.create_task([&]() -> Coro<> {
            trace("step", ticks.now());
            loop.stop();
            co_return;
        });
        loop.call_soon([&] { trace("soon", ticks.now()); });
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "create1 step2 soon2");
}

TEST_P(TaskTest, ORD_8_a_task_that_returns_resumes_its_awaiter_one_iteration_later) {
    ASYNCIO_NOT_EAGER("the first step is in this iteration");
    for (const int extra : {0, 1}) {
        support::Ticks ticks(loop);
        trace.clear();
        run([&]() -> Coro<> {
            trace("create", ticks.now());
            auto b = asyncio::create_task([&]() -> Coro<> {
                trace("b", ticks.now());
                for (int i = 0; i < extra; ++i) co_await asyncio::sleep(0ms);
            });
            co_await b;
            trace("main", ticks.now());
        });
        EXPECT_EQ(trace.str(), extra == 0 ? "create1 b2 main3" : "create1 b2 main4");
    }
}

TEST_P(TaskTest, TASK_1_an_awaiter_of_somebody_else_that_suspends_fails_the_task) {
    struct Foreign : std::suspend_always {
        using asyncio_awaiter = void;  // a promise that it does not keep
    };
    auto task = loop.create_task([]() -> Coro<int> {
        co_await Foreign();
        co_return 1;
    });
    EXPECT_THROW(run(task), asyncio::RuntimeError);
}

TEST_P(TaskTest, TASK_3_names) {
    auto first = loop.create_task([]() -> Coro<> { co_return; });
    auto second = loop.create_task([]() -> Coro<> { co_return; });
    const auto number = [](const Task<void>& task) { return std::stoi(task.get_name().substr(5)); };
    EXPECT_EQ(first.get_name().substr(0, 5), "Task-");
    EXPECT_EQ(number(second), number(first) + 1);
    const std::string long_name(100, 'n');
    auto named = loop.create_task([]() -> Coro<> { co_return; }, {.name = long_name});
    EXPECT_EQ(named.get_name(), long_name);
    named.set_name("other");
    EXPECT_EQ(named.get_name(), "other");
    named.set_name("");
    EXPECT_EQ(named.get_name(), "");
    first.set_name(named.get_name() + "x");
    EXPECT_EQ(first.get_name(), "x");
    run_once();
    named.set_name("after");
    EXPECT_EQ(named.get_name(), "after");
}

TEST_P(TaskTest, TASK_5_takes_no_result_from_outside) {
    auto task = loop.create_task([]() -> Coro<int> { co_return 1; });
    EXPECT_THROW(task.set_result(2), asyncio::RuntimeError);
    EXPECT_THROW(task.set_exception(std::runtime_error("x")), asyncio::RuntimeError);
    EXPECT_EQ(run(task), 1);
    EXPECT_THROW(task.set_result(2), asyncio::RuntimeError) << "not InvalidStateError";
}

TEST_P(TaskTest, TASK_6_awaited_twice) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        auto task = asyncio::create_task([]() -> Coro<std::string> { co_return "result"; });
        EXPECT_EQ(co_await task, "result");
        const int before = ticks.now();
        EXPECT_EQ(co_await task, "result");
        EXPECT_EQ(ticks.now(), before);
    });
}

TEST_P(TaskTest, TASK_7_an_exception_is_stored_and_thrown_each_time) {
    auto task = loop.create_task([]() -> Coro<int> {
        throw std::out_of_range("stored");
        co_return 1;
    });
    EXPECT_THROW(run(task), std::out_of_range);
    EXPECT_THROW(task.result(), std::out_of_range);
    EXPECT_TRUE(task.exception());
    EXPECT_FALSE(task.cancelled());
    EXPECT_THROW(run([&]() -> Coro<> { co_await task; }), std::out_of_range);
}

TEST_P(TaskTest, FUT_15_an_exception_of_a_task_that_nobody_took) {
    support::Reports reports(loop);
    static_cast<void>(loop.create_task(
        []() -> Coro<int> {
            throw std::runtime_error("lost");
            co_return 1;
        },
        {.name = "loser"}));
    run_once();
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "Task exception was never retrieved");
    EXPECT_NE(reports.contexts()[0].future.find("loser"), std::string::npos);
}

TEST_P(TaskTest, EXC_7_every_type_passes_through) {
    const auto throws = []() -> Coro<int> {
        throw 42;
        co_return 1;
    };
    auto task = loop.create_task(throws);
    EXPECT_THROW(run(task), int);
    run([&]() -> Coro<> {
        try {
            co_await asyncio::create_task(throws);
        } catch (int number) {
            trace(number);
        }
        try {
            co_await throws();
        } catch (int number) {
            trace(number);
        }
    });
    EXPECT_EQ(trace.str(), "42 42");
}

TEST_P(TaskTest, TASK_25_a_task_that_awaits_itself) {
    std::optional<Task<void>> task;
    task = loop.create_task([&]() -> Coro<> {
        try {
            co_await *task;
        } catch (const asyncio::RuntimeError& error) {
            trace(std::string(error.what()).substr(0, 27));
        }
    });
    run(*task);
    EXPECT_EQ(trace.str(), "Task cannot await on itself");
}

TEST_P(TaskTest, TASK_28_current_task) {
    EXPECT_THROW(static_cast<void>(asyncio::current_task()), asyncio::RuntimeError);
    EXPECT_FALSE(asyncio::current_task(loop));
    loop.call_soon([&] { EXPECT_FALSE(asyncio::current_task()); });
    std::optional<Task<void>> task;
    task = loop.create_task([&]() -> Coro<> {
        EXPECT_EQ(asyncio::current_task(), asyncio::AnyTask(*task));
        EXPECT_EQ(asyncio::current_task(loop), asyncio::AnyTask(*task));
        co_await asyncio::sleep(0ms);
        EXPECT_EQ(asyncio::current_task(), asyncio::AnyTask(*task));
    });
    run(*task);
    EXPECT_FALSE(asyncio::current_task(loop));
}

TEST_P(TaskTest, TASK_29_all_tasks_in_the_order_of_creation) {
    EXPECT_THROW(static_cast<void>(asyncio::all_tasks()), asyncio::RuntimeError);
    auto a = loop.create_task([]() -> Coro<> {
        for (int i = 0; i < 2; ++i) co_await asyncio::sleep(0ms);
    });
    auto b = loop.create_task([]() -> Coro<> { co_return; });
    EXPECT_EQ(asyncio::all_tasks(loop), (std::vector<asyncio::AnyTask>{a, b}));
    b.add_done_callback([&](const auto&) {
        EXPECT_EQ(asyncio::all_tasks(), (std::vector<asyncio::AnyTask>{a})) << "gone before its callbacks run";
        trace("callback");
    });
    run_once();
    EXPECT_EQ(asyncio::all_tasks(loop), (std::vector<asyncio::AnyTask>{a}));
    run_once();
    EXPECT_EQ(trace.str(), "callback");
    run_once();
    EXPECT_TRUE(asyncio::all_tasks(loop).empty());
}

TEST_P(TaskTest, TASK_31_an_interrupt_is_stored_and_leaves_the_loop) {
    support::Reports reports(loop);
    auto task = loop.create_task([]() -> Coro<> {
        co_await asyncio::sleep(0ms);
        throw asyncio::SystemExit(3);
    });
    loop.call_soon([&] { loop.call_soon([&] { trace("same-iteration"); }); });
    try {
        loop.run_forever();
        FAIL();
    } catch (const asyncio::SystemExit& exit) {
        EXPECT_EQ(exit.code(), 3);
    }
    EXPECT_FALSE(loop.is_running());
    EXPECT_TRUE(task.done());
    EXPECT_THROW(task.result(), asyncio::SystemExit);
    EXPECT_FALSE(asyncio::current_task(loop));
    run_once();
    EXPECT_EQ(trace.str(), "same-iteration") << "LOOP-25: kept for the next run";
}

TEST_P(TaskTest, TASK_31_awaiters_of_an_interrupted_task_get_it_in_the_next_run) {
    auto inner = loop.create_task([]() -> Coro<> {
        throw asyncio::KeyboardInterrupt();
        co_return;
    });
    auto outer = loop.create_task([&]() -> Coro<> {
        co_await asyncio::sleep(0ms);
        try {
            co_await inner;
        } catch (const asyncio::KeyboardInterrupt&) {
            trace("got-it");
        }
    });
    EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
    run(outer);
    EXPECT_EQ(trace.str(), "got-it");
}

TEST_P(TaskTest, TASK_32_text) {
    auto task = loop.create_task([]() -> Coro<> { co_await asyncio::sleep(1h); }, {.name = "x"});
    EXPECT_EQ(task.repr().find("<Task pending name='x'"), 0U) << task.repr();
    run_once();
    task.cancel();
    EXPECT_EQ(task.repr().find("<Task cancelling name='x'"), 0U) << task.repr();
    EXPECT_THROW(run(task), asyncio::CancelledError);
    EXPECT_EQ(task.repr().find("<Task cancelled name='x'"), 0U) << task.repr();
    auto done = loop.create_task([]() -> Coro<> { co_return; }, {.name = "y"});
    run(done);
    EXPECT_EQ(done.repr().find("<Task finished name='y'"), 0U) << done.repr();
}

TEST_P(TaskTest, CORO_9_the_task_owns_its_closure) {
    auto task = loop.create_task([text = std::string(100, 'c'), life = lives.one()]() -> Coro<std::string> {
        co_await asyncio::sleep(1ms);
        co_return text;
    });
    EXPECT_EQ(run(task), std::string(100, 'c'));
    EXPECT_EQ(lives.now(), 0) << "released when the task is done, not with the last handle";
}

TEST_P(TaskTest, results_of_every_kind) {
    int target = 0;
    auto reference = loop.create_task([&]() -> Coro<int&> { co_return target; });
    EXPECT_EQ(&loop.run_until_complete(reference), &target);
    auto unique = loop.create_task([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); });
    run([&]() -> Coro<> { EXPECT_EQ(*(co_await std::move(unique)), 8); });
    struct NoDefault {
        explicit NoDefault(int number) : number(number) {}
        int number;
    };
    EXPECT_EQ(run(loop.create_task([]() -> Coro<NoDefault> { co_return NoDefault(2); })).number, 2);
    EXPECT_EQ(run(loop.create_task([]() -> Coro<std::optional<int>> { co_return std::nullopt; })), std::nullopt);
}

TEST_P(TaskTest, eager_start_runs_the_first_step_inside_create_task) {
    run([&]() -> Coro<> {
        const auto outer = asyncio::current_task();
        auto done = asyncio::create_task(
            [&]() -> Coro<int> {
                trace("eager");
                EXPECT_NE(asyncio::current_task(), outer);
                EXPECT_EQ(asyncio::all_tasks().size(), 2U);
                co_return co_await []() -> Coro<int> { co_return 5; }();
            },
            {.eager_start = true});
        EXPECT_EQ(trace.str(), "eager");
        EXPECT_TRUE(done.done());
        EXPECT_EQ(asyncio::current_task(), outer);
        EXPECT_EQ(co_await done, 5);

        auto suspended = asyncio::create_task(
            []() -> Coro<int> {
                co_await asyncio::sleep(1ms);
                co_return 6;
            },
            {.eager_start = true});
        EXPECT_FALSE(suspended.done());
        EXPECT_EQ(co_await suspended, 6);

        auto failed = asyncio::create_task(
            []() -> Coro<int> {
                throw std::runtime_error("eager");
                co_return 1;
            },
            {.eager_start = true});
        EXPECT_TRUE(failed.done());
        EXPECT_TRUE(failed.exception());
    });
}

TEST_P(TaskTest, eager_start_nested_and_with_self_cancel) {
    run([&]() -> Coro<> {
        struct Nest {
            static Coro<int> down(int level) {
                if (level == 0) co_return 0;
                co_return 1 + co_await asyncio::create_task(down(level - 1), {.eager_start = true});
            }
        };
        EXPECT_EQ(co_await Nest::down(50), 50);
        auto task = asyncio::create_task(
            []() -> Coro<> {
                asyncio::current_task()->cancel("self");
                co_await asyncio::sleep(0ms);
            },
            {.eager_start = true});
        EXPECT_FALSE(task.done());
        try {
            co_await task;
            ADD_FAILURE();
        } catch (const asyncio::CancelledError& error) {
            EXPECT_EQ(error.message(), "self");
        }
    });
}

TEST_P(TaskTest, eager_start_with_an_interrupt) {
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            static_cast<void>(asyncio::create_task(
                [life = lives.one()]() -> Coro<> {
                    throw asyncio::KeyboardInterrupt();
                    co_return;
                },
                {.eager_start = true}));
        } catch (const asyncio::KeyboardInterrupt&) {
            trace("out-of-create_task");
        }
        co_await asyncio::sleep(0ms);
    });
    run(task);
    EXPECT_EQ(trace.str(), "out-of-create_task");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(TaskTest, CORO_2_anything_with_operator_co_await_can_be_awaited) {
    struct Wrapped {
        asyncio::Future<int> future;
        auto operator co_await() const { return future.operator co_await(); }
    };
    auto future = loop.create_future<int>();
    loop.call_soon([&] { future.set_result(4); });
    EXPECT_EQ(run([&]() -> Coro<int> {
                  const Wrapped wrapped{future};
                  co_return co_await wrapped;
              }),
              4);
}

TEST_P(TaskTest, no_allocation_per_await_and_per_wakeup) {
    run([&]() -> Coro<> {
        auto waker = asyncio::create_task([&]() -> Coro<> {
            for (int i = 0; i < 2000; ++i) co_await asyncio::sleep(0ms);
        });
        auto done = loop.create_future<int>();
        done.set_result(1);
        const auto one_round = [&]() -> Coro<> {
            co_await asyncio::sleep(0ms);
            co_await asyncio::sleep(1us);
            co_await done;
        };
        for (int i = 0; i < 10; ++i) co_await one_round();
        const Counters before = Counters::now();
        int sum = 0;
        for (int i = 0; i < 100; ++i) {
            co_await asyncio::sleep(0ms);
            co_await asyncio::sleep(1us);
            sum += co_await done;
        }
        const Counters cost = Counters::now() - before;
        EXPECT_EQ(cost.heap(), 0U) << cost.to_string();
        EXPECT_GE(cost.wakeups, 200U);
        EXPECT_EQ(sum, 100);
        waker.cancel();
    });
}

}  // namespace
