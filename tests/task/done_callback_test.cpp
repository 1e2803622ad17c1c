// Done callbacks: FUT-9, FUT-10 and FUT-11.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace {

using asyncio::Coro;
using asyncio::Future;
using namespace std::chrono_literals;

class DoneCallbackTest : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(DoneCallbackTest);

TEST_P(DoneCallbackTest, FUT_9_gets_the_future_and_runs_outside_of_tasks) {
    auto future = loop.create_future<int>();
    future.add_done_callback([&](Future<int> done) {
        EXPECT_EQ(done, future);
        EXPECT_FALSE(asyncio::current_task());
        trace(done.result());
    });
    future.set_result(3);
    run_once();
    EXPECT_EQ(trace.str(), "3");
}

TEST_P(DoneCallbackTest, FUT_9_the_same_function_twice_is_called_twice) {
    auto future = loop.create_future<void>();
    const auto callback = [&](const auto&) { trace("x"); };
    future.add_done_callback(callback);
    future.add_done_callback(callback);
    future.set_result();
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "x x");
}

TEST_P(DoneCallbackTest, FUT_9_on_a_done_future_it_is_queued) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<void>();
    future.set_result();
    loop.call_soon([&] {
        future.add_done_callback([&](const auto&) { trace("cb", ticks.now()); });
        loop.call_soon([&] { trace("soon", ticks.now()); });
        trace("added", ticks.now());
    });
    run_once();
    EXPECT_EQ(trace.str(), "added1");
    run_once();
    EXPECT_EQ(trace.str(), "added1 cb2 soon2");
}

TEST_P(DoneCallbackTest, FUT_9_of_a_task_get_the_task) {
    auto task = loop.create_task([]() -> Coro<int> { co_return 2; });
    task.add_done_callback([&](const Future<int>& done) {
        EXPECT_EQ(done, task);
        trace(done.result());
        loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "2");
}

TEST_P(DoneCallbackTest, FUT_10_remove) {
    support::Lives lives;
    auto future = loop.create_future<void>();
    const auto first = future.add_done_callback([&](const auto&) { trace("first"); });
    const auto second = future.add_done_callback([&, life = lives.one()](const auto&) { trace("second"); });
    EXPECT_NE(first, second);
    EXPECT_EQ(future.remove_done_callback(second), 1U);
    EXPECT_EQ(lives.now(), 0) << "released at once";
    EXPECT_EQ(future.remove_done_callback(second), 0U);
    EXPECT_EQ(future.remove_done_callback(asyncio::DoneCallbackId()), 0U);
    EXPECT_EQ(loop.create_future<void>().remove_done_callback(first), 0U) << "of another future";
    future.set_result();
    EXPECT_EQ(future.remove_done_callback(first), 0U) << "queued already";
    run_once();
    EXPECT_EQ(trace.str(), "first");
}

TEST_P(DoneCallbackTest, FUT_10_removing_between_awaiting_tasks_leaves_them_alone) {
    auto future = loop.create_future<void>();
    const auto wait = [&](const char* name) -> Coro<> {
        co_await future;
        trace(name);
    };
    auto a = loop.create_task(wait("a"));
    run_once();
    const auto id = future.add_done_callback([&](const auto&) { trace("cb"); });
    auto b = loop.create_task(wait("b"));
    run_once();
    EXPECT_EQ(future.remove_done_callback(id), 1U);
    future.set_result();
    run(b);
    EXPECT_EQ(trace.str(), "a b");
}

TEST_P(DoneCallbackTest, FUT_10_a_callback_whose_destructor_removes_another) {
    auto future = loop.create_future<void>();
    const auto other = future.add_done_callback([&](const auto&) { trace("other"); });
    struct Remove {
        Future<void>* future;
        asyncio::DoneCallbackId id;
        ~Remove() { future->remove_done_callback(id); }
    };
    const auto id = future.add_done_callback(
        [remover = std::make_shared<Remove>(Remove{&future, other})](const auto&) { static_cast<void>(remover); });
    EXPECT_EQ(future.remove_done_callback(id), 1U);
    future.set_result();
    run_once();
    EXPECT_EQ(trace.str(), "");
}

TEST_P(DoneCallbackTest, FUT_11_a_callback_that_throws_goes_to_the_exception_handler) {
    support::Reports reports(loop);
    auto future = loop.create_future<void>();
    future.add_done_callback([](const auto&) { throw std::runtime_error("callback"); });
    future.add_done_callback([&](const auto&) { trace("next"); });
    future.set_result();
    run_once();
    EXPECT_EQ(trace.str(), "next");
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message.find("Exception in callback"), 0U);
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::runtime_error);
}

TEST_P(DoneCallbackTest, LOOP_25_an_interrupt_leaves_the_loop_and_the_rest_runs_later) {
    auto future = loop.create_future<void>();
    future.add_done_callback([](const auto&) { throw asyncio::KeyboardInterrupt(); });
    future.add_done_callback([&](const auto&) { trace("next"); });
    future.set_result();
    EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
    EXPECT_FALSE(loop.is_running());
    EXPECT_EQ(trace.str(), "");
    run_once();
    EXPECT_EQ(trace.str(), "next");
}

TEST_P(DoneCallbackTest, FUT_11_added_inside_a_callback_runs_in_the_next_iteration) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<void>();
    future.add_done_callback([&](Future<void> done) {
        trace("outer", ticks.now());
        done.add_done_callback([&](const auto&) { trace("inner", ticks.now()); });
    });
    future.set_result();
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "outer1 inner2");
}

TEST_P(DoneCallbackTest, it_keeps_the_future_alive_and_is_destroyed_once) {
    support::Lives lives;
    std::optional<Future<support::Lives::One>> future = loop.create_future<support::Lives::One>();
    future->add_done_callback([&, life = lives.one()](Future<support::Lives::One> done) {
        trace(done.done());
        EXPECT_EQ(lives.now(), 2);
    });
    future->set_result(lives.one());
    future.reset();
    run_once();
    EXPECT_EQ(trace.str(), "1");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(DoneCallbackTest, a_callback_may_hold_the_last_reference_to_its_future) {
    support::Lives lives;
    std::optional<Future<int>> future = loop.create_future<int>();
    future->add_done_callback([held = *future, life = lives.one()](const auto&) { EXPECT_TRUE(held.done()); });
    future->set_result(1);
    future.reset();
    run_once();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(DoneCallbackTest, move_only_callbacks_and_results_of_callbacks_are_fine) {
    auto future = loop.create_future<int>();
    future.add_done_callback([&, value = std::make_unique<int>(4)](const auto&) {
        trace(*value);
        return 17;  // ignored
    });
    future.set_result(1);
    run_once();
    EXPECT_EQ(trace.str(), "4");
}

}  // namespace
