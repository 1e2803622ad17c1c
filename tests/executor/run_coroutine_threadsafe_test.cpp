// run_coroutine_threadsafe: THR-1 to THR-4.

#include "support/gate.hpp"
#include "support/ticks.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using asyncio::ConcurrentFuture;
using asyncio::Coro;
using support::eventually;
using namespace std::chrono_literals;

/// A loop that runs in a thread of its own.
class Threadsafe : public ::testing::Test {
public:
    Threadsafe() : thread_([this] { loop.run_forever(); }) {}
    ~Threadsafe() override { stop(); }
    void stop() {
        if (!thread_.joinable()) return;
        loop.call_soon_threadsafe([this] { loop.stop(); });
        thread_.join();
        loop.close();
    }

    asyncio::EventLoop loop;

private:
    std::thread thread_;
};

Coro<int> add(int a, int b) {
    co_await asyncio::sleep(0ms);
    co_return a + b;
}

TEST_F(Threadsafe, THR_1_result) {
    EXPECT_EQ(asyncio::run_coroutine_threadsafe(add(1, 2), loop).result(), 3);
    const std::string text(100, 'x');
    auto future = asyncio::run_coroutine_threadsafe([text]() -> Coro<std::string> { co_return text; }, loop);
    EXPECT_EQ(future.result({.timeout = 1h}), text);
    auto pointer = asyncio::run_coroutine_threadsafe(
                       []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(1); }, loop)
                       .result();
    EXPECT_EQ(*pointer, 1);
    asyncio::run_coroutine_threadsafe([]() -> Coro<> { co_return; }, loop).result();
}

TEST(ThreadsafeHops, THR_1_the_task_is_made_at_k_and_steps_at_k_plus_1) {
    asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>());
    const support::Ticks ticks(loop);
    int callback = 0;
    int step = 0;
    int completed = 0;
    std::thread([&] {
        loop.call_soon_threadsafe([&] { callback = ticks.now(); });
        asyncio::run_coroutine_threadsafe(
            [&]() -> Coro<> {
                step = ticks.now();
                co_return;
            },
            loop)
            .add_done_callback([&](const auto&) {
                completed = ticks.now();
                loop.stop();
            });
    }).join();
    loop.run_forever();
    EXPECT_EQ(step - callback, 1);
    EXPECT_EQ(completed - step, 1);
    loop.close();
}

TEST_F(Threadsafe, CTX_11_the_task_copies_the_context_of_the_calling_thread) {
    asyncio::ContextVar<int> var{"var", 0};
    const auto guard = var.scoped(5);
    auto future = asyncio::run_coroutine_threadsafe([&]() -> Coro<int> { co_return var.get(); }, loop);
    EXPECT_EQ(future.result(), 5);
}

TEST_F(Threadsafe, THR_2_exception) {
    auto future = asyncio::run_coroutine_threadsafe(
        []() -> Coro<int> {
            co_await asyncio::sleep(0ms);
            throw std::out_of_range("far");
        },
        loop);
    EXPECT_THROW(future.result(), std::out_of_range);
}

TEST_F(Threadsafe, THR_2_cancel_from_the_other_side) {
    std::atomic<bool> started{false};
    std::atomic<bool> cancelled{false};
    auto future = asyncio::run_coroutine_threadsafe(
        [&]() -> Coro<> {
            started = true;
            try {
                co_await asyncio::sleep(1h);
            } catch (const asyncio::CancelledError&) {
                cancelled = true;
                throw;
            }
        },
        loop);
    EXPECT_TRUE(eventually([&] { return started.load(); }));
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), asyncio::futures::CancelledError);
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST_F(Threadsafe, THR_2_the_task_is_cancelled_inside) {
    auto future = asyncio::run_coroutine_threadsafe(
        []() -> Coro<> {
            asyncio::current_task()->cancel();
            co_await asyncio::sleep(0ms);
        },
        loop);
    EXPECT_THROW(future.result(), asyncio::futures::CancelledError);
}

TEST_F(Threadsafe, THR_2_a_timeout_leaves_the_task_running) {
    std::promise<void> go;
    auto event = std::make_shared<std::shared_future<void>>(go.get_future().share());
    auto future = asyncio::run_coroutine_threadsafe(
        [event]() -> Coro<int> {
            while (event->wait_for(0s) != std::future_status::ready) co_await asyncio::sleep(1ms);
            co_return 3;
        },
        loop);
    EXPECT_THROW(future.result({.timeout = 2ms}), asyncio::TimeoutError);
    go.set_value();
    EXPECT_EQ(future.result(), 3);
}

TEST(ThreadsafeEnds, THR_2_cancelled_before_the_task_is_made) {
    asyncio::EventLoop loop;
    const auto captured = std::make_shared<int>(1);
    ConcurrentFuture<void> future;
    std::thread([&] {
        future = asyncio::run_coroutine_threadsafe(
            [captured]() -> Coro<> {
                ADD_FAILURE();
                co_return;
            },
            loop);
        EXPECT_TRUE(future.cancel());
    }).join();
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(captured.use_count(), 1);
    loop.close();
}

TEST(ThreadsafeEnds, THR_3_a_closed_loop) {
    asyncio::EventLoop loop;
    loop.close();
    const auto captured = std::make_shared<int>(1);
    const auto start = [&] {
        static_cast<void>(asyncio::run_coroutine_threadsafe(
            [captured]() -> Coro<> {
                ADD_FAILURE();
                co_return;
            },
            loop));
    };
    EXPECT_THROW(start(), asyncio::RuntimeError);
    EXPECT_EQ(captured.use_count(), 1);
}

TEST(ThreadsafeEnds, THR_3_closed_before_the_task_is_made) {
    asyncio::EventLoop loop;
    ConcurrentFuture<int> future;
    std::thread([&] { future = asyncio::run_coroutine_threadsafe(add(1, 2), loop); }).join();
    loop.close();
    EXPECT_THROW(future.result(), asyncio::futures::CancelledError);
}

TEST(ThreadsafeEnds, THR_3_closed_while_the_task_waits) {
    asyncio::testing::CapturedLog log;
    asyncio::EventLoop loop;
    ConcurrentFuture<void> future;
    std::thread([&] {
        future = asyncio::run_coroutine_threadsafe([]() -> Coro<> { co_await asyncio::sleep(1h); }, loop);
    }).join();
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_FALSE(future.done());
    const auto kept = asyncio::all_tasks(loop);  // a task that is held does not hold the future up
    loop.close();
    EXPECT_TRUE(future.cancelled());
}

TEST(ThreadsafeEnds, THR_3_cancelled_while_the_loop_closes) {
    asyncio::testing::CapturedLog log;
    for (int round = 0; round < 50; ++round) {
        auto loop = std::make_unique<asyncio::EventLoop>();
        std::promise<void> started;
        ConcurrentFuture<void> future;
        std::thread other([&] {
            future = asyncio::run_coroutine_threadsafe([]() -> Coro<> { co_await asyncio::sleep(1h); }, *loop);
            started.set_value();
            if (round % 2 == 0) std::this_thread::yield();
            future.cancel();
        });
        started.get_future().wait();
        loop->stop();
        loop->run_forever();
        loop->close();
        loop.reset();
        other.join();
        EXPECT_TRUE(future.cancelled());
    }
}

TEST(ThreadsafeEnds, THR_4_waiting_in_the_loops_own_thread) {
    asyncio::testing::CapturedLog log;
    asyncio::run(
        []() -> Coro<> {
            auto future = asyncio::run_coroutine_threadsafe(add(1, 2), asyncio::get_running_loop());
            EXPECT_THROW(future.result(), asyncio::RuntimeError) << "it would wait for ever";
            EXPECT_EQ(co_await future, 3);
            EXPECT_EQ(future.result(), 3) << "done: nothing to wait for";
        },
        {.debug = true});
}

TEST_F(Threadsafe, THR_1_many_threads) {
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                auto future = asyncio::run_coroutine_threadsafe(add(i, 1), loop);
                if (i % 10 == 9) {
                    future.cancel();
                } else {
                    sum += future.result() - i;
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(sum, 4 * 90);
}

}  // namespace
