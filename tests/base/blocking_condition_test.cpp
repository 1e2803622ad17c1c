#include <asyncio/base/blocking_condition.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace {

using asyncio::Clock;
using asyncio::detail::BlockingCondition;
using namespace std::chrono_literals;

TEST(BlockingCondition, says_what_the_predicate_says_when_time_is_over) {
    BlockingCondition condition;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    EXPECT_FALSE(condition.wait_until(lock, Clock::now(), [] { return false; }));
    int calls = 0;
    EXPECT_TRUE(condition.wait_until(lock, Clock::now(), [&] { return ++calls == 2; }));
    EXPECT_TRUE(lock.owns_lock());
}

TEST(BlockingCondition, Threadsafe_wakes_those_who_wait) {
    BlockingCondition condition;
    std::mutex mutex;
    bool done = false;
    std::thread other([&] {
        const std::lock_guard lock(mutex);
        done = true;
        condition.notify_all();
    });
    {
        std::unique_lock lock(mutex);
        condition.wait(lock, [&] { return done; });
        EXPECT_TRUE(condition.wait_until(lock, Clock::now() + 1h, [&] { return done; }));
    }
    other.join();
}

}  // namespace
