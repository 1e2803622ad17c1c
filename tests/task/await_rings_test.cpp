// Futures that wait for each other: rings are opened by a cancellation, and neither cancelling nor destroying a chain
// takes a stack as deep as it is long.

#include "support/small_stack.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;
using support::on_a_small_stack;
using namespace std::chrono_literals;

/// Tasks each of which waits for a gathering of the next, the last one of the first.
struct Ring {
    explicit Ring(asyncio::EventLoop& loop, std::size_t size, asyncio::Event& other) {
        for (std::size_t i = 0; i < size; ++i) {
            tasks.push_back(loop.create_task([this, i, size, &other]() -> Coro<> {
                co_await asyncio::sleep(0s);
                if (i == 0) {
                    auto beside = [&other]() -> Coro<> { co_await other.wait(); };
                    co_await asyncio::gather(tasks[(i + 1) % size], beside);
                } else {
                    co_await asyncio::gather(tasks[(i + 1) % size]);
                }
            }));
        }
    }
    std::vector<Task<void>> tasks;
};

/// What nobody waits for any more is reported when it fails; here this is not the point.
class AwaitRing : public ::testing::Test {
    asyncio::testing::CapturedLog log_;
};

TEST_F(AwaitRing, CAN_a_ring_of_gatherings_is_opened_by_a_cancellation) {
    for (const std::size_t size : {1U, 2U, 5U}) {
        for (std::size_t cancelled = 0; cancelled < size; ++cancelled) {
            asyncio::EventLoop loop;
            asyncio::Event other;
            const Ring ring(loop, size, other);
            loop.run_until_complete([&]() -> Coro<> {
                co_await asyncio::sleep(0s);
                co_await asyncio::sleep(0s);
                ring.tasks[cancelled].cancel();
                for (int i = 0; i < 20; ++i) co_await asyncio::sleep(0s);
            });
            for (const auto& task : ring.tasks) EXPECT_TRUE(task.cancelled());
            EXPECT_EQ(asyncio::all_tasks(loop).size(), 0U);
            loop.close();
        }
    }
}

TEST_F(AwaitRing, CAN_a_gathering_in_a_ring_is_cancelled) {
    asyncio::EventLoop loop;
    loop.run_until_complete([]() -> Coro<> {
        std::optional<Task<void>> first;
        std::optional<Task<void>> second;
        first = asyncio::create_task([&]() -> Coro<> {
            co_await asyncio::sleep(0s);
            co_await asyncio::gather(*second);
        });
        second = asyncio::create_task([&]() -> Coro<> {
            co_await asyncio::sleep(0s);
            co_await asyncio::gather(*first);
        });
        auto all = asyncio::gather(*first, *second);
        for (int i = 0; i < 3; ++i) co_await asyncio::sleep(0s);
        EXPECT_TRUE(all.cancel());
        EXPECT_THROW(co_await all, CancelledError);
        for (int i = 0; i < 5; ++i) co_await asyncio::sleep(0s);
        EXPECT_TRUE(first->cancelled());
        EXPECT_TRUE(second->cancelled());
    });
    loop.close();
}

constexpr int depth = 20'000;

/// Each task awaits a gathering of the next one.
Coro<> descend_by_gatherings(int level, Future<void>& gate, asyncio::Event& deepest) {
    if (level == depth) {
        deepest.set();
        co_return co_await gate;
    }
    auto next = asyncio::create_task(descend_by_gatherings(level + 1, gate, deepest));
    co_await asyncio::gather(next);
}

TEST(LongChain, CAN_nested_gatherings_are_cancelled) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto gate = loop.create_future<void>();
        asyncio::Event deepest;
        auto task = loop.create_task(descend_by_gatherings(1, gate, deepest));
        loop.run_until_complete([&]() -> Coro<> {
            co_await deepest.wait();
            co_await asyncio::sleep(0s);
            task.cancel("enough");
            EXPECT_TRUE(gate.cancelled());
            EXPECT_THROW(co_await task, CancelledError);
        });
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(asyncio::all_tasks(loop).size(), 0U);
        loop.close();
    });
}

TEST(LongChain, CAN_a_gathering_that_refuses_deep_inside_leaves_the_cancellation_with_the_task) {
    asyncio::EventLoop loop;
    loop.run_until_complete([]() -> Coro<> {
        // Its only child is done, but it does not know yet.
        Future<void> inner;
        auto task = asyncio::create_task([&]() -> Coro<> { co_await asyncio::gather(inner); });
        co_await asyncio::sleep(0s);
        auto outer = asyncio::gather(task);
        inner.set_result();
        EXPECT_TRUE(outer.cancel());
        EXPECT_THROW(co_await outer, CancelledError);
        EXPECT_TRUE(task.cancelled());
    });
    loop.close();
}

TEST(LongChain, SHL_a_chain_of_shields_is_dropped) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto innermost = std::optional(loop.create_future<void>());
        auto shield = asyncio::shield(*innermost);
        for (int i = 0; i < 100'000; ++i) shield = asyncio::shield(std::move(shield));
        innermost.reset();
        EXPECT_FALSE(shield.done());
        shield.cancel();
        loop.close();
    });
}

TEST(LongChain, GTH_a_chain_of_gatherings_and_shields_that_nobody_holds_is_dropped) {
    on_a_small_stack([] {
        asyncio::EventLoop loop;
        auto innermost = std::optional(loop.create_future<void>());
        {
            Future<void> last = *innermost;
            for (int i = 0; i < 100'000; ++i) last = asyncio::shield(std::move(last));
            static_cast<void>(asyncio::gather(last));
        }
        innermost.reset();
        loop.close();
    });
}

}  // namespace
