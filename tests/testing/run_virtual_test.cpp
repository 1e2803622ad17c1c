#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/wait_for.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::run_virtual;
using asyncio::testing::wait_all_tasks_blocked;
using support::Trace;

namespace {

asyncio::Clock::time_point now() {
    return asyncio::get_running_loop().time();
}

TEST(RunVirtual, an_hour_of_sleeps_passes_at_once) {
    const auto before = std::chrono::steady_clock::now();
    const auto slept = run_virtual([]() -> Coro<asyncio::Clock::duration> {
        const auto start = now();
        for (int i = 0; i < 3600; ++i) co_await asyncio::sleep(1s);
        co_return now() - start;
    });
    EXPECT_EQ(slept, 1h);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST(RunVirtual, gives_the_result_or_the_exception) {
    EXPECT_EQ(run_virtual([]() -> Coro<std::string> { co_return "done"; }), "done");
    EXPECT_EQ(*run_virtual([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }), 7);
    const auto fail = []() -> Coro<> {
        co_await asyncio::sleep(1s);
        throw std::logic_error("no");
    };
    EXPECT_THROW(run_virtual(fail()), std::logic_error);
}

Coro<> note_after(Trace& trace, asyncio::Clock::duration delay, int number) {
    co_await asyncio::sleep(delay);
    trace("s", number);
}

TEST(RunVirtual, ORD_4_timers_of_one_instant_run_in_the_order_of_their_setting) {
    Trace trace;
    run_virtual([&]() -> Coro<> {
        auto& loop = asyncio::get_running_loop();
        auto first = asyncio::create_task(note_after(trace, 1s, 1));
        auto second = asyncio::create_task(note_after(trace, 1s, 2));
        co_await asyncio::sleep(0s);
        // ORD-9: a callback of the same instant runs before the sleepers that are woken by it.
        loop.call_at(now() + 1s, [&] { trace("c"); });
        co_await asyncio::sleep(2s);
    });
    EXPECT_EQ(trace.str(), "c s1 s2");
}

TEST(RunVirtual, time_stands_still_while_a_task_is_ready) {
    run_virtual([]() -> Coro<> {
        const auto start = now();
        for (int i = 0; i < 1000; ++i) co_await asyncio::sleep(0s);
        EXPECT_EQ(now(), start);
    });
}

TEST(RunVirtual, a_timer_that_never_comes_and_nothing_else_is_an_error_that_names_the_tasks) {
    const auto blocked = []() -> Coro<> {
        auto never = asyncio::get_running_loop().create_future<void>();
        auto task = asyncio::create_task([never]() -> Coro<> { co_await never; }, {.name = "waits for nobody"});
        co_await never;
    };
    try {
        run_virtual(blocked);
        FAIL() << "came back";
    } catch (const asyncio::RuntimeError& error) {
        EXPECT_NE(std::string(error.what()).find("waits for nobody"), std::string::npos) << error.what();
    }
}

TEST(RunVirtual, RUN_3_other_tasks_are_cancelled_and_may_clean_up) {
    Trace trace;
    const auto endless = [&]() -> Coro<> {
        try {
            while (true) co_await asyncio::sleep(1h);
        } catch (const asyncio::CancelledError&) {
            trace("cancelled");
        }
        co_await asyncio::sleep(1h);
        trace("cleaned");
    };
    run_virtual([&]() -> Coro<> {
        auto task = asyncio::create_task(endless);
        co_await asyncio::sleep(10h);
        trace("main");
    });
    EXPECT_EQ(trace.str(), "main cancelled cleaned");
}

TEST(RunVirtual, a_stuck_run_cancels_who_is_blocked) {
    asyncio::testing::CapturedLog log;
    Trace trace;
    const auto stuck = [&]() -> Coro<> {
        auto never = asyncio::get_running_loop().create_future<void>();
        try {
            co_await never;
        } catch (const asyncio::CancelledError&) {
            trace("cancelled");
            throw;
        }
    };
    EXPECT_THROW(run_virtual(stuck), asyncio::RuntimeError);
    EXPECT_EQ(trace.str(), "cancelled");
    EXPECT_EQ(log.text(), "");
}

TEST(RunVirtual, a_timer_at_the_end_of_time_never_comes) {
    EXPECT_THROW(run_virtual([]() -> Coro<> { co_await asyncio::sleep(asyncio::Clock::duration::max()); }),
                 asyncio::RuntimeError);
    EXPECT_EQ(run_virtual([]() -> Coro<int> {
                  co_await asyncio::sleep(std::chrono::hours(24 * 365 * 100));
                  co_return 1;
              }),
              1);
}

TEST(RunVirtual, wait_for_ends_at_its_time) {
    run_virtual([]() -> Coro<> {
        const auto start = now();
        auto never = asyncio::get_running_loop().create_future<void>();
        bool timed_out = false;
        try {
            co_await asyncio::wait_for(never, 90min);
        } catch (const asyncio::TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_EQ(now() - start, 90min);
    });
}

TEST(RunVirtual, other_threads_may_wake_the_loop_when_allowed) {
    const int result = run_virtual(
        []() -> Coro<int> {
            auto& loop = asyncio::get_running_loop();
            auto answer = loop.create_future<int>();
            std::jthread other([&] { loop.call_soon_threadsafe([&] { answer.set_result(42); }); });
            co_return co_await answer;
        },
        {.allow_threads = true});
    EXPECT_EQ(result, 42);
}

TEST(RunVirtual, the_same_seed_gives_the_same_run) {
    const auto trace_of = [](std::uint64_t seed) {
        return run_virtual(
            []() -> Coro<std::string> {
                auto& driver = asyncio::testing::simulated_driver();
                std::string order;
                for (int i = 0; i < 8; ++i) {
                    auto [a, b] = asyncio::testing::memory_socket_pair();
                    const std::string data = "0123456789";
                    order += std::to_string(driver.try_send(*a, std::as_bytes(std::span(data)))) + " ";
                }
                co_return order;
            },
            {.seed = seed});
    };
    EXPECT_EQ(trace_of(0), "10 10 10 10 10 10 10 10 ");
    EXPECT_NE(trace_of(1), trace_of(2));
    EXPECT_EQ(trace_of(1), trace_of(1));
}

TEST(MemorySockets, need_a_simulated_loop) {
    EXPECT_THROW(static_cast<void>(asyncio::testing::memory_socket_pair()), asyncio::RuntimeError);
    asyncio::EventLoop loop;
    std::string message;
    loop.call_soon([&] {
        try {
            static_cast<void>(asyncio::testing::memory_socket_pair());
        } catch (const asyncio::RuntimeError& error) {
            message = error.what();
        }
        loop.stop();
    });
    loop.run_forever();
    loop.close();
    EXPECT_EQ(message, "this loop runs on the driver 'epoll', not on a SimulatedDriver");
}

}  // namespace
