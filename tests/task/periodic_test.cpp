// PeriodicTask and PeriodicCallback: rows PER of the specification.

#include <asyncio/task/periodic.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::PeriodicCallback;
using asyncio::PeriodicTask;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

/// On the virtual clock; notes the times of calls in milliseconds since the beginning.
class Periodic : public ::testing::Test {
protected:
    explicit Periodic(std::uint64_t seed = 0) : loop(std::make_unique<asyncio::SimulatedDriver>(options(seed))) {}
    ~Periodic() override { loop.close(); }

    static asyncio::SimulatedOptions options(std::uint64_t seed) {
        asyncio::SimulatedOptions options;
        options.seed = seed;
        return options;
    }
    void note() { trace(std::chrono::duration_cast<std::chrono::milliseconds>(loop.time() - begin).count()); }
    /// A call that takes so long, without an await.
    void busy(asyncio::Clock::duration time) { static_cast<asyncio::SimulatedDriver&>(loop.driver()).advance(time); }
    void run_for(asyncio::Clock::duration time) {
        loop.run_until_complete(asyncio::detail::await_in_task(asyncio::sleep(time)));
    }

    asyncio::EventLoop loop;
    asyncio::Clock::time_point begin = loop.time();
    support::Trace trace;
    support::Lives lives;
};

class PeriodicOnDrivers : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER(PeriodicOnDrivers);

TEST_F(Periodic, PER_1_first_call_inside_start_then_an_interval_after_each_end) {
    PeriodicTask periodic(10ms, {.loop = &loop}, [&] {
        note();
        busy(3ms);
    });
    periodic.start();
    EXPECT_EQ(trace.str(), "0") << "the loop does not run yet";
    run_for(40ms);
    EXPECT_EQ(trace.str(), "0 13 26 39");
}

TEST_F(Periodic, PER_1_takes_arguments_by_value_and_the_running_loop) {
    std::string word = "x";
    PeriodicTask periodic(10ms, [&](const std::string& text, int& n) { trace(text, n++); }, word, 1);
    word = "changed";
    EXPECT_THROW(periodic.start(), asyncio::RuntimeError) << "no loop runs";
    loop.run_until_complete([&]() -> Coro<> {
        periodic.start();
        co_await asyncio::sleep(25ms);
    });
    EXPECT_EQ(trace.str(), "x1 x2 x3");
}

TEST_F(Periodic, PER_1_without_drift_on_multiples_of_the_interval) {
    PeriodicTask periodic(10ms, {.loop = &loop, .drift = false}, [&] {
        note();
        busy(trace.entries().size() == 2 ? 12ms : 3ms);
    });
    periodic.start();
    run_for(45ms);
    EXPECT_EQ(trace.str(), "0 10 30 40") << "the beat at 20 was missed";
}

TEST_F(Periodic, PER_1_a_coroutine_is_awaited) {
    PeriodicTask periodic(10ms, {.loop = &loop}, [&]() -> Coro<int> {
        note();
        co_await asyncio::sleep(5ms);
        note();
        co_return 1;
    });
    periodic.start();
    run_for(40ms);
    EXPECT_EQ(trace.str(), "0 5 15 20 30 35");
}

TEST_F(Periodic, PER_2_stop_cancels_the_pending_call_and_may_be_followed_by_start) {
    PeriodicTask periodic(10ms, {.loop = &loop}, [&] { note(); });
    periodic.stop();
    periodic.start();
    periodic.start();
    EXPECT_TRUE(periodic.is_running());
    run_for(15ms);
    periodic.stop();
    periodic.stop();
    EXPECT_FALSE(periodic.is_running());
    run_for(15ms);
    periodic.start();
    run_for(15ms);
    EXPECT_EQ(trace.str(), "0 10 30 40");
}

TEST_F(Periodic, PER_2_stop_inside_the_function_ends_the_series) {
    std::optional<PeriodicTask> periodic;
    periodic.emplace(10ms, asyncio::PeriodicTaskOptions{.loop = &loop}, [&] {
        note();
        if (trace.entries().size() == 2) periodic->stop();
    });
    periodic->start();
    run_for(100ms);
    EXPECT_EQ(trace.str(), "0 10");
}

TEST_F(Periodic, PER_2_stop_inside_the_first_call) {
    std::optional<PeriodicTask> periodic;
    periodic.emplace(10ms, asyncio::PeriodicTaskOptions{.loop = &loop}, [&] {
        note();
        periodic->stop();
    });
    periodic->start();
    EXPECT_FALSE(periodic->is_running());
    run_for(100ms);
    EXPECT_EQ(trace.str(), "0");
}

TEST_F(Periodic, PER_2_destroyed_inside_the_function) {
    std::optional<PeriodicTask> periodic;
    periodic.emplace(10ms, asyncio::PeriodicTaskOptions{.loop = &loop}, [&, life = lives.one()] {
        note();
        if (trace.entries().size() < 2) return;
        periodic.reset();
        EXPECT_EQ(lives.now(), 1) << "the function that runs is alive";
    });
    periodic->start();
    run_for(100ms);
    EXPECT_EQ(trace.str(), "0 10");
    EXPECT_EQ(lives.now(), 0);
}

TEST_F(Periodic, PER_2_the_first_exception_comes_out_of_start) {
    PeriodicTask periodic(10ms, {.loop = &loop}, [&] {
        note();
        throw std::out_of_range("first");
    });
    EXPECT_THROW(periodic.start(), std::out_of_range);
    EXPECT_FALSE(periodic.is_running());
    run_for(30ms);
    EXPECT_EQ(trace.str(), "0");
}

TEST_F(Periodic, PER_2_a_later_exception_is_reported_and_ends_the_series) {
    support::Reports reports(loop);
    PeriodicTask periodic(10ms, {.loop = &loop}, [&] {
        note();
        if (trace.entries().size() == 2) throw std::out_of_range("second");
    });
    periodic.start();
    run_for(50ms);
    EXPECT_EQ(trace.str(), "0 10");
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "Exception in the function of a PeriodicTask");
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::out_of_range);
    EXPECT_FALSE(periodic.is_running());
}

TEST_F(Periodic, PER_2_an_exception_of_a_coroutine_is_reported_and_ends_the_series) {
    support::Reports reports(loop);
    PeriodicTask periodic(10ms, {.loop = &loop}, [&]() -> Coro<> {
        note();
        co_await asyncio::sleep(1ms);
        throw std::out_of_range("coroutine");
    });
    periodic.start();
    run_for(50ms);
    EXPECT_EQ(trace.str(), "0");
    EXPECT_EQ(reports.contexts().size(), 1U);
    EXPECT_FALSE(periodic.is_running());
}

TEST_F(Periodic, PER_2_goes_on_after_errors_when_asked_to) {
    support::Reports reports(loop);
    PeriodicTask periodic(10ms, {.loop = &loop, .go_on_after_error = true}, [&] {
        note();
        throw 42;
    });
    periodic.start();
    run_for(25ms);
    EXPECT_EQ(trace.str(), "0 10 20");
    EXPECT_EQ(reports.contexts().size(), 3U);
}

TEST_F(Periodic, PER_2_an_exception_handler_may_stop_the_series) {
    PeriodicTask periodic(10ms, {.loop = &loop, .go_on_after_error = true}, [&] {
        note();
        throw 42;
    });
    loop.set_exception_handler([&](asyncio::EventLoop&, const asyncio::ExceptionContext&) { periodic.stop(); });
    periodic.start();
    run_for(50ms);
    EXPECT_EQ(trace.str(), "0");
}

TEST_F(Periodic, PER_2_stopped_while_its_coroutine_runs) {
    PeriodicTask periodic(10ms, {.loop = &loop}, [&]() -> Coro<> {
        note();
        co_await asyncio::sleep(5ms);
        trace("end");
    });
    periodic.start();
    run_for(2ms);
    periodic.stop();
    periodic.start();
    EXPECT_EQ(trace.str(), "0") << "never two at once";
    run_for(15ms);
    periodic.stop();
    run_for(30ms);
    EXPECT_EQ(trace.str(), "0 end 15 end");
}

TEST_F(Periodic, PER_2_destroyed_while_its_coroutine_runs) {
    {
        PeriodicTask periodic(10ms, {.loop = &loop}, [&, life = lives.one()]() -> Coro<> {
            co_await asyncio::sleep(5ms);
            trace("end", lives.now());
        });
        periodic.start();
        run_for(2ms);
    }
    run_for(50ms);
    EXPECT_EQ(trace.str(), "end1") << "its closure lives as long as it runs";
    EXPECT_EQ(lives.now(), 0);
}

TEST_F(Periodic, PER_2_a_cancelled_call_ends_the_series) {
    support::Reports reports(loop);
    for (const auto before : {0ms, 2ms}) {  // before its first step, and while it waits
        PeriodicTask periodic(10ms, {.loop = &loop}, [&]() -> Coro<> { co_await asyncio::sleep(5ms); });
        periodic.start();
        if (before > 0ms) run_for(before);
        for (const auto& task : asyncio::all_tasks(loop)) task.cancel();
        run_for(1ms);
        EXPECT_FALSE(periodic.is_running());
        EXPECT_TRUE(asyncio::all_tasks(loop).empty());
    }
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_F(Periodic, PER_2_an_interrupt_leaves_the_loop) {
    PeriodicTask periodic(10ms, {.loop = &loop, .go_on_after_error = true}, [&] {
        note();
        if (trace.entries().size() == 2) throw asyncio::KeyboardInterrupt();
    });
    periodic.start();
    EXPECT_THROW(run_for(50ms), asyncio::KeyboardInterrupt);
    EXPECT_FALSE(periodic.is_running());
}

TEST_F(Periodic, PER_3_first_call_one_period_later_and_no_drift) {
    PeriodicCallback periodic(
        [&] {
            note();
            busy(3ms);
        },
        10ms, {.loop = &loop});
    periodic.start();
    EXPECT_EQ(trace.str(), "");
    run_for(35ms);
    EXPECT_EQ(trace.str(), "10 20 30");
}

TEST_F(Periodic, PER_4_missed_beats_are_skipped) {
    PeriodicCallback periodic(
        [&] {
            note();
            if (trace.entries().size() == 1) busy(25ms);
            if (trace.entries().size() == 2) busy(10ms);  // until the very moment of the next beat
        },
        10ms, {.loop = &loop});
    periodic.start();
    run_for(75ms);
    EXPECT_EQ(trace.str(), "10 40 60 70");
}

TEST_F(Periodic, PER_4_never_two_at_once_with_a_coroutine) {
    PeriodicCallback periodic(
        [&]() -> Coro<> {
            note();
            co_await asyncio::sleep(15ms);
            trace("end");
        },
        10ms, {.loop = &loop});
    periodic.start();
    run_for(60ms);
    EXPECT_EQ(trace.str(), "10 end 30 end 50");
    periodic.stop();
    run_for(20ms);
}

TEST_F(Periodic, PER_5_exceptions_are_reported_and_the_series_goes_on) {
    support::Reports reports(loop);
    PeriodicCallback ordinary([&] { throw std::out_of_range("ordinary"); }, 10ms, {.loop = &loop});
    PeriodicCallback coroutine(
        []() -> Coro<> {
            co_await asyncio::sleep(1ms);
            throw std::out_of_range("coroutine");
        },
        10ms, {.loop = &loop});
    ordinary.start();
    coroutine.start();
    run_for(35ms);
    EXPECT_EQ(reports.contexts().size(), 6U);
    EXPECT_EQ(reports.contexts()[0].message, "Exception in the function of a PeriodicCallback");
    EXPECT_TRUE(ordinary.is_running() && coroutine.is_running());
}

/// The times between the calls of a series with jitter, in microseconds.
std::vector<std::int64_t> jittered(std::uint64_t seed) {
    asyncio::SimulatedOptions options;
    options.seed = seed;
    asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>(options));
    std::vector<std::int64_t> times;
    asyncio::Clock::time_point last = loop.time();
    PeriodicCallback periodic(
        [&] {
            times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(loop.time() - last).count());
            last = loop.time();
        },
        10ms, {.loop = &loop, .jitter = 0.2});
    periodic.start();
    loop.run_until_complete(asyncio::detail::await_in_task(asyncio::sleep(1s)));
    loop.close();
    return times;
}

TEST(PeriodicJitter, PER_5_spreads_each_period_by_half_the_jitter_up_and_down) {
    const std::vector<std::int64_t> times = jittered(1);
    ASSERT_GE(times.size(), 90U);
    std::int64_t shortest = 10'000;
    std::int64_t longest = 10'000;
    for (const std::int64_t time : times) {
        shortest = std::min(shortest, time);
        longest = std::max(longest, time);
    }
    EXPECT_GE(shortest, 9'000);
    EXPECT_LT(shortest, 9'200);
    EXPECT_LE(longest, 11'000);
    EXPECT_GT(longest, 10'800);
}

TEST(PeriodicJitter, PER_5_comes_from_the_seed_of_the_loop) {
    EXPECT_EQ(jittered(1), jittered(1));
    EXPECT_NE(jittered(1), jittered(2));
    EXPECT_EQ(jittered(0), jittered(0));
}

TEST_F(Periodic, PER_6_bad_arguments) {
    EXPECT_THROW(PeriodicTask(0s, [] {}), std::invalid_argument);
    EXPECT_THROW(PeriodicTask(-1s, [] {}), std::invalid_argument);
    EXPECT_THROW(PeriodicCallback([] {}, 0ms), std::invalid_argument);
    EXPECT_THROW(PeriodicCallback([] {}, 1ms, {.jitter = -0.1}), std::invalid_argument);
    EXPECT_THROW(PeriodicCallback([] {}, 1ms, {.jitter = 2}), std::invalid_argument);
}

TEST_F(Periodic, PER_6_a_period_without_end_never_comes) {
    PeriodicCallback periodic([&] { note(); }, asyncio::Clock::duration::max(), {.loop = &loop});
    periodic.start();
    run_for(24h);
    EXPECT_EQ(trace.str(), "");
}

TEST_F(Periodic, PER_6_can_be_moved) {
    PeriodicCallback first([&, life = lives.one()] { note(); }, 10ms, {.loop = &loop});
    first.start();
    PeriodicCallback second = std::move(first);
    run_for(15ms);
    PeriodicCallback third([&] { trace("third"); }, 10ms, {.loop = &loop});
    third.start();
    third = std::move(second);
    EXPECT_TRUE(third.is_running());
    run_for(10ms);
    EXPECT_EQ(trace.str(), "10 20");
    third.stop();
}

TEST_F(Periodic, PER_6_a_closed_loop_ends_it_without_a_report) {
    PeriodicCallback periodic([&, life = lives.one()] { note(); }, 10ms, {.loop = &loop});
    periodic.start();
    run_for(15ms);
    CapturedLog log;
    loop.close();
    EXPECT_TRUE(log.lines().empty());
    EXPECT_FALSE(periodic.is_running());
    EXPECT_THROW(periodic.start(), asyncio::RuntimeError);
    periodic.stop();
    EXPECT_EQ(lives.now(), 1);
}

TEST_F(Periodic, PER_6_a_closed_loop_ends_it_while_its_coroutine_runs) {
    std::optional<PeriodicCallback> periodic;
    const auto callback = [&, life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1h); };
    periodic.emplace(callback, 10ms, asyncio::PeriodicCallbackOptions{.loop = &loop});
    periodic->start();
    run_for(15ms);
    CapturedLog log;
    loop.close();
    EXPECT_FALSE(periodic->is_running());
    periodic.reset();
    EXPECT_EQ(lives.now(), 1) << "only the original";
}

TEST_P(PeriodicOnDrivers, PER_3_runs_in_the_running_loop) {
    int calls = 0;
    std::optional<PeriodicCallback> periodic;
    run([&]() -> Coro<> {
        auto enough = loop.create_future<void>();
        periodic.emplace(
            [&]() -> Coro<> {
                co_await asyncio::sleep(0ms);
                if (++calls == 3) enough.set_result();
            },
            1ms);
        periodic->start();
        co_await enough;
    });
    periodic->stop();
    run([&]() -> Coro<> { co_await asyncio::sleep(3ms); });
    EXPECT_EQ(calls, 3);
    EXPECT_FALSE(periodic->is_running());
}

}  // namespace
