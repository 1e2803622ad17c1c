// RateLimiter: PAT-4; not in Python's asyncio. The common rules of the primitives hold for it (SYNC-1 to SYNC-12).

#include "support/schedules.hpp"
#include "support/traced.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Clock;
using asyncio::Coro;
using asyncio::RateLimiter;
using asyncio::Task;
using support::Chance;
using support::turns;
using namespace std::chrono_literals;

/// On the virtual clock, since it is about time.
class RateLimiterTest : public support::TracedOnEachDriver {
protected:
    Task<void> taker(RateLimiter& limiter, std::string name, std::int64_t tokens = 1) {
        return traced(std::move(name), [&limiter, tokens] { return limiter.acquire(tokens); });
    }
};
ASYNCIO_ON_VIRTUAL_CLOCK_AND_EAGER(RateLimiterTest);

TEST_P(RateLimiterTest, refuses_what_can_never_be) {
    EXPECT_THROW(RateLimiter(0, 1s), std::invalid_argument);
    EXPECT_THROW(RateLimiter(-1, 1s), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 0s), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 1s, -1), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 1h, std::numeric_limits<std::int64_t>::max()), std::invalid_argument);
    RateLimiter limiter(5, 1s, 3);
    EXPECT_THROW(static_cast<void>(limiter.acquire(0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(limiter.acquire(4)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(limiter.try_acquire()), asyncio::RuntimeError) << "no task runs";
    EXPECT_EQ(limiter.burst(), 3);
    EXPECT_EQ(RateLimiter(5, 1s).burst(), 5);
}

TEST_P(RateLimiterTest, PAT_4_a_burst_at_once_and_then_the_rate) {
    RateLimiter limiter(10, 1s, 3);
    run([&]() -> Coro<> {
        const auto start = loop.time();
        std::vector<std::int64_t> at;
        for (int i = 0; i < 6; ++i) {
            co_await limiter.acquire();
            at.push_back((loop.time() - start) / 1ms);
        }
        EXPECT_EQ(at, (std::vector<std::int64_t>{0, 0, 0, 100, 200, 300}));
        co_await asyncio::sleep(1h);  // fills it, and no more than that
        EXPECT_EQ(limiter.statistics().tokens, 3);
        EXPECT_TRUE(limiter.try_acquire(3));
        EXPECT_FALSE(limiter.try_acquire());
    });
}

TEST_P(RateLimiterTest, an_odd_rate_does_not_drift) {
    RateLimiter limiter(3, 1s, 1);
    run([&]() -> Coro<> {
        const auto start = loop.time();
        for (int i = 0; i < 3001; ++i) co_await limiter.acquire();
        EXPECT_EQ(loop.time() - start, 1000s);
    });
}

TEST_P(RateLimiterTest, a_very_long_pause_overflows_nothing) {
    RateLimiter limiter(1'000'000'000, 1s);
    run([&]() -> Coro<> {
        co_await limiter.acquire(1'000'000'000);
        co_await asyncio::sleep(24h * 365 * 20);
        EXPECT_EQ(limiter.statistics().tokens, 1'000'000'000);
    });
}

TEST_P(RateLimiterTest, SYNC_1_what_does_not_wait_does_not_give_way) {
    ASYNCIO_NOT_EAGER("an eager task runs at once");
    RateLimiter limiter(1, 1s);
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        co_await limiter.acquire();
        EXPECT_EQ(trace.str(), "");
        co_await other;
    });
}

TEST_P(RateLimiterTest, SYNC_3_one_who_wants_many_is_not_overtaken) {
    RateLimiter limiter(1, 1s, 3);
    run([&]() -> Coro<> {
        co_await limiter.acquire(2);
        auto many = taker(limiter, "many", 3);
        auto one = taker(limiter, "one");
        co_await turns();
        EXPECT_FALSE(limiter.try_acquire()) << "there is one, but not for those who come now";
        co_await asyncio::sleep(1500ms);
        EXPECT_EQ(trace.str(), "");
        co_await asyncio::sleep(1s);
        EXPECT_EQ(trace.str(), "many");
        co_await asyncio::sleep(1s);
        EXPECT_EQ(trace.str(), "many one");
    });
}

TEST_P(RateLimiterTest, cancelled_while_queued_it_takes_nothing_and_the_next_moves_up) {
    RateLimiter limiter(1, 1s, 3);
    run([&]() -> Coro<> {
        co_await limiter.acquire(2);
        auto many = taker(limiter, "many", 3);
        auto one = taker(limiter, "one");
        auto two = taker(limiter, "two", 2);
        co_await turns(2);
        many.cancel();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "cmany one") << "its token had been there all the time";
        EXPECT_EQ(limiter.statistics().waiters.waiters, 1U);
        const auto start = loop.time();
        co_await two;
        EXPECT_EQ(loop.time() - start, 2s);
        auto last = taker(limiter, "last");
        co_await turns();
        last.cancel();
        co_await asyncio::sleep(1s);
        EXPECT_EQ(limiter.statistics().tokens, 1);
    });
}

TEST_P(RateLimiterTest, cancelled_after_being_chosen_it_gives_the_tokens_back) {
    RateLimiter limiter(1, 1s, 1);
    run([&]() -> Coro<> {
        co_await limiter.acquire();
        auto a = taker(limiter, "a");
        auto b = taker(limiter, "b");
        co_await turns();
        const auto start = loop.time();
        // Due with a's timer, but later: a has been chosen and has not run.
        loop.call_at(start + 1s, [&] { a.cancel(); });
        co_await b;
        EXPECT_EQ(loop.time() - start, 1s) << "with the token that a did not use";
        EXPECT_EQ(trace.str(), "ca b");
        EXPECT_EQ(limiter.statistics().tokens, 0);
    });
}

TEST_P(RateLimiterTest, cancelled_in_the_iteration_of_its_timer) {
    RateLimiter limiter(1, 1s, 1);
    run([&]() -> Coro<> {
        const auto start = loop.time();
        std::optional<Task<void>> a;
        loop.call_at(start + 1s, [&] { a->cancel(); });  // before a's timer, which is due at the same time
        co_await limiter.acquire();
        a.emplace(taker(limiter, "a"));
        auto b = taker(limiter, "b");
        co_await b;
        EXPECT_EQ(loop.time() - start, 1s);
        EXPECT_EQ(trace.str(), "ca b");
    });
}

TEST_P(RateLimiterTest, SYNC_4_a_time_limit_around_the_await) {
    RateLimiter limiter(1, 1min, 1);
    run([&]() -> Coro<> {
        co_await asyncio::wait_for(limiter.acquire(), 1s);
        EXPECT_THROW(co_await asyncio::wait_for(limiter.acquire(), 1s), asyncio::TimeoutError);
        EXPECT_EQ(limiter.statistics().waiters.waiters, 0U);
        co_await asyncio::sleep(59s);
        EXPECT_TRUE(limiter.try_acquire());
    });
}

TEST_P(RateLimiterTest, SYNC_7_belongs_to_one_loop) {
    RateLimiter limiter(1, 1s);
    run([&]() -> Coro<> { co_await limiter.acquire(); });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await limiter.acquire(); }), asyncio::RuntimeError);
    second->close();
}

TEST_P(RateLimiterTest, SYNC_10_repr) {
    RateLimiter limiter(1, 1s, 3);
    EXPECT_EQ(limiter.repr().find("<RateLimiter at 0x"), 0U);
    EXPECT_NE(limiter.repr().find(" [tokens:3/3]>"), std::string::npos) << limiter.repr();
    run([&]() -> Coro<> {
        co_await limiter.acquire(2);
        auto many = taker(limiter, "many", 3);
        co_await turns();
        EXPECT_NE(limiter.repr().find(" [tokens:1/3, waiters:1]>"), std::string::npos) << limiter.repr();
        co_await many;
    });
}

TEST_P(RateLimiterTest, SYNC_11_destroying_it_wakes_its_waiters) {
    run([&]() -> Coro<> {
        for (const bool due : {false, true}) {
            auto limiter = std::make_unique<RateLimiter>(1, 1s);
            const auto wait = [&]() -> Coro<std::string> {
                try {
                    co_await limiter->acquire();
                } catch (const asyncio::RuntimeError& error) {
                    co_return error.what();
                }
                co_return "";
            };
            loop.call_at(loop.time() + 1s, [&] { limiter.reset(); });  // in the very iteration of the timer
            co_await limiter->acquire();
            auto a = asyncio::create_task(wait());
            auto b = asyncio::create_task(wait());
            co_await turns();
            if (!due) limiter.reset();
            EXPECT_EQ(co_await a, "RateLimiter destroyed while being awaited");
            EXPECT_EQ(co_await b, "RateLimiter destroyed while being awaited");
            co_await asyncio::sleep(2s);
        }
    });
}

TEST_P(RateLimiterTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    RateLimiter limiter(1, 1s);
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        co_await limiter.acquire();
        taker(limiter, "a");
        taker(limiter, "b");
        co_await turns();
    });
    loop.close();
    EXPECT_EQ(limiter.statistics().waiters.waiters, 0U);
}

TEST(RateLimiterSchedules, never_more_than_the_rate_and_no_token_is_lost) {
    support::on_each_schedule([](Chance& chance) -> Coro<> {
        RateLimiter limiter(2, 1ms, 4);
        std::vector<Task<void>> workers;
        std::int64_t taken = 0;
        const auto start = asyncio::get_running_loop().time();
        const auto work = [&]() -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                try {
                    const int tokens = 1 + chance.below(4);
                    co_await limiter.acquire(tokens);
                    taken += tokens;
                    const auto elapsed = asyncio::get_running_loop().time() - start;
                    EXPECT_LE(taken, 4 + 2 * (elapsed / 1us) / 1000);
                    co_await chance.wait_below(2);
                } catch (const asyncio::CancelledError&) {
                }
            }
        };
        for (int i = 0; i < 5; ++i) workers.push_back(asyncio::create_task(work()));
        for (int i = 0; i < 8; ++i) {
            co_await asyncio::sleep(500us * chance.below(3));
            chance.cancel_one_of(workers);
        }
        co_await asyncio::wait(workers);
        EXPECT_EQ(limiter.statistics().waiters.waiters, 0U);
        co_await asyncio::sleep(2ms);
        EXPECT_EQ(limiter.statistics().tokens, 4);
    });
}

}  // namespace
