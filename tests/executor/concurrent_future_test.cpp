// Concurrent futures: the rows CF-1 to CF-9.

#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using asyncio::ConcurrentFuture;
using asyncio::futures::ThreadPoolExecutor;
using support::eventually;
using support::Gate;
using namespace std::chrono_literals;
namespace futures = asyncio::futures;

TEST(ConcurrentFutureTest, CF_1_states) {
    const ConcurrentFuture<int> future;
    EXPECT_FALSE(future.done());
    EXPECT_EQ(future.repr(), "<Future state=pending>");
    EXPECT_TRUE(future.set_running_or_notify_cancel());
    EXPECT_TRUE(future.running());
    EXPECT_EQ(future.repr(), "<Future state=running>");
    future.set_result(4);
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.running());
    EXPECT_EQ(future.repr(), "<Future state=finished returned>");
    EXPECT_EQ(future.result(), 4);
    EXPECT_EQ(&future.result(), &future.result()) << "all handles share one result";
}

TEST(ConcurrentFutureTest, CF_2_cancel_when_pending) {
    const ConcurrentFuture<void> future;
    int calls = 0;
    future.add_done_callback([&](const ConcurrentFuture<void>& done) { calls += done.cancelled() ? 1 : 100; });
    EXPECT_TRUE(future.cancel());
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(future.cancel());
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), futures::CancelledError);
    EXPECT_THROW(static_cast<void>(future.exception()), futures::CancelledError);
}

TEST(ConcurrentFutureTest, CF_2_cancel_when_running_or_finished) {
    const ConcurrentFuture<void> future;
    future.set_running_or_notify_cancel();
    EXPECT_FALSE(future.cancel());
    future.set_result();
    EXPECT_FALSE(future.cancel());
    EXPECT_FALSE(future.cancelled());
}

TEST(ConcurrentFutureTest, CF_3_a_job_that_runs) {
    ThreadPoolExecutor pool({.max_workers = 1});
    Gate gate;
    auto running = pool.submit([&] { gate.pass(); });
    gate.wait_until_entered();
    EXPECT_TRUE(running.running());
    EXPECT_FALSE(running.cancel());
    EXPECT_FALSE(running.done());
    auto queued = pool.submit([] { ADD_FAILURE(); });
    EXPECT_TRUE(queued.cancel());
    EXPECT_FALSE(queued.running());
    gate.open();
    running.result();
}

TEST(ConcurrentFutureTest, CF_4_result_waits_at_most_for_the_timeout) {
    const ConcurrentFuture<int> future;
    EXPECT_THROW(future.result({.timeout = 1ms}), asyncio::TimeoutError);
    EXPECT_THROW(static_cast<void>(future.exception({.timeout = 0ms})), asyncio::TimeoutError);
    EXPECT_FALSE(future.done()) << "a timeout changes nothing";
    std::thread other([&] { future.set_result(1); });
    EXPECT_EQ(future.result({.timeout = 1h}), 1);
    other.join();
}

TEST(ConcurrentFutureTest, CF_4_exceptions_keep_their_type) {
    ThreadPoolExecutor pool;
    auto future = pool.submit([]() -> int { throw std::out_of_range("far away"); });
    EXPECT_THROW(future.result(), std::out_of_range);
    const std::exception_ptr error = future.exception();
    EXPECT_TRUE(error != nullptr && error == future.exception());
    EXPECT_THROW(pool.submit([] { throw 5; }).result(), int);
    EXPECT_EQ(pool.submit([] {}).exception(), nullptr);
}

TEST(ConcurrentFutureTest, CF_4_results_that_cannot_be_copied_and_references) {
    ThreadPoolExecutor pool;
    auto future = pool.submit([] { return std::make_unique<int>(3); });
    std::unique_ptr<int> taken = std::move(future).result();
    EXPECT_EQ(*taken, 3);
    static int global = 0;
    int& reference = pool.submit([]() -> int& { return global; }).result();
    EXPECT_EQ(&reference, &global);
}

TEST(ConcurrentFutureTest, CF_4_debug_mode_warns_when_a_loop_is_blocked) {
    asyncio::testing::CapturedLog log;
    ThreadPoolExecutor pool;
    asyncio::run(
        [&]() -> asyncio::Coro<> {
            Gate gate;
            auto future = pool.submit([&] {
                gate.pass();
                return 1;
            });
            std::thread opener([&] {
                gate.wait_until_entered();
                EXPECT_TRUE(eventually([&] { return log.contains("blocks the event loop"); }));  // before it blocks
                gate.open();
            });
            EXPECT_EQ(future.result(), 1);
            opener.join();
            co_return;
        },
        {.debug = true});
}

TEST(ConcurrentFutureTest, CF_5_callbacks_in_the_order_of_adding_in_the_completing_thread) {
    const ConcurrentFuture<int> future;
    std::vector<int> order;
    std::vector<std::thread::id> threads;
    for (int i = 0; i < 3; ++i) {
        future.add_done_callback([&, i](const ConcurrentFuture<int>& done) {
            order.push_back(i + done.result());
            threads.push_back(std::this_thread::get_id());
        });
    }
    std::thread other([&] { future.set_result(10); });
    const auto id = other.get_id();
    other.join();
    EXPECT_EQ(order, (std::vector{10, 11, 12}));
    EXPECT_EQ(threads, (std::vector{id, id, id}));
    future.add_done_callback([&](const auto&) { threads.push_back(std::this_thread::get_id()); });
    EXPECT_EQ(threads.back(), std::this_thread::get_id()) << "at once, in the caller";
}

TEST(ConcurrentFutureTest, CF_5_callbacks_of_a_future_that_nobody_completes) {
    const auto captured = std::make_shared<int>(1);
    {
        const ConcurrentFuture<void> future;
        future.add_done_callback([captured](const auto&) { ADD_FAILURE(); });
    }
    EXPECT_EQ(captured.use_count(), 1);
}

TEST(ConcurrentFutureTest, CF_5_what_a_callback_throws_is_logged) {
    asyncio::testing::CapturedLog log;
    const ConcurrentFuture<void> future;
    bool second = false;
    future.add_done_callback([](const auto&) { throw std::runtime_error("oops"); });
    future.add_done_callback([&](const auto&) { second = true; });
    future.set_result();
    EXPECT_TRUE(second);
    EXPECT_TRUE(log.contains("oops"));
}

TEST(ConcurrentFutureTest, CF_6_a_done_future_refuses_further_outcomes) {
    const ConcurrentFuture<int> future;
    future.set_result(1);
    EXPECT_THROW(future.set_result(2), futures::InvalidStateError);
    EXPECT_THROW(future.set_exception(std::runtime_error("late")), futures::InvalidStateError);
    EXPECT_THROW(future.set_running_or_notify_cancel(), futures::InvalidStateError);
    EXPECT_EQ(future.result(), 1);
    const ConcurrentFuture<int> cancelled;
    cancelled.cancel();
    EXPECT_FALSE(cancelled.set_running_or_notify_cancel());
    EXPECT_THROW(cancelled.set_running_or_notify_cancel(), futures::InvalidStateError);
    EXPECT_THROW(cancelled.set_result(1), futures::InvalidStateError);
    EXPECT_TRUE(cancelled.cancelled());
}

TEST(ConcurrentFutureTest, CF_7_wait_for_all_or_the_first) {
    std::vector<ConcurrentFuture<int>> all(3);
    all.push_back(all[0]);
    all[1].set_result(1);
    auto first = futures::wait(all, {.return_when = asyncio::FIRST_COMPLETED});
    EXPECT_EQ(first.done, std::vector{all[1]});
    EXPECT_EQ(first.not_done, (std::vector{all[0], all[2]})) << "duplicates once";
    auto late = futures::wait(all, {.timeout = 1ms});
    EXPECT_EQ(late.done.size(), 1U) << "a timeout is no error";
    std::thread other([&] {
        all[2].cancel();
        all[0].set_exception(std::runtime_error("no"));
    });
    EXPECT_EQ(futures::wait(all).done.size(), 3U);
    other.join();
    EXPECT_TRUE(futures::wait(std::vector<ConcurrentFuture<int>>()).done.empty());
}

TEST(ConcurrentFutureTest, CF_7_wait_for_the_first_exception) {
    std::vector<ConcurrentFuture<void>> all(3);
    all[0].set_result();
    all[1].cancel();
    std::thread other([&] { all[2].set_exception(std::runtime_error("no")); });
    EXPECT_EQ(futures::wait(all, {.return_when = asyncio::FIRST_EXCEPTION}).done.size(), 3U);
    other.join();
    all.emplace_back();
    EXPECT_EQ(futures::wait(all, {.return_when = asyncio::FIRST_EXCEPTION}).not_done.size(), 1U);
}

TEST(ConcurrentFutureTest, CF_8_as_completed) {
    std::vector<ConcurrentFuture<int>> all(3);
    all[1].set_result(1);
    auto completed = futures::as_completed(all);
    EXPECT_EQ(completed.next(), all[1]);
    all[2].set_result(2);
    all[0].cancel();
    EXPECT_EQ(completed.next(), all[2]);
    EXPECT_EQ(completed.next(), all[0]);
    EXPECT_EQ(completed.next(), std::nullopt);
    int sum = 0;
    for (const auto& future : futures::as_completed(all)) sum += future.cancelled() ? 100 : future.result();
    EXPECT_EQ(sum, 103);
}

TEST(ConcurrentFutureTest, CF_8_as_completed_times_out) {
    std::vector<ConcurrentFuture<int>> all(2);
    all[0].set_result(1);
    auto completed = futures::as_completed(all, {.timeout = 1ms});
    EXPECT_EQ(completed.next(), all[0]);
    EXPECT_THROW(completed.next(), asyncio::TimeoutError);
}

TEST(ConcurrentFutureTest, CF_8_as_completed_while_others_complete) {
    ThreadPoolExecutor pool({.max_workers = 3});
    for (int round = 0; round < 20; ++round) {
        std::vector<ConcurrentFuture<int>> all;
        for (int i = 0; i < 20; ++i) all.push_back(pool.submit([i] { return i; }));
        auto completed = futures::as_completed(all);
        for (int i = 0; i < round; ++i) completed.next();  // the rest is dropped while it completes
    }
}

TEST(ConcurrentFutureTest, CF_9_its_cancelled_error_is_a_std_exception) {
    static_assert(std::is_base_of_v<std::exception, futures::CancelledError>);
    static_assert(!std::is_base_of_v<asyncio::CancelledError, futures::CancelledError>);
    static_assert(std::is_base_of_v<asyncio::RuntimeError, futures::BrokenThreadPool>);
    const ConcurrentFuture<int> future;
    future.cancel();
    try {
        future.result();
        ADD_FAILURE();
    } catch (const std::exception& error) {
        EXPECT_STREQ(error.what(), "the future was cancelled");
    }
}

}  // namespace
