// Debug mode: section 22 of the specification.

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
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

TEST_P(DebugMode, DBG_3_completing_a_future_that_somebody_waits_for) {
    CapturedLog log;
    loop.set_debug(true);
    auto future = loop.create_future<int>();
    future.add_done_callback([](const auto&) {});
    auto unwatched = loop.create_future<int>();
    loop.call_soon([&] {
        std::thread([&] {
            EXPECT_THROW(future.set_result(1), RuntimeError);
            EXPECT_THROW(future.set_exception(RuntimeError("x")), RuntimeError);
            EXPECT_FALSE(future.cancel());
            unwatched.set_result(1);  // queues nothing
        }).join();
        loop.stop();
    });
    loop.run_forever();
    EXPECT_FALSE(future.done());
    EXPECT_TRUE(unwatched.done());
    EXPECT_TRUE(log.contains("cancel() refused: Non-thread-safe operation")) << log.text();
    future.set_result(2);
    EXPECT_EQ(future.result(), 2);
    EXPECT_EQ(future.exception(), nullptr);
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
    loop.call_soon([&] { loop.slow_callback_duration = 1h; });  // nothing else is slow, however slow the machine
    run_once();
    ASSERT_EQ(log.lines().size(), 1U) << log.text();
    EXPECT_EQ(log.lines().front().level, LogLevel::warning);
    EXPECT_TRUE(log.contains("Executing <Handle")) << log.text();
    EXPECT_TRUE(std::regex_search(log.text(), std::regex("took [0-9]+\\.[0-9]{3} seconds"))) << log.text();
}

TEST_P(DebugMode, DBG_4_reading_debug_information_is_not_the_time_of_the_step) {
    using asyncio::detail::time_of_lookups;
    const auto look_up = [] { static_cast<void>(asyncio::detail::callable_name(typeid(int), "")); };
    const auto before = time_of_lookups();
    look_up();
    if (time_of_lookups() == before) GTEST_SKIP() << "this build reads no debug information";
    CapturedLog log;
    loop.set_debug(true);
    const auto step = [&] {
        const auto start = asyncio::Clock::now();
        const auto earlier = time_of_lookups();
        while (time_of_lookups() - earlier < 20ms) look_up();
        // Slow would be what is shorter than the whole step, and longer than it is without the look-ups.
        loop.slow_callback_duration = asyncio::Clock::now() - start - 10ms;
    };
    // A step that a busy machine holds up before or behind these lines is slow indeed; with the look-ups each one is.
    for (int attempt = 0; attempt < 20; ++attempt) {
        log.clear();
        loop.call_soon(step);
        run_once();
        if (log.lines().empty()) break;
    }
    EXPECT_EQ(log.text(), "");
}

TEST_P(DebugMode, DBG_7_a_long_poll_is_nothing_to_report) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    run([]() -> Coro<> { co_await asyncio::sleep(10ms); });
    EXPECT_EQ(log.text(), "");
}

TEST_P(DebugMode, DBG_8_closing_is_a_line_at_debug_level) {
    CapturedLog log;
    loop.set_debug(true);
    loop.close();
    ASSERT_EQ(log.lines().size(), 1U) << log.text();
    EXPECT_EQ(log.lines().front().level, LogLevel::debug);
    EXPECT_EQ(log.lines().front().text, "Close event loop");
}

TEST(DebugModeLog, DBG_8_the_driver_and_nothing_without_debug_mode) {
    CapturedLog log;
    {
        asyncio::EventLoop loop;
        loop.close();
    }
    EXPECT_EQ(log.text(), "");
    ::setenv("ASYNCIO_DEBUG", "1", 1);
    {
        asyncio::EventLoop loop;
        loop.close();
    }
    {
        asyncio::SelectorEventLoop loop;
        loop.close();
    }
    ::unsetenv("ASYNCIO_DEBUG");
    ASSERT_EQ(log.lines().size(), 4U) << log.text();
    for (const std::size_t line : {0, 2}) {
        EXPECT_EQ(log.lines()[line].level, LogLevel::debug);
        EXPECT_EQ(log.lines()[line].text, "Using driver: epoll");
    }
}

TEST_P(DebugMode, DBG_8_connections_are_lines_at_debug_level) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto writer) { writer.close(); }, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        static_cast<void>(co_await reader.read());
        writer.close();
        co_await writer.wait_closed();
    });
    EXPECT_TRUE(log.contains("connection 127.0.0.1")) << log.text();
    EXPECT_TRUE(log.contains(" opened")) << log.text();
    EXPECT_TRUE(log.contains(" closed")) << log.text();
    for (const auto& line : log.lines()) EXPECT_EQ(line.level, LogLevel::debug) << line.text;
}

TEST(DebugModeLog, DBG_8_looking_up_a_name_says_how_long_it_took) {
    CapturedLog log;
    asyncio::EventLoop loop;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    const auto look_up = []() -> Coro<> { static_cast<void>(co_await asyncio::resolve("localhost", 80)); };
    loop.run_until_complete(look_up);
    EXPECT_TRUE(log.contains("Getting address info localhost:80 took ")) << log.text();
    EXPECT_EQ(log.lines().back().level, LogLevel::debug);
    loop.slow_callback_duration = 0ms;
    loop.run_until_complete(look_up);
    bool informed = false;
    for (const auto& line : log.lines()) informed = informed || line.level == LogLevel::info;
    EXPECT_TRUE(informed) << "a slow one is worth telling";
    loop.close();
}

TEST(DebugModeLog, DBG_9_always_on_without_debug_mode) {
    CapturedLog log;
    {
        asyncio::EventLoop loop;
        loop.create_future<int>().set_exception(RuntimeError("lost"));
        EXPECT_TRUE(log.contains("Future exception was never retrieved")) << log.text();
        const auto fails = []() -> Coro<> {
            throw RuntimeError("lost, too");
            co_return;
        };
        static_cast<void>(loop.create_task(fails));
        loop.stop();
        loop.run_forever();
        EXPECT_TRUE(log.contains("Task exception was never retrieved")) << log.text();
        const auto waits = []() -> Coro<> { co_await asyncio::sleep(1h); };
        static_cast<void>(loop.create_task(waits));
        const auto items = []() -> asyncio::AsyncGenerator<int> { co_yield 1; };
        auto generator = items();
        const auto late = [&]() -> Coro<> {
            co_await asyncio::get_running_loop().shutdown_asyncgens();
            co_await generator.next();
        };
        loop.run_until_complete(late);
        EXPECT_TRUE(log.contains("was scheduled after loop.shutdown_asyncgens() call")) << log.text();
        EXPECT_FALSE(log.contains("unclosed event loop"));
    }
    EXPECT_TRUE(log.contains("unclosed event loop")) << log.text();
    EXPECT_TRUE(log.contains("Task was destroyed but it is pending!")) << log.text();
}

TEST_P(DebugMode, DBG_11_awaiting_in_a_foreign_thread_or_what_is_of_another_loop) {
    loop.set_debug(true);
    auto other = support::make_loop(GetParam());
    auto foreign = other->create_future<int>();
    run([&]() -> Coro<> {
        try {
            co_await foreign;
            ADD_FAILURE();
        } catch (const RuntimeError& error) {
            EXPECT_NE(std::string(error.what()).find("attached to a different loop"), std::string::npos);
        }
    });
    auto mine = loop.create_future<int>();
    std::thread([&] {
        const auto awaits = [&]() -> Coro<int> { co_return co_await mine; };
        EXPECT_THROW(awaits().send(), RuntimeError);
    }).join();
    mine.cancel();
    other->close();
}

TEST_P(DebugMode, DBG_11_a_blocking_result_in_the_thread_of_the_loop) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    asyncio::futures::ThreadPoolExecutor pool;
    run([&]() -> Coro<> {
        const auto job = [] { return 7; };
        EXPECT_EQ(pool.submit(job).result(), 7);
        EXPECT_THROW(asyncio::run_coroutine_threadsafe([]() -> Coro<> { co_return; }, loop).result(), RuntimeError);
        co_return;
    });
    pool.shutdown();
}

TEST_P(DebugMode, DBG_11_a_started_generator_that_is_dropped) {
    CapturedLog log;
    const auto items = []() -> asyncio::AsyncGenerator<int> {
        co_yield 1;
        co_yield 2;
    };
    const auto drops = [&]() -> Coro<> {
        auto generator = items();
        co_await generator.next();
    };
    run(drops);
    EXPECT_EQ(log.text(), "") << "not without debug mode";
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    run(drops);
    EXPECT_TRUE(log.contains("was dropped before its end")) << log.text();
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
