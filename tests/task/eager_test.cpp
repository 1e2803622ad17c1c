// Eager tasks: the factory, the order in which things happen, and what must not differ from tasks that start later.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::create_task;
using asyncio::EventLoop;
using asyncio::NewTask;
using asyncio::sleep;
using asyncio::TaskOptions;

Coro<int> give(int value) {
    co_return value;
}
Coro<> nap(asyncio::Clock::duration time) {
    co_await sleep(time);
}
Coro<int> fail(std::string what) {
    throw std::runtime_error(what);
    co_return 0;
}

/// Every loop has the eager factory here.
class Eager : public support::OnEachDriver {
public:
    Eager() { loop.set_task_factory(asyncio::eager_task_factory); }
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER(Eager);

TEST_P(Eager, EAG_1_factory_per_task_option_and_override) {
    run([&]() -> Coro<> {
        EXPECT_TRUE(create_task(give(1)).done());
        const auto late = create_task(give(2), {.eager_start = false});
        EXPECT_FALSE(late.done());
        co_await sleep(0ms);
        EXPECT_TRUE(late.done());
        asyncio::get_running_loop().set_task_factory(nullptr);
        EXPECT_FALSE(create_task(give(3)).done());
        EXPECT_TRUE(create_task(give(4), {.eager_start = true}).done());
    });
}

TEST_P(Eager, EAG_1_create_eager_task_factory_with_a_factory_of_ones_own) {
    int made = 0;
    const asyncio::TaskFactory factory =
        asyncio::create_eager_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
            ++made;
            task.start(options);
        });
    loop.set_task_factory(factory);
    run([&]() -> Coro<> {
        EXPECT_TRUE(create_task(give(1)).done());
        EXPECT_FALSE(create_task(give(1), {.eager_start = false}).done());
        co_return;
    });
    EXPECT_EQ(made, 3);
}

TEST_P(Eager, EAG_2_current_task_is_the_new_one_and_is_restored) {
    run([&]() -> Coro<> {
        const auto parent = asyncio::current_task();
        const auto child = create_task(
            [&]() -> Coro<> {
                EXPECT_EQ(asyncio::current_task()->get_name(), "child");
                EXPECT_EQ(asyncio::all_tasks().size(), 2U);
                co_return;
            },
            {.name = "child"});
        EXPECT_EQ(asyncio::current_task(), parent);
        EXPECT_TRUE(child.done());
        co_return;
    });
}

TEST_P(Eager, EAG_2_only_on_the_running_loop) {
    const auto task = loop.create_task(give(1));
    EXPECT_FALSE(task.done());
    EXPECT_EQ(loop.run_until_complete(task), 1);
    auto other = support::make_loop(GetParam());
    other->set_task_factory(asyncio::eager_task_factory);
    run([&]() -> Coro<> {
        const auto elsewhere = other->create_task(give(2));
        EXPECT_FALSE(elsewhere.done());
        co_return;
    });
    other->run_until_complete(nap(0ms));
    other->close();
}

TEST_P(Eager, EAG_2_from_a_callback_too) {
    loop.call_soon([&] {
        const auto task = loop.create_task([&]() -> Coro<> {
            trace("task");
            co_await sleep(0ms);
            trace("later");
        });
        EXPECT_FALSE(asyncio::current_task());
        trace("callback");
    });
    run(nap(1ms));
    EXPECT_EQ(trace.str(), "task callback later");
}

TEST_P(Eager, EAG_3_done_on_return_with_callbacks_in_the_next_iteration) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        auto task = create_task(give(1));
        EXPECT_TRUE(task.done());
        const int now = ticks.now();
        task.add_done_callback([&, now](const auto&) { trace("cb", ticks.now() - now); });
        trace("added");
        EXPECT_EQ(co_await task, 1);
        EXPECT_EQ(ticks.now(), now);  // no suspension
        co_await sleep(0ms);
    });
    EXPECT_EQ(trace.str(), "added cb1");
}

TEST_P(Eager, EAG_3_one_that_suspends_goes_on_as_any_task) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        const int now = ticks.now();
        auto task = create_task([&]() -> Coro<int> {
            trace("at", ticks.now() - now);
            co_await sleep(0ms);
            trace("at", ticks.now() - now);
            co_return 3;
        });
        EXPECT_FALSE(task.done());
        EXPECT_EQ(co_await task, 3);
        trace("main", ticks.now() - now);
    });
    EXPECT_EQ(trace.str(), "at0 at1 main2");
}

TEST_P(Eager, EAG_4_the_childs_first_part_comes_before_the_parents_next_line) {
    run([&]() -> Coro<> {
        const auto outer = create_task([&]() -> Coro<> {
            trace("a");
            const auto inner = create_task([&]() -> Coro<> {
                trace("b");
                co_await sleep(0ms);
                trace("e");
            });
            trace("c");
            co_await inner;
            trace("f");
        });
        trace("d");
        co_await outer;
    });
    EXPECT_EQ(trace.str(), "a b c d e f");
}

TEST_P(Eager, EAG_5_its_exception_stays_in_the_task) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto task = create_task(fail("inside"));
        EXPECT_TRUE(task.done());
        try {
            co_await task;
            ADD_FAILURE();
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "inside");
        }
        static_cast<void>(create_task(fail("dropped")));
    });
    EXPECT_EQ(reports.messages(), std::vector<std::string>{"Task exception was never retrieved"});
}

TEST_P(Eager, EAG_5_self_cancel) {
    run([&]() -> Coro<> {
        const auto returns = create_task([]() -> Coro<int> {
            asyncio::current_task()->cancel();
            co_return 1;
        });
        EXPECT_TRUE(returns.cancelled());
        const auto awaits = create_task([&]() -> Coro<> {
            asyncio::current_task()->cancel();
            co_await sleep(1h);
        });
        EXPECT_FALSE(awaits.done());
        co_await sleep(0ms);
        EXPECT_TRUE(awaits.cancelled());
    });
}

TEST_P(Eager, EAG_6_gather_of_children_that_finish_is_done_on_return) {
    run([&]() -> Coro<> {
        const auto all = asyncio::gather(give(1), give(2));
        EXPECT_TRUE(all.done());
        EXPECT_EQ(std::get<1>(all.result()), 2);
        const auto partly = asyncio::gather(give(1), sleep(0ms, 2));
        EXPECT_FALSE(partly.done());
        const auto failed = asyncio::gather(give(1), fail("x"));
        EXPECT_TRUE(failed.done());
        EXPECT_THROW(std::rethrow_exception(failed.exception()), std::runtime_error);
        co_await partly;
    });
}

TEST_P(Eager, EAG_6_a_failing_child_does_not_abort_its_group_inside_create_task) {
    const auto main = [&]() -> Coro<> {
        co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> Coro<> {
            EXPECT_TRUE(group.create_task(fail("a")).done());
            const auto second = group.create_task(nap(1h));  // not refused: the group hears of it one iteration later
            trace("second");
            EXPECT_EQ(asyncio::current_task()->cancelling(), 0U);
            try {
                co_await second;
            } catch (const CancelledError&) {
                trace("cancelled");
                throw;
            }
        });
    };
    EXPECT_THROW(run(main), asyncio::ExceptionGroup);
    EXPECT_EQ(trace.str(), "second cancelled");
}

TEST_P(Eager, EAG_6_a_group_waits_for_the_callbacks_of_finished_children) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        const int now = ticks.now();
        co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> Coro<> {
            EXPECT_TRUE(group.create_task(give(1)).done());
            co_return;
        });
        EXPECT_EQ(ticks.now() - now, 2);
    });
}

Coro<int> named_function() {
    co_await sleep(1ms);
    co_return 1;
}

TEST_P(Eager, TASK_4_get_coro_names_the_function_and_is_none_for_a_finished_task) {
    run([&]() -> Coro<> {
        EXPECT_FALSE(create_task(give(1)).get_coro());
        for (const bool eager : {true, false}) {
            const auto task = create_task(named_function(), {.eager_start = eager});
            const std::string function = task.get_coro().value().function_name();
            EXPECT_NE(function.find("named_function"), std::string::npos) << function;
            EXPECT_NE(std::string(task.get_coro()->file_name()).find("eager_test"), std::string::npos);
            EXPECT_GT(task.get_coro()->line(), 0U);
            co_await task;
            EXPECT_FALSE(asyncio::AnyTask(task).get_coro());
        }
    });
}

TEST_P(Eager, EAG_8_an_eager_task_that_does_not_suspend_is_never_queued) {
    run([&]() -> Coro<> {
        const auto before = loop.core().wakeups;
        for (int i = 0; i < 10; ++i) EXPECT_EQ(co_await create_task(give(i)), i);
        EXPECT_EQ(loop.core().wakeups, before);
    });
}

TEST_P(Eager, destroyed_with_its_loop_while_suspended) {
    auto other = support::make_loop(GetParam());
    other->set_task_factory(asyncio::eager_task_factory);
    other->set_exception_handler([](EventLoop&, const asyncio::ExceptionContext&) {});
    other->call_soon([&] {
        static_cast<void>(create_task([life = lives.one()]() -> Coro<> { co_await sleep(1h); }));
        EXPECT_EQ(lives.now(), 1);
    });
    other->stop();
    other->run_forever();
    EXPECT_EQ(lives.now(), 1);
    other->close();
    EXPECT_EQ(lives.now(), 0);
}

}  // namespace
