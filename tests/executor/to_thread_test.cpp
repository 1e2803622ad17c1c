// to_thread: THR-5 and EXEC-12.

#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using asyncio::Coro;
using support::Gate;
using namespace std::chrono_literals;

TEST(ToThread, THR_5_result_arguments_and_exception) {
    asyncio::run([]() -> Coro<> {
        const auto home = std::this_thread::get_id();
        EXPECT_NE(co_await asyncio::to_thread([] { return std::this_thread::get_id(); }), home);
        const std::string text(100, 'x');
        EXPECT_EQ(co_await asyncio::to_thread([](const std::string& a, int b) { return a.size() + b; }, text, 1), 101U);
        auto pointer = co_await asyncio::to_thread([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(4));
        EXPECT_EQ(*pointer, 4);
        const auto thrower = [] { throw std::out_of_range("far"); };
        EXPECT_THROW(co_await asyncio::to_thread(thrower), std::out_of_range);
    });
}

TEST(ToThread, EXEC_12_CTX_13_runs_in_a_copy_of_the_context) {
    asyncio::ContextVar<int> var{"var", 0};
    asyncio::run([&]() -> Coro<> {
        auto token = var.set(5);
        const int seen = co_await asyncio::to_thread([&] { return var.get(); });
        EXPECT_EQ(seen, 5);
        co_await asyncio::to_thread([&] { static_cast<void>(var.set(6)); });
        EXPECT_EQ(var.get(), 5);
    });
}

TEST(ToThread, EXEC_6_CTX_13_run_in_executor_does_not_carry_the_context) {
    asyncio::ContextVar<int> var{"var", 0};
    asyncio::run([&]() -> Coro<> {
        auto token = var.set(5);
        const int seen = co_await asyncio::get_running_loop().run_in_executor(nullptr, [&] { return var.get(); });
        EXPECT_EQ(seen, 0);
    });
}

TEST(ToThread, THR_5_the_loop_goes_on) {
    asyncio::run([]() -> Coro<> {
        Gate gate;
        auto task = asyncio::create_task(asyncio::to_thread([&] { gate.pass(); }));
        for (int i = 0; i < 50; ++i) co_await asyncio::sleep(0ms);
        EXPECT_FALSE(task.done());
        gate.open();
        co_await task;
    });
}

TEST(ToThread, EXEC_12_nothing_starts_before_the_await) {
    bool started = false;
    asyncio::run([&]() -> Coro<> {
        auto coroutine = asyncio::to_thread([&] { started = true; });
        co_await asyncio::sleep(1ms);
        EXPECT_FALSE(started);
        co_await std::move(coroutine);
        EXPECT_TRUE(started);
    });
    auto never = asyncio::to_thread([&] { ADD_FAILURE(); });
    never.close();
}

TEST(ToThread, THR_5_cancelled_while_the_function_runs) {
    asyncio::run([]() -> Coro<> {
        Gate gate;
        const auto argument = std::make_shared<int>(1);
        auto task = asyncio::create_task(asyncio::to_thread(
            [&](const std::shared_ptr<int>& kept) {
                gate.pass();
                EXPECT_EQ(*kept, 1);
            },
            argument));
        co_await asyncio::sleep(0ms);
        gate.wait_until_entered();
        task.cancel();
        const std::vector waited{task};
        co_await asyncio::wait(waited);
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(argument.use_count(), 2);
        gate.open();
        co_await asyncio::get_running_loop().shutdown_default_executor();
        EXPECT_EQ(argument.use_count(), 1);
    });
}

TEST(ToThread, THR_5_with_a_time_limit) {
    Gate gate;  // outlives the pool
    asyncio::run([&]() -> Coro<> {
        const auto job = [&] { gate.pass(); };
        EXPECT_THROW(co_await asyncio::wait_for(asyncio::to_thread(job), 1ms), asyncio::TimeoutError);
        gate.open();
    });
}

TEST(ToThread, THR_5_after_the_shutdown) {
    asyncio::run([]() -> Coro<> {
        co_await asyncio::get_running_loop().shutdown_default_executor();
        EXPECT_THROW(co_await asyncio::to_thread([] {}), asyncio::RuntimeError);
    });
}

TEST(ToThread, THR_5_many_at_once) {
    const int sum = asyncio::run([]() -> Coro<int> {
        std::vector<Coro<int>> jobs;
        for (int i = 0; i < 500; ++i) jobs.push_back(asyncio::to_thread([](int n) { return n; }, i));
        int total = 0;
        for (const int n : co_await asyncio::gather(std::move(jobs))) total += n;
        co_return total;
    });
    EXPECT_EQ(sum, 500 * 499 / 2);
}

}  // namespace
