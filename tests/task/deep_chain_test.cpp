// TASK-33: neither a million awaits that complete at once nor a chain 100,000 coroutines deep grows the stack, in every
// build type, whether the compiler makes tail calls or not.

#include "support/small_stack.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <stdexcept>

namespace {

using asyncio::Coro;
using support::on_a_small_stack;
using namespace std::chrono_literals;

constexpr int depth = 100'000;

#if defined(ASYNCIO_PARK_TRANSFERS)
constexpr std::int64_t many_awaits = 1'000'000;  // unoptimised or sanitized: ten million would take minutes
#else
constexpr std::int64_t many_awaits = 10'000'000;
#endif

/// Starts `coroutine` as a task and runs the loop until it is done.
template <class Coroutine>
auto run_task(asyncio::EventLoop& loop, Coroutine&& coroutine) {
    auto task = loop.create_task(std::forward<Coroutine>(coroutine));
    task.add_done_callback([&loop](const auto&) { loop.stop(); });
    loop.run_forever();
    return task;
}

/// Notes that the frames are destroyed from the innermost one outwards.
struct Order {
    int next = depth;  // the level whose frame has to go next
    bool kept = true;
};
struct Level {
    Order& order;
    int number;
    Level(Order& order, int number) : order(order), number(number) {}
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() {
        order.kept = order.kept && number == order.next;
        order.next = number - 1;
    }
};

enum class End { value, error, wait };

Coro<int> descend(int level, End end, Order& order, asyncio::Future<void>& gate) {
    const Level here(order, level);
    if (level < depth) co_return 1 + co_await descend(level + 1, end, order, gate);
    if (end == End::error) throw std::out_of_range("bottom");
    if (end == End::wait) co_await gate;
    co_return 1;
}

Coro<int> add_one(int value) {
    co_return value + 1;
}

TEST(DeepChain, TASK_33_awaits_that_complete_at_once_do_not_grow_the_stack) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto task = run_task(loop, []() -> Coro<std::int64_t> {
            std::int64_t sum = 0;
            for (std::int64_t i = 0; i < many_awaits; ++i) sum += co_await add_one(0);
            co_return sum;
        });
        EXPECT_EQ(task.result(), many_awaits);
        loop.close();
    });
}

TEST(DeepChain, AG_1_items_that_are_yielded_at_once_do_not_grow_the_stack) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto task = run_task(loop, []() -> Coro<std::int64_t> {
            const auto make = []() -> asyncio::AsyncGenerator<std::int64_t> {
                for (std::int64_t i = 0; i < many_awaits; ++i) co_yield 1;
            };
            auto ones = make();
            std::int64_t sum = 0;
            while (auto one = co_await ones.next()) sum += *one;
            co_return sum;
        });
        EXPECT_EQ(task.result(), many_awaits);
        loop.close();
    });
}

TEST(DeepChain, TASK_33_awaits_of_done_futures_do_not_grow_the_stack) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto done = loop.create_future<int>();
        done.set_result(1);
        auto task = run_task(loop, [&]() -> Coro<std::int64_t> {
            std::int64_t sum = 0;
            for (std::int64_t i = 0; i < many_awaits / 10; ++i) sum += co_await done;
            co_return sum;
        });
        EXPECT_EQ(task.result(), many_awaits / 10);
        loop.close();
    });
}

TEST(DeepChain, TASK_33_exceptions_of_children_do_not_grow_the_stack) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto task = run_task(loop, []() -> Coro<int> {
            int caught = 0;
            for (int i = 0; i < 20'000; ++i) {
                try {
                    co_await [](int value) -> Coro<> {
                        if (value >= 0) throw value;
                        co_return;
                    }(i);
                } catch (int value) {
                    caught += value == i;
                }
            }
            co_return caught;
        });
        EXPECT_EQ(task.result(), 20'000);
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_completes) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        Order order;
        auto gate = loop.create_future<void>();
        auto task = run_task(loop, descend(1, End::value, order, gate));
        EXPECT_EQ(task.result(), depth);
        EXPECT_TRUE(order.kept && order.next == 0) << order.next;
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_resumes_and_completes) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        Order order;
        auto gate = loop.create_future<void>();
        loop.call_later(1ms, [&] { gate.set_result(); });
        auto task = run_task(loop, descend(1, End::wait, order, gate));
        EXPECT_EQ(task.result(), depth);
        EXPECT_TRUE(order.kept && order.next == 0) << order.next;
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_unwinds_by_exception) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        Order order;
        auto gate = loop.create_future<void>();
        auto task = run_task(loop, descend(1, End::error, order, gate));
        EXPECT_THROW(task.result(), std::out_of_range);
        EXPECT_TRUE(order.kept && order.next == 0) << order.next;
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_is_cancelled) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        Order order;
        auto gate = loop.create_future<void>();
        auto task = loop.create_task(descend(1, End::wait, order, gate));
        loop.call_later(1ms, [&] { task.cancel("enough"); });
        task.add_done_callback([&](const auto&) { loop.stop(); });
        loop.run_forever();
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(order.kept && order.next == 0) << order.next;
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_is_destroyed_innermost_first) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        const auto previous = asyncio::set_log_sink([](asyncio::LogLevel, std::string_view) {});
        Order order;
        auto gate = loop.create_future<void>();
        auto task = loop.create_task(descend(1, End::wait, order, gate));
        loop.call_later(1ms, [&] { loop.stop(); });
        loop.run_forever();
        EXPECT_EQ(order.next, depth);
        loop.close();
        EXPECT_TRUE(order.kept && order.next == 0) << order.next;
        EXPECT_FALSE(task.done());
        asyncio::set_log_sink(previous);
    });
}

/// Each task awaits the next one.
Coro<int> descend_by_tasks(int level, asyncio::Future<void>& gate) {
    if (level == depth / 10) {
        co_await gate;
        co_return 1;
    }
    auto next = asyncio::create_task(descend_by_tasks(level + 1, gate));
    co_return 1 + co_await next;
}

TEST(DeepChain, TASK_33_a_deep_chain_of_tasks_is_cancelled) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto gate = loop.create_future<void>();
        auto task = loop.create_task(descend_by_tasks(1, gate));
        // When all are there, and the last has made its first step.
        std::function<void()> cancel = [&] {
            if (asyncio::all_tasks(loop).size() < depth / 10) {
                loop.call_later(20ms, [&] { cancel(); });
            } else {
                loop.call_soon([&] { loop.call_soon([&] { task.cancel(); }); });
            }
        };
        loop.call_soon([&] { cancel(); });
        task.add_done_callback([&](const auto&) { loop.stop(); });
        loop.run_forever();
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(gate.cancelled());
        loop.close();
    });
}

TEST(DeepChain, TASK_33_a_deep_chain_of_tasks_is_destroyed) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        const auto previous = asyncio::set_log_sink([](asyncio::LogLevel, std::string_view) {});
        auto gate = loop.create_future<void>();
        static_cast<void>(loop.create_task(descend_by_tasks(1, gate)));
        loop.call_later(200ms, [&] { loop.stop(); });
        loop.run_forever();
        loop.close();
        asyncio::set_log_sink(previous);
    });
}

}  // namespace
