#include <asyncio/task/task_factory.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/task/async_with.hpp>
#include <asyncio/task/gather.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task_group.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using asyncio::AnyTask;
using asyncio::Coro;
using asyncio::EventLoop;
using asyncio::NewTask;
using asyncio::sleep;
using asyncio::TaskBody;
using asyncio::TaskOptions;

Coro<int> give(int value) {
    co_return value;
}

Coro<int> nap_and_give(int value) {
    co_return co_await sleep(1ms, value);
}

class TaskFactoryTest : public support::OnEachDriver {
public:
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER(TaskFactoryTest);

// --- errors ---

TEST_P(TaskFactoryTest, LOOP_23_what_the_factory_throws_comes_out_of_create_task) {
    loop.set_task_factory([](EventLoop&, NewTask&, TaskOptions) { throw std::out_of_range("no more tasks"); });
    bool started = false;
    EXPECT_THROW(static_cast<void>(loop.create_task([&, life = lives.one()]() -> Coro<> {
                     started = true;
                     co_return;
                 })),
                 std::out_of_range);
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(asyncio::all_tasks(loop).empty());
    loop.set_task_factory(nullptr);
    run_once();
    EXPECT_FALSE(started);
}

TEST_P(TaskFactoryTest, LOOP_23_a_factory_must_start_the_task_once) {
    loop.set_task_factory([](EventLoop&, NewTask&, TaskOptions) {});
    EXPECT_THROW(static_cast<void>(loop.create_task([life = lives.one()]() -> Coro<> { co_return; })),
                 asyncio::RuntimeError);
    EXPECT_EQ(lives.now(), 0);
    loop.set_task_factory([](EventLoop&, NewTask& task, TaskOptions options) {
        task.start(options);
        EXPECT_THROW(task.start(options), asyncio::RuntimeError);
        EXPECT_THROW(task.wrap([](TaskBody body) -> Coro<> { co_await body; }), asyncio::RuntimeError);
    });
    EXPECT_EQ(loop.run_until_complete(give(1)), 1);
}

TEST_P(TaskFactoryTest, LOOP_23_a_task_that_was_not_started_stays_pending_for_who_kept_it) {
    std::vector<AnyTask> kept;
    loop.set_task_factory([&](EventLoop&, NewTask& task, TaskOptions) { kept.push_back(task.task()); });
    EXPECT_THROW(static_cast<void>(loop.create_task(give(1))), asyncio::RuntimeError);
    EXPECT_FALSE(kept.at(0).done());
    EXPECT_EQ(kept.at(0).get_coro(), std::nullopt);
}

// --- what it is for ---

TEST_P(TaskFactoryTest, LOOP_23_set_get_and_restore) {
    EXPECT_FALSE(loop.get_task_factory());
    int made = 0;
    loop.set_task_factory([&](EventLoop& its_loop, NewTask& task, TaskOptions options) {
        EXPECT_EQ(&its_loop, &loop);
        ++made;
        task.start(options);
    });
    EXPECT_TRUE(loop.get_task_factory());
    EXPECT_EQ(loop.run_until_complete(give(5)), 5);
    EXPECT_EQ(made, 1);
    loop.set_task_factory(nullptr);
    EXPECT_FALSE(loop.get_task_factory());
    EXPECT_EQ(loop.run_until_complete(give(6)), 6);
    EXPECT_EQ(made, 1);
}

TEST_P(TaskFactoryTest, LOOP_23_serves_create_task_gather_task_groups_and_ensure_future) {
    std::string functions;
    loop.set_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
        trace(task.get_name());
        functions += std::string(task.get_coro().function_name()) + "\n";
        task.start(options);
    });
    run([&]() -> Coro<> {
        asyncio::current_task()->set_name("main");
        co_await asyncio::create_task(give(1), {.name = "created"});
        const auto before = trace.str();
        co_await asyncio::gather(give(2), give(3));
        co_await asyncio::ensure_future(give(4));
        co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> Coro<> {
            group.create_task(give(5), {.name = "grouped"});
            co_return;
        });
    });
    const std::string names = trace.str();
    EXPECT_EQ(std::count(names.begin(), names.end(), ' '), 5) << names;
    EXPECT_NE(names.find("created"), std::string::npos);
    EXPECT_NE(names.find("grouped"), std::string::npos);
    EXPECT_NE(functions.find("give"), std::string::npos) << functions;
}

TEST_P(TaskFactoryTest, LOOP_23_names_asked_for_defaulted_and_set_by_the_factory) {
    loop.set_task_factory([](EventLoop&, NewTask& task, TaskOptions) { task.start(); });  // forgets the options
    EXPECT_EQ(loop.create_task(give(1), {.name = "asked"}).get_name(), "asked");
    EXPECT_EQ(loop.create_task(give(1)).get_name().find("Task-"), 0U);
    loop.set_task_factory([](EventLoop&, NewTask& task, TaskOptions options) {
        if (options.name.empty()) task.set_name("by the factory");
        task.start(options);
    });
    EXPECT_EQ(loop.create_task(give(1)).get_name(), "by the factory");
    EXPECT_EQ(loop.create_task(give(1), {.name = "asked"}).get_name(), "asked");
    run_once();
}

TEST_P(TaskFactoryTest, LOOP_23_bookkeeping_beside_the_task) {
    std::map<std::string, int> steps_of;
    loop.set_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
        steps_of[task.get_name()] = 1;
        task.add_done_callback([&](const AnyTask& done) { steps_of.erase(done.get_name()); });
        task.start(options);
    });
    run([&]() -> Coro<> {
        auto child = asyncio::create_task(nap_and_give(3), {.name = "child"});
        EXPECT_EQ(steps_of.count("child"), 1U);
        co_await child;
        co_await sleep(0ms);
        EXPECT_EQ(steps_of.count("child"), 0U);
    });
}

TEST_P(TaskFactoryTest, LOOP_23_a_factory_may_replace_itself_and_create_tasks) {
    loop.set_task_factory([&, life = lives.one()](EventLoop&, NewTask& task, TaskOptions options) {
        loop.set_task_factory(nullptr);
        static_cast<void>(loop.create_task([&]() -> Coro<> {
            trace("helper");
            co_return;
        }));
        EXPECT_EQ(lives.now(), 1);  // alive while it runs
        task.start(options);
    });
    run([&]() -> Coro<> {
        trace("main");
        co_return;
    });
    EXPECT_EQ(trace.str(), "helper main");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(TaskFactoryTest, LOOP_23_a_factory_dies_with_its_loop) {
    auto temporary = support::make_loop(GetParam());
    auto future = temporary->create_future<int>();
    temporary->set_task_factory(
        [future, life = lives.one()](EventLoop&, NewTask& task, TaskOptions options) { task.start(options); });
    temporary->close();
    temporary.reset();
    EXPECT_EQ(lives.now(), 0);
}

// --- wrapping ---

TEST_P(TaskFactoryTest, LOOP_23_a_wrapper_runs_around_the_body) {
    loop.set_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
        for (const char* name : {"inner", "outer"}) {
            task.wrap([this, name, life = lives.one()](TaskBody body) -> Coro<> {
                trace(name, "+");
                co_await sleep(0ms);
                co_await body;
                co_await sleep(0ms);
                trace(name, "-");
            });
        }
        task.start(options);
    });
    int target = 0;
    EXPECT_EQ(run([&]() -> Coro<int> {
                  trace("body");
                  co_await sleep(1ms);
                  co_return 7;
              }),
              7);
    EXPECT_EQ(&run([&]() -> Coro<int&> { co_return target; }), &target);
    run([]() -> Coro<> { co_return; });
    EXPECT_EQ(trace.str().substr(0, 34), "outer+ inner+ body inner- outer- o");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(TaskFactoryTest, LOOP_23_exceptions_of_body_and_wrapper) {
    const auto fails = []() -> Coro<int> {
        throw std::out_of_range("body");
        co_return 1;
    };
    const auto wrap_all_in = [&](auto wrapper) {
        loop.set_task_factory([wrapper](EventLoop&, NewTask& task, TaskOptions options) {
            task.wrap(wrapper);
            task.start(options);
        });
    };
    wrap_all_in([this](TaskBody body) -> Coro<> {
        try {
            co_await body;
        } catch (const std::out_of_range&) {
            trace("seen");
        }
    });
    EXPECT_THROW(run(fails), std::out_of_range);  // it has no value to give instead
    EXPECT_EQ(trace.str(), "seen");
    EXPECT_EQ(run(give(2)), 2);
    wrap_all_in([](TaskBody body) -> Coro<> {
        co_await body;
        throw std::length_error("wrapper");
    });
    EXPECT_THROW(run(give(1)), std::length_error);
    wrap_all_in([](TaskBody) -> Coro<> { co_return; });
    EXPECT_THROW(run(give(1)), asyncio::RuntimeError);
    wrap_all_in([](TaskBody body) -> Coro<> {
        co_await body;
        co_await body;
    });
    EXPECT_THROW(run(give(1)), asyncio::RuntimeError);
}

TEST_P(TaskFactoryTest, LOOP_23_a_wrapped_task_is_cancelled_through_the_wrapper) {
    loop.set_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
        task.wrap([this](TaskBody body) -> Coro<> {
            try {
                co_await body;
            } catch (const asyncio::CancelledError&) {
                trace("wrapper");
                throw;
            }
        });
        task.start(options);
    });
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const asyncio::CancelledError&) {
            trace("body");
            throw;
        }
    });
    loop.set_task_factory(nullptr);
    run([&]() -> Coro<> {
        co_await sleep(0ms);
        task.cancel();
        co_await sleep(0ms);
        EXPECT_TRUE(task.cancelled());
    });
    EXPECT_EQ(trace.str(), "body wrapper");
}

TEST_P(TaskFactoryTest, LOOP_23_wrapped_tasks_are_destroyed_with_their_loop) {
    auto temporary = support::make_loop(GetParam());
    temporary->set_exception_handler([](EventLoop&, const asyncio::ExceptionContext&) {});
    temporary->set_task_factory([&](EventLoop&, NewTask& task, TaskOptions options) {
        task.wrap([life = lives.one(), before = options.name == "before"](TaskBody body) -> Coro<> {
            if (before) co_await sleep(1h);
            co_await body;
            co_await sleep(1h);
        });
        task.start(options);
    });
    const auto body = [life = lives.one()](bool waits) -> Coro<> {
        const auto mine = life;
        if (waits) co_await sleep(1h);
    };
    static_cast<void>(temporary->create_task(body(false), {.name = "before"}));
    static_cast<void>(temporary->create_task(body(true), {.name = "inside"}));
    static_cast<void>(temporary->create_task(body(false), {.name = "after"}));
    temporary->stop();
    temporary->run_forever();
    static_cast<void>(temporary->create_task(body(false), {.name = "unstarted"}));
    EXPECT_GT(lives.now(), 1);
    temporary->close();
    temporary.reset();
    EXPECT_EQ(lives.now(), 1);  // the lambda `body` itself
}

}  // namespace
