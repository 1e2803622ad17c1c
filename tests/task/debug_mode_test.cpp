// Debug mode: section 22 of the specification.

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::LogLevel;
using asyncio::RuntimeError;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

class DebugMode : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(DebugMode);

TEST(DebugModeSetting, DBG_1_by_environment_by_run_and_by_set_debug) {
    const auto debug = []() -> Coro<bool> { co_return asyncio::get_running_loop().get_debug(); };
    ::setenv("ASYNCIO_DEBUG", "1", 1);
    EXPECT_TRUE(asyncio::run(debug));
    EXPECT_FALSE(asyncio::run(debug, {.debug = false}));
    ::setenv("ASYNCIO_DEBUG", "0", 1);
    EXPECT_FALSE(asyncio::run(debug));
    ::unsetenv("ASYNCIO_DEBUG");
    EXPECT_FALSE(asyncio::run(debug));
    EXPECT_TRUE(asyncio::run(debug, {.debug = true}));
    const auto set = []() -> Coro<bool> {
        asyncio::get_running_loop().set_debug(true);
        co_return asyncio::get_running_loop().get_debug();
    };
    EXPECT_TRUE(asyncio::run(set));
}

TEST_P(DebugMode, DBG_3_calls_from_a_wrong_thread_are_refused_and_name_both) {
    loop.set_debug(true);
    auto future = loop.create_future<int>();
    future.add_done_callback([](const auto&) {});
    std::vector<std::string> refusals;
    const auto refused = [&](const auto& call) {
        try {
            call();
        } catch (const RuntimeError& error) {
            refusals.emplace_back(error.what());
        }
    };
    loop.call_soon([&] {
        std::thread([&] {
            refused([&] { loop.call_soon([] {}); });
            refused([&] { loop.call_later(1s, [] {}); });
            refused([&] { loop.call_at(loop.time(), [] {}); });
            refused([&] { static_cast<void>(loop.create_task([]() -> Coro<> { co_return; })); });
        }).join();
        loop.stop();
    });
    loop.run_forever();
    ASSERT_EQ(refusals.size(), 4U);
    for (const std::string& text : refusals) {
        EXPECT_NE(text.find("Non-thread-safe operation"), std::string::npos) << text;
        EXPECT_NE(text.find("the loop runs in thread"), std::string::npos) << text;
        EXPECT_NE(text.find("the call came from thread"), std::string::npos) << text;
    }
}

TEST_P(DebugMode, DBG_3_a_loop_that_does_not_run_is_not_checked) {
    loop.set_debug(true);
    std::thread([&] { loop.call_soon([&] { trace("ran"); }); }).join();
    run_once();
    EXPECT_EQ(trace.str(), "ran");
}

TEST_P(DebugMode, DBG_4_a_slow_step_is_a_warning_with_its_duration) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1ms;
    loop.call_soon([] { std::this_thread::sleep_for(2ms); });
    run_once();
    ASSERT_EQ(log.lines().size(), 1U) << log.text();
    EXPECT_EQ(log.lines().front().level, LogLevel::warning);
    EXPECT_TRUE(log.contains("Executing <Handle")) << log.text();
    EXPECT_TRUE(log.contains("took 0.")) << log.text();
}

TEST_P(DebugMode, DBG_10_turned_on_and_off_while_objects_of_the_other_mode_live) {
    const auto worker = [&](const char* name) -> Coro<> {
        co_await asyncio::sleep(2ms);
        trace(name);
    };
    auto made_off = loop.create_task(worker("off"));
    auto handle_off = loop.call_later(1ms, [&] { trace("timer"); });
    auto future_off = loop.create_future<int>();
    run_once();
    loop.set_debug(true);
    auto made_on = loop.create_task(worker("on"));
    auto dropped = loop.call_soon([&] { trace("never"); });
    dropped.cancel();
    future_off.set_result(1);
    run(made_off);
    loop.set_debug(false);
    run(made_on);
    EXPECT_EQ(trace.str(), "timer off on");
    EXPECT_FALSE(handle_off.cancelled());
    EXPECT_EQ(future_off.result(), 1);
}

TEST(DebugModeLog, DBG_12_everything_goes_to_one_sink_which_can_be_replaced) {
    std::vector<std::string> lines;
    const auto previous = asyncio::set_log_sink([&](LogLevel level, std::string_view text) {
        lines.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(text.substr(0, 19)));
    });
    {
        asyncio::EventLoop loop;
    }  // a warning
    std::thread([] { asyncio::EventLoop loop; }).join();
    {
        asyncio::EventLoop loop;
        asyncio::ExceptionContext context;
        context.message = "what nobody handles";
        loop.call_exception_handler(context);  // an error
        loop.close();
    }
    asyncio::set_log_sink(previous);
    EXPECT_EQ(lines,
              (std::vector<std::string>{"2 unclosed event loop", "2 unclosed event loop", "3 what nobody handles"}));
}

}  // namespace
