// wrap_future: AWT-2 and CF-10 to CF-12.

#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using asyncio::ConcurrentFuture;
using asyncio::Coro;
using asyncio::futures::ThreadPoolExecutor;
using support::Gate;
using namespace std::chrono_literals;

TEST(WrapFuture, AWT_2_a_future_of_a_loop_is_itself) {
    asyncio::run([]() -> Coro<> {
        auto future = asyncio::get_running_loop().create_future<int>();
        EXPECT_EQ(asyncio::wrap_future(future), future);
        future.set_result(1);
        co_return;
    });
}

TEST(WrapFuture, CF_10_the_result_is_copied_over) {
    asyncio::run([]() -> Coro<> {
        const ConcurrentFuture<std::string> source;
        auto wrapped = asyncio::wrap_future(source);
        std::thread other([&] { source.set_result(std::string(100, 'x')); });
        EXPECT_EQ(co_await wrapped, std::string(100, 'x'));
        other.join();
        EXPECT_EQ(source.result().size(), 100U);
        EXPECT_EQ(co_await asyncio::wrap_future(source), source.result()) << "done before it was wrapped";
    });
}

TEST(WrapFuture, CF_10_exceptions_are_converted_at_the_border) {
    asyncio::run([]() -> Coro<> {
        const ConcurrentFuture<int> failed;
        failed.set_exception(std::out_of_range("far"));
        EXPECT_THROW(co_await asyncio::wrap_future(failed), std::out_of_range);
        const ConcurrentFuture<int> cancelled;
        cancelled.set_exception(asyncio::futures::CancelledError());
        EXPECT_THROW(co_await asyncio::wrap_future(cancelled), asyncio::CancelledError);
    });
}

TEST(WrapFuture, CF_10_cancelling_the_wrapper_cancels_the_source) {
    asyncio::run([]() -> Coro<> {
        const ConcurrentFuture<int> source;
        auto wrapped = asyncio::wrap_future(source);
        EXPECT_TRUE(wrapped.cancel());
        EXPECT_TRUE(source.cancelled());
        EXPECT_FALSE(wrapped.cancel());
        co_return;
    });
}

TEST(WrapFuture, CF_10_a_running_source_goes_on_without_the_wrapper) {
    asyncio::run([]() -> Coro<> {
        const ConcurrentFuture<int> source;
        source.set_running_or_notify_cancel();
        auto wrapped = asyncio::wrap_future(source);
        wrapped.cancel();
        EXPECT_FALSE(source.cancelled());
        source.set_result(1);
        co_await asyncio::sleep(0ms);
        EXPECT_TRUE(wrapped.cancelled());
        EXPECT_EQ(source.result(), 1);
    });
}

TEST(WrapFuture, CF_10_cancelling_the_source_cancels_the_wrapper) {
    asyncio::run([]() -> Coro<> {
        const ConcurrentFuture<int> source;
        auto wrapped = asyncio::wrap_future(source);
        std::thread([&] { source.cancel(); }).join();
        EXPECT_FALSE(wrapped.done());
        EXPECT_THROW(co_await wrapped, asyncio::CancelledError);
        EXPECT_TRUE(wrapped.cancelled());
    });
}

TEST(WrapFuture, CF_11_a_loop_that_is_closed_meanwhile_hears_nothing) {
    const ConcurrentFuture<std::shared_ptr<int>> source;
    const auto value = std::make_shared<int>(1);
    {
        asyncio::EventLoop loop;
        auto wrapped = asyncio::wrap_future(source, {.loop = &loop});
        loop.close();
    }
    std::thread([&] { source.set_result(value); }).join();
    EXPECT_EQ(value.use_count(), 2);
    asyncio::EventLoop closed;
    closed.close();
    EXPECT_THROW(static_cast<void>(asyncio::wrap_future(source, {.loop = &closed})), asyncio::RuntimeError);
}

TEST(WrapFuture, CF_11_a_source_that_nobody_completes_is_not_kept_by_a_closed_loop) {
    const auto captured = std::make_shared<int>(1);
    asyncio::EventLoop loop;
    {
        const ConcurrentFuture<void> source;
        source.add_done_callback([captured](const auto&) { ADD_FAILURE(); });
        static_cast<void>(asyncio::wrap_future(source, {.loop = &loop}));
    }
    loop.close();
    EXPECT_EQ(captured.use_count(), 1);
}

TEST(WrapFuture, CF_11_completed_but_not_delivered_when_the_loop_closes) {
    const auto value = std::make_shared<int>(1);
    {
        const ConcurrentFuture<std::shared_ptr<int>> source;
        asyncio::EventLoop loop;
        auto wrapped = asyncio::wrap_future(source, {.loop = &loop});
        source.set_result(value);
        loop.close();
        EXPECT_FALSE(wrapped.done());
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST(WrapFuture, CF_12_a_concurrent_future_can_be_awaited) {
    asyncio::run([]() -> Coro<> {
        ThreadPoolExecutor pool;
        EXPECT_EQ(co_await pool.submit([](int n) { return n + 1; }, 1), 2);
        auto pointer = co_await pool.submit([] { return std::make_unique<int>(3); });
        EXPECT_EQ(*pointer, 3);
        auto future = pool.submit([] {});
        co_await future;
        co_await future;
    });
}

TEST(WrapFuture, CF_12_cancelling_the_waiting_task) {
    asyncio::run([]() -> Coro<> {
        ThreadPoolExecutor pool({.max_workers = 1});
        Gate gate;
        auto running = pool.submit([&] { gate.pass(); });
        gate.wait_until_entered();
        auto queued = pool.submit([] { ADD_FAILURE(); });
        auto task = asyncio::create_task([&]() -> Coro<> { co_await queued; });
        co_await asyncio::sleep(0ms);
        task.cancel();
        const std::vector waited{task};
        co_await asyncio::wait(waited);
        EXPECT_TRUE(queued.cancelled());
        gate.open();
        co_await running;
    });
}

TEST(WrapFuture, AWT_2_a_std_future) {
    asyncio::run([]() -> Coro<> {
        EXPECT_EQ(co_await asyncio::wrap_future(std::async(std::launch::async, [] { return 4; })), 4);
        std::promise<void> promise;
        auto failed = asyncio::wrap_future(promise.get_future());
        promise.set_exception(std::make_exception_ptr(std::out_of_range("far")));
        EXPECT_THROW(co_await failed, std::out_of_range);
        std::promise<std::string> shared;
        auto first = shared.get_future().share();
        shared.set_value("s");
        EXPECT_EQ(co_await asyncio::wrap_future(first), "s");
        EXPECT_EQ(co_await asyncio::wrap_future(std::async(std::launch::deferred, [] { return 5; })), 5);
    });
}

TEST(WrapFuture, AWT_2_a_cancelled_std_future_is_let_go_of) {
    std::promise<int> promise;
    asyncio::run([&]() -> Coro<> {
        auto wrapped = asyncio::wrap_future(promise.get_future());
        co_await asyncio::sleep(1ms);
        wrapped.cancel();
        EXPECT_THROW(co_await wrapped, asyncio::CancelledError);
        promise.set_value(1);
    });
}

}  // namespace
