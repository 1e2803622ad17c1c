// Claims of the tutorial that no row of the specification covers; docs/tutorial_claims.md has them all.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Coro;
using namespace std::chrono_literals;

class Claims : public ::testing::Test {
protected:
    asyncio::EventLoop loop{std::make_unique<asyncio::SimulatedDriver>()};
    const asyncio::Clock::time_point begin = loop.time();
    [[nodiscard]] asyncio::Clock::duration elapsed() const { return loop.time() - begin; }

    void TearDown() override { loop.close(); }
};

Coro<> sleep_for(asyncio::Clock::duration delay) {
    co_await asyncio::sleep(delay);
}

TEST_F(Claims, C20_tasks_added_before_run_too_and_are_not_waited_for) {
    const auto brief = loop.create_task(sleep_for(1s));
    const auto lengthy = loop.create_task(sleep_for(1h));
    loop.run_until_complete(sleep_for(2s));
    EXPECT_TRUE(brief.done());
    EXPECT_FALSE(lengthy.done());
    EXPECT_EQ(elapsed(), 2s);
    loop.run_until_complete(lengthy);
    EXPECT_EQ(elapsed(), 1h) << "it went on where it was";
}

TEST_F(Claims, C27_run_forever_ends_when_it_is_told_to) {
    asyncio::Clock::duration task_ended{};
    auto task = loop.create_task(sleep_for(1s));
    task.add_done_callback([&](const auto&) { task_ended = elapsed(); });
    loop.call_later(1h, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(task_ended, 1s);
    EXPECT_EQ(elapsed(), 1h);
    loop.run_until_complete(sleep_for(1s));
    EXPECT_EQ(elapsed(), 1h + 1s);
}

TEST_F(Claims, C29_a_task_is_a_future) {
    static_assert(std::is_base_of_v<asyncio::Future<int>, asyncio::Task<int>>);
    static_assert(!std::is_base_of_v<asyncio::Task<int>, asyncio::Future<int>>);
    const asyncio::Task<int> task = loop.create_task([]() -> Coro<int> { co_return 7; });
    const asyncio::Future<int>& future = task;
    EXPECT_EQ(loop.run_until_complete(future), 7);
    EXPECT_TRUE(asyncio::isfuture(task));
}

TEST_F(Claims, C30_futures_of_threads_are_another_type) {
    using OfLoop = asyncio::Future<int>;
    using OfThreads = asyncio::futures::Future<int>;
    static_assert(!std::is_constructible_v<OfLoop, OfThreads> && !std::is_constructible_v<OfThreads, OfLoop>);
    EXPECT_FALSE(asyncio::isfuture(OfThreads()));
}

// Equal instants: whoever has set its timer first is woken first.
TEST_F(Claims, C56_a_task_that_ends_at_the_timeout) {
    loop.run_until_complete([]() -> Coro<> {
        std::vector tasks{asyncio::create_task(sleep_for(100ms))};
        auto late = co_await asyncio::wait(tasks, {.timeout = 100ms});
        EXPECT_EQ(late.pending.size(), 1U) << "its sleep began one iteration after the wait";
        co_await asyncio::sleep(0s);
        EXPECT_TRUE(tasks[0].done());

        tasks[0] = asyncio::create_task(sleep_for(100ms));
        co_await asyncio::sleep(0s);
        auto early = co_await asyncio::wait(tasks, {.timeout = 100ms});
        EXPECT_EQ(early.done.size(), 1U) << "its sleep began one iteration before the wait";
    });
}

TEST_F(Claims, C80_anybody_may_release_a_semaphore) {
    loop.run_until_complete([]() -> Coro<> {
        asyncio::Semaphore semaphore(1);
        EXPECT_TRUE(co_await semaphore.acquire());
        auto other = [&]() -> Coro<> {
            semaphore.release();
            co_return;
        };
        co_await asyncio::create_task(other);
        EXPECT_FALSE(semaphore.locked());
    });
}

TEST_F(Claims, C101_a_timer_handle_is_a_handle) {
    static_assert(std::is_base_of_v<asyncio::Handle, asyncio::TimerHandle>);
    auto timer = loop.call_later(5s, [] { ADD_FAILURE() << "cancelled, and run"; });
    EXPECT_EQ(timer.when(), begin + 5s);
    asyncio::Handle handle = timer;
    handle.cancel();
    EXPECT_TRUE(timer.cancelled());
    loop.run_until_complete(sleep_for(10s));
}

}  // namespace
