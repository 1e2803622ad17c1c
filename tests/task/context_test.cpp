// Contexts of tasks and callbacks: section 7 of the specification, and what else takes or gives a context.

#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::Context;
using asyncio::ContextVar;
using asyncio::copy_context;
using asyncio::Coro;
using namespace std::chrono_literals;

const ContextVar<std::string> var{"var", "-"};

Context with_value(const char* value) {
    const Context context;
    context.run([&] { var.set(value); });
    return context;
}

class ContextOfTasks : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(ContextOfTasks);

TEST_P(ContextOfTasks, CTX_8_a_task_sees_the_values_at_its_creation_and_keeps_its_own) {
    const auto child = []() -> Coro<std::string> {
        std::string seen = var.get();
        var.set("child");
        co_await asyncio::sleep(1ms);
        co_return seen + " " + var.get();
    };
    run([&]() -> Coro<> {
        var.set("m");
        auto task = asyncio::create_task(child);
        var.set("after");
        EXPECT_EQ(co_await task, "m child");
        EXPECT_EQ(var.get(), "after");
        EXPECT_EQ(task.get_context()[var], "child");
    });
    EXPECT_EQ(var.get(), "-");
}

TEST_P(ContextOfTasks, CTX_9_a_given_context_is_used_itself_by_every_step) {
    const Context context = with_value("c");
    const auto child = [](const char* name) -> Coro<> {
        var.set(var.get() + name);
        co_await asyncio::sleep(1ms);
        var.set(var.get() + name);
    };
    run([&]() -> Coro<> {
        auto a = asyncio::create_task(child("a"), {.context = context});
        auto b = asyncio::create_task(child("b"), {.context = context});
        EXPECT_EQ(a.get_context(), context);
        EXPECT_EQ(asyncio::AnyTask(b).get_context(), context);
        co_await a;
        co_await b;
        EXPECT_EQ(var.get(), "-");
    });
    EXPECT_EQ(context[var], "cabab");
}

TEST_P(ContextOfTasks, TASK_4_get_context_is_the_one_that_the_steps_use) {
    const auto child = []() -> Coro<std::string> {
        co_await asyncio::sleep(0s);
        const Context own = asyncio::current_task()->get_context();
        EXPECT_THROW(own.run([] {}), asyncio::RuntimeError);
        var.set(var.get() + " child");
        EXPECT_EQ(own[var], var.get());
        co_await asyncio::sleep(0s);
        co_return var.get();
    };
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(child);
        const Context context = task.get_context();
        EXPECT_FALSE(context.contains(var));
        context.run([] { var.set("outside"); });
        EXPECT_EQ(co_await task, "outside child");
        EXPECT_EQ(context[var], "outside child");
        context.run([] {});  // nobody is in it any more
    });
}

TEST_P(ContextOfTasks, CTX_10_awaiting_shares_the_context_and_tasks_copy_it) {
    const auto setter = [](const char* value) -> Coro<> {
        var.set(value);
        co_return;
    };
    run([&]() -> Coro<> {
        co_await setter("awaited");
        EXPECT_EQ(var.get(), "awaited");
        co_await asyncio::wait_for(setter("wait_for"), 1s);
        EXPECT_EQ(var.get(), "wait_for");
        co_await asyncio::gather(setter("gather"), setter("gather"));
        co_await asyncio::shield(setter("shield"));
        co_await asyncio::ensure_future(setter("ensure_future"));
        EXPECT_EQ(var.get(), "wait_for");
    });
}

TEST_P(ContextOfTasks, CTX_11_callbacks_run_in_a_copy_of_the_context_of_their_registration) {
    asyncio::Future<void> future(loop);
    Context().run([&] {
        var.set("then");
        const auto callback = [this](std::string name) {
            trace(name + ":" + var.get());
            var.set("lost");
        };
        loop.call_soon(callback, "soon");
        loop.call_later(0s, callback, "later");
        loop.call_at(loop.time(), callback, "at");
        future.add_done_callback([callback](const auto&) { callback("done"); });
        var.set("after");
        future.set_result();
        var.set("then");
        loop.call_soon_threadsafe(callback, "threadsafe");
        var.set("after");
    });
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "soon:then done:then threadsafe:then later:then at:then");
    EXPECT_EQ(var.get(), "-");
}

TEST_P(ContextOfTasks, LOOP_15_callbacks_run_in_the_given_context_itself) {
    const Context context = with_value("");
    const auto append = [](const char* text) { var.set(var.get() + text); };
    asyncio::Future<void> future(loop);
    EXPECT_EQ(loop.call_soon(context, append, "s").get_context(), context);
    future.add_done_callback(context, [append](const auto&) { append("d"); });
    future.set_result();
    loop.call_soon_threadsafe(context, append, "t");
    EXPECT_EQ(loop.call_later(context, 0s, append, "l").get_context(), context);
    loop.call_at(context, loop.time(), append, "a");
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(context[var], "sdtla");
}

TEST_P(ContextOfTasks, HND_3_get_context_is_what_the_callback_runs_in) {
    std::optional<Context> inside;
    asyncio::Handle handle;
    handle = loop.call_soon([&] {
        trace(var.get());
        inside = handle.get_context();
        EXPECT_THROW(inside->run([] {}), asyncio::RuntimeError);
        var.set("callback");
    });
    handle.get_context().run([] { var.set("outside"); });
    run_once();
    EXPECT_EQ(trace.str(), "outside");
    EXPECT_EQ(*inside, handle.get_context());
    EXPECT_EQ(handle.get_context()[var], "callback");
    inside->run([] {});
    auto cancelled = loop.call_later(1h, [] {});
    cancelled.cancel();
    EXPECT_TRUE(cancelled.get_context().empty());
    EXPECT_TRUE(asyncio::Handle().get_context().empty());
}

TEST_P(ContextOfTasks, CTX_11_threadsafe_calls_bring_the_context_of_their_thread) {
    if (simulated()) GTEST_SKIP() << "needs another thread";
    std::thread other([&] {
        const auto guard = var.scoped("other");
        loop.call_soon_threadsafe([&] {
            trace(var.get());
            loop.stop();
        });
    });
    loop.run_forever();
    other.join();
    EXPECT_EQ(trace.str(), "other");
}

TEST_P(ContextOfTasks, CTX_14_the_loops_context_is_restored_after_each_step_also_when_it_throws) {
    const Context around = with_value("around");
    const auto fails = []() -> Coro<> {
        var.set("failed");
        throw std::runtime_error("x");
        co_return;
    };
    const auto leaves = []() -> Coro<> {
        var.set("left");
        throw asyncio::SystemExit(1);
        co_return;
    };
    around.run([&] {
        run([&]() -> Coro<> {
            auto task = asyncio::create_task(fails);
            while (!task.done()) co_await asyncio::sleep(0s);
            EXPECT_EQ(var.get(), "around");
            EXPECT_NE(task.exception(), nullptr);
        });
        EXPECT_EQ(var.get(), "around");
        EXPECT_THROW(run(leaves), asyncio::SystemExit);
        EXPECT_EQ(var.get(), "around");
        loop.call_soon([] {
            var.set("callback");
            throw asyncio::KeyboardInterrupt();
        });
        EXPECT_THROW(run_once(), asyncio::KeyboardInterrupt);
        EXPECT_EQ(var.get(), "around");
    });
    EXPECT_EQ(around[var], "around");
}

TEST_P(ContextOfTasks, LOOP_30_the_exception_handler_runs_in_the_context_of_task_or_handle) {
    loop.set_exception_handler([this](auto&, const auto&) { trace(var.get()); });
    loop.call_soon([] {
        var.set("handle");
        throw std::runtime_error("x");
    });
    loop.call_later(0s, [] {
        var.set("timer");
        throw std::runtime_error("x");
    });
    asyncio::Future<void> future(loop);
    future.add_done_callback([](const auto&) {
        var.set("done");
        throw std::runtime_error("x");
    });
    run([&]() -> Coro<> {
        static_cast<void>(asyncio::create_task([]() -> Coro<> {
            var.set("task");
            throw std::runtime_error("x");
            co_return;
        }));
        co_await asyncio::sleep(1ms);
        future.set_result();
        co_await asyncio::sleep(1ms);
    });
    loop.set_exception_handler({});
    EXPECT_EQ(trace.str(), "handle timer task done");
}

TEST_P(ContextOfTasks, EAG_2_EAG_7_an_eager_step_runs_in_the_tasks_context) {
    const Context context = with_value("c");
    run([&]() -> Coro<> {
        var.set("parent");
        const auto child = []() -> Coro<std::string> {
            const std::string seen = var.get();
            var.set("child");
            co_return seen;
        };
        EXPECT_EQ(asyncio::create_task(child, {.eager_start = true}).result(), "parent");
        EXPECT_EQ(asyncio::create_task(child, {.context = context, .eager_start = true}).result(), "c");
        EXPECT_EQ(var.get(), "parent");
        context.run([&] {
            EXPECT_THROW(static_cast<void>(asyncio::create_task(child, {.context = context, .eager_start = true})),
                         asyncio::RuntimeError);
            EXPECT_EQ(var.get(), "child");
        });
        EXPECT_EQ(var.get(), "parent");
        co_return;
    });
}

TEST_P(ContextOfTasks, CTX_6_what_cannot_enter_its_context_fails_and_does_not_hang) {
    const Context context;
    loop.set_exception_handler([this](auto&, const auto& report) { trace(report.message.substr(0, 21)); });
    context.run([&] {
        const auto task = loop.create_task(
            [this]() -> Coro<> {
                trace("never");
                co_return;
            },
            {.context = context});
        EXPECT_THROW(run(task), asyncio::RuntimeError);
        loop.call_soon(context, [this] { trace("never"); });
        loop.call_later(context, 0s, [this] { trace("never"); });
        run([]() -> Coro<> { co_await asyncio::sleep(1ms); });
    });
    loop.set_exception_handler({});
    EXPECT_EQ(trace.str(), "Exception in callback Exception in callback");
    context.run([] {});
}

TEST_P(ContextOfTasks, CTX_3_guards_in_frames_reset_when_the_loop_closes) {
    asyncio::testing::CapturedLog log;
    const Context context = with_value("before");
    static_cast<void>(loop.create_task(
        []() -> Coro<> {
            const auto guard = var.scoped("inside");
            co_await asyncio::sleep(1h);
        },
        {.context = context}));
    run([]() -> Coro<> { co_await asyncio::sleep(1ms); });
    EXPECT_EQ(context[var], "inside");
    loop.close();
    EXPECT_EQ(context[var], "before");
}

TEST_P(ContextOfTasks, TASK_4_the_context_of_a_task_whose_loop_closes_is_entered) {
    asyncio::testing::CapturedLog log;
    struct Cleanup {
        const asyncio::Task<void>* task = nullptr;
        bool refused = false;
    } cleanup;
    struct AtEnd {
        Cleanup& seen;
        ~AtEnd() {
            try {
                seen.task->get_context().run([] {});
            } catch (const asyncio::RuntimeError&) {
                seen.refused = true;
            }
        }
    };
    auto task = loop.create_task([&]() -> Coro<> {
        const AtEnd at_end{cleanup};
        co_await asyncio::sleep(1h);
    });
    cleanup.task = &task;
    run([]() -> Coro<> { co_await asyncio::sleep(1ms); });
    loop.close();
    EXPECT_TRUE(cleanup.refused) << "cannot enter context: it is already entered";
    task.get_context().run([] {});
}

TEST_P(ContextOfTasks, TG_2_tasks_of_a_group_take_a_context) {
    const Context context;
    run([&]() -> Coro<> {
        co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> Coro<> {
            auto task = group.create_task(
                []() -> Coro<> {
                    var.set("group");
                    co_return;
                },
                {.context = context});
            EXPECT_EQ(task.get_context(), context);
            co_return;
        });
        EXPECT_EQ(var.get(), "-");
    });
    EXPECT_EQ(context[var], "group");
}

TEST_P(ContextOfTasks, TASK_1_cancelled_tasks_clean_up_in_their_context) {
    const Context context = with_value("c");
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(
            []() -> Coro<> {
                try {
                    co_await asyncio::sleep(1h);
                } catch (const asyncio::CancelledError&) {
                    var.set(var.get() + " cancelled");
                    throw;
                }
            },
            {.context = context});
        co_await asyncio::sleep(0s);
        task.cancel();
        while (!task.done()) co_await asyncio::sleep(0s);
        EXPECT_TRUE(task.cancelled());
    });
    EXPECT_EQ(context[var], "c cancelled");
}

Coro<std::string> get_and_set(std::string value) {
    std::string before = var.get();
    var.set(std::move(value));
    co_return before;
}

TEST(RunnerContext, RUN_9_runs_share_a_context_unless_one_is_given) {
    const auto guard = var.scoped("outer");
    asyncio::Runner runner;
    EXPECT_EQ(runner.run(get_and_set("one")), "outer");
    EXPECT_EQ(var.get(), "outer");
    EXPECT_EQ(runner.run(get_and_set("two")), "one");
    const Context context = with_value("given");
    EXPECT_EQ(runner.run(get_and_set("three"), {.context = context}), "given");
    EXPECT_EQ(context[var], "three");
    EXPECT_EQ(runner.run(get_and_set("four")), "two");
    EXPECT_EQ(asyncio::run(get_and_set("five")), "outer");
    EXPECT_EQ(var.get(), "outer");
}

TEST(RunnerContext, POL_15_contexts_of_threads_are_separate) {
    const auto in_thread = [](const char* value) {
        EXPECT_EQ(var.get(), "-");
        var.set(value);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(asyncio::run(get_and_set("run")), value);
    };
    std::thread a(in_thread, "a");
    std::thread b(in_thread, "b");
    a.join();
    b.join();
    EXPECT_EQ(var.get(), "-");
}

}  // namespace
