// SYNC-3: a newcomer never overtakes one who waits. (The regular patterns are in patterns_test.cpp.)

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Trace;
using support::turns;

class Fairness : public support::OnEachDriver {
protected:
    /// Three wait, the first leaves, the holder releases, and a newcomer asks before anybody chosen has run.
    template <class Primitive>
    Coro<> challenge(Primitive& primitive) {
        const auto take = [&](std::string name) -> Coro<> {
            auto guard = co_await primitive.guard();
            trace(name);
        };
        auto held = co_await primitive.guard();
        auto cancelled = asyncio::create_task(take("cancelled"));
        auto a = asyncio::create_task(take("a"));
        auto b = asyncio::create_task(take("b"));
        co_await turns();
        cancelled.cancel();
        held.release();
        auto newcomer = asyncio::create_task(take("new"), {.eager_start = true});
        EXPECT_FALSE(newcomer.done());
        co_await take("me");
        co_await newcomer;
        EXPECT_EQ(trace.str(), "a b new me");
        EXPECT_TRUE(cancelled.cancelled());
    }
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(Fairness);

TEST_P(Fairness, SYNC_3_lock) {
    asyncio::Lock lock;
    run(challenge(lock));
}

TEST_P(Fairness, SYNC_3_semaphore) {
    asyncio::Semaphore semaphore(1);
    run(challenge(semaphore));
}

TEST_P(Fairness, SYNC_3_bounded_semaphore) {
    asyncio::BoundedSemaphore semaphore(1);
    run(challenge(semaphore));
}

TEST_P(Fairness, SYNC_3_condition) {
    asyncio::Condition condition;
    run(challenge(condition));
}

TEST_P(Fairness, SYNC_3_a_notification_goes_to_who_waits_longest) {
    asyncio::Condition condition;
    run([&]() -> Coro<> {
        const auto wait = [&](std::string name) -> Coro<> {
            auto guard = co_await condition.guard();
            co_await condition.wait();
            trace(name);
        };
        auto a = asyncio::create_task(wait("a"));
        auto b = asyncio::create_task(wait("b"));
        co_await turns();
        {
            auto guard = co_await condition.guard();
            condition.notify();
        }
        auto newcomer = asyncio::create_task(wait("new"));
        co_await a;
        co_await turns();
        EXPECT_EQ(trace.str(), "a");
        auto guard = co_await condition.guard();
        condition.notify(2);
        guard.release();
        co_await newcomer;
        EXPECT_EQ(trace.str(), "a b new");
    });
}

}  // namespace
