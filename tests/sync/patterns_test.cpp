// Patterns made of the primitives as they are: PAT-4 (pool of resources), PAT-5 to PAT-8. Those that have classes of
// their own are in rw_lock_test.cpp, rate_limiter_test.cpp and tests/queue.

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class Patterns : public support::OnEachDriver {
protected:
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(Patterns);

TEST_P(Patterns, PAT_4_a_bounded_semaphore_around_a_pool) {
    asyncio::BoundedSemaphore free(2);
    std::vector<int> pool{1, 2};
    std::size_t fewest = pool.size();
    int borrowed = 0;
    int most = 0;
    run([&]() -> Coro<> {
        const auto use = [&]() -> Coro<> {
            co_await free.acquire();
            const int resource = pool.back();
            pool.pop_back();
            fewest = std::min(fewest, pool.size());
            most = std::max(most, ++borrowed);
            co_await asyncio::sleep(1ms);
            --borrowed;
            pool.push_back(resource);
            free.release();
        };
        std::vector<Task<void>> users;
        for (int i = 0; i < 6; ++i) users.push_back(asyncio::create_task(use()));
        for (auto& user : users) co_await user;
    });
    EXPECT_EQ(most, 2);
    EXPECT_EQ(fewest, 0U);
    EXPECT_EQ(pool.size(), 2U);
    EXPECT_THROW(free.release(), std::invalid_argument) << "BSEM-2: returned twice";
}

TEST_P(Patterns, PAT_5_a_start_signal_by_event) {
    run([&]() -> Coro<> {
        asyncio::Event start;
        const auto runner = [&](int number) -> Coro<> {
            for (int i = 0; i < number; ++i) co_await turns();  // not ready at the same time
            trace("ready", number);
            co_await start.wait();
            trace("runs", number);
        };
        std::vector<Task<void>> runners;
        for (int i = 0; i < 3; ++i) runners.push_back(asyncio::create_task(runner(i)));
        co_await turns(6);
        EXPECT_EQ(trace.str(), "ready0 ready1 ready2");
        start.set();
        co_await turns();  // one iteration for all of them
        EXPECT_EQ(trace.str(), "ready0 ready1 ready2 runs0 runs1 runs2");
    });
}

TEST_P(Patterns, PAT_5_a_start_signal_by_barrier) {
    run([&]() -> Coro<> {
        asyncio::Barrier start(3);
        const auto runner = [&](int number) -> Coro<> {
            for (int i = 0; i < number; ++i) co_await turns();
            trace("ready", number);
            co_await start.wait();
            trace("runs", number);
        };
        std::vector<Task<void>> runners;
        for (int i = 0; i < 3; ++i) runners.push_back(asyncio::create_task(runner(i)));
        for (auto& task : runners) co_await task;
        // The last to come opens the barrier, and is through it already.
        EXPECT_EQ(trace.str(), "ready0 ready1 ready2 runs2 runs0 runs1");
    });
}

TEST_P(Patterns, PAT_6_in_turn_whatever_the_order_of_creation) {
    for (const auto& order : {std::vector<int>{0, 1, 2}, std::vector<int>{2, 1, 0}, std::vector<int>{1, 2, 0}}) {
        trace = {};
        run([&]() -> Coro<> {
            asyncio::Condition condition;
            int turn = 0;
            const auto player = [&](int number) -> Coro<> {
                for (int round = 0; round < 2; ++round) {
                    auto guard = co_await condition.guard();
                    co_await condition.wait_for([&] { return turn % 3 == number; });
                    trace(std::string(1, static_cast<char>('A' + number)));
                    ++turn;
                    condition.notify_all();
                }
            };
            std::vector<Task<void>> players;
            for (const int number : order) players.push_back(asyncio::create_task(player(number)));
            for (auto& task : players) co_await task;
        });
        EXPECT_EQ(trace.str(), "A B C A B C");
    }
}

TEST_P(Patterns, PAT_8_locks_in_opposite_order_hang_until_the_time_limit) {
    run([&]() -> Coro<> {
        asyncio::Lock left;
        asyncio::Lock right;
        const auto take = [](asyncio::Lock& first, asyncio::Lock& second) -> Coro<> {
            auto one = co_await first.guard();
            co_await turns();
            auto two = co_await second.guard();
        };
        auto both = [&](auto&) -> Coro<> { co_await asyncio::gather(take(left, right), take(right, left)); };
        const auto limited = [&]() -> Coro<> { co_await asyncio::async_with(asyncio::timeout(5ms), both); };
        EXPECT_THROW(co_await limited(), asyncio::TimeoutError);
        co_await turns();
        EXPECT_FALSE(left.locked());
        EXPECT_FALSE(right.locked());
        EXPECT_EQ(left.statistics().waiters.waiters + right.statistics().waiters.waiters, 0U);
        // In the same order there is nothing to wait for.
        co_await asyncio::gather(take(left, right), take(left, right));
    });
}

TEST(PatternsWithThreads, PAT_7_a_callback_api_becomes_a_future) {
    // Somebody's library: calls back in a thread of its own.
    std::thread foreign;
    const auto fetch = [&](auto callback) { foreign = std::thread([callback] { callback(42); }); };
    asyncio::run([&]() -> Coro<> {
        asyncio::EventLoop& loop = asyncio::get_running_loop();
        auto future = loop.create_future<int>();
        fetch([&loop, &future](int value) {
            loop.call_soon_threadsafe([&future, value] {
                if (!future.done()) future.set_result(value);  // it may have been cancelled meanwhile
            });
        });
        const auto here = std::this_thread::get_id();
        EXPECT_EQ(co_await future, 42);
        EXPECT_EQ(std::this_thread::get_id(), here);
        foreign.join();
    });
}

}  // namespace
