// What programs are told that make a mistake of the first day; docs/mistakes.md has them all.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace {

using asyncio::Coro;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

Coro<> nothing() {
    co_return;
}

template <class F>
std::string error_of(F&& function) {
    try {
        function();
    } catch (const asyncio::RuntimeError& error) {
        return error.what();
    }
    return "no RuntimeError";
}

TEST(Mistakes, a_task_without_a_running_loop) {
    EXPECT_EQ(error_of([] { asyncio::create_task(nothing()); }), "no running event loop");
}

TEST(Mistakes, run_inside_of_a_coroutine) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        EXPECT_EQ(error_of([] { asyncio::run(nothing()); }),
                  "asyncio.run() cannot be called from a running event loop");
        co_return;
    });
}

TEST(Mistakes, a_call_that_blocks) {
    const CapturedLog log;
    int line = 0;
    const auto blocks = [&]() -> Coro<> {
        asyncio::get_running_loop().slow_callback_duration = 1ms;
        co_await asyncio::sleep(0s), line = __LINE__;
        std::this_thread::sleep_for(2ms);
        co_await asyncio::sleep(0s);
        std::this_thread::sleep_for(2ms);
    };
    asyncio::run([&]() -> Coro<> { co_await blocks(); }, {.debug = true});
    const auto place = [&line](int after) { return "mistakes_test.cpp:" + std::to_string(line + after); };
    EXPECT_TRUE(log.contains("Executing <Task pending name='Task-")) << log.text();
    EXPECT_TRUE(log.contains(place(0) + " to ")) << log.text();
    EXPECT_TRUE(log.contains(place(2) + " took 0.")) << log.text();
    EXPECT_TRUE(log.contains("Executing <Task finished name='Task-")) << log.text();
    EXPECT_TRUE(log.contains(place(2) + " to its end took 0.")) << log.text();
}

}  // namespace
