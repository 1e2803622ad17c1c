#include <asyncio/base/log.hpp>

#include <asyncio/base/exceptions.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using asyncio::LogLevel;
using asyncio::set_log_sink;
using asyncio::detail::describe;
using asyncio::detail::log;

class Log : public ::testing::Test {
protected:
    void TearDown() override { set_log_sink({}); }
};

TEST_F(Log, warnings_and_errors_go_to_stderr_by_default) {
    set_log_sink({});
    testing::internal::CaptureStderr();
    log(LogLevel::debug, "detail");
    log(LogLevel::info, "note");
    log(LogLevel::warning, "careful");
    log(LogLevel::error, "broken");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "careful\nbroken\n");
}

TEST_F(Log, a_sink_gets_everything_and_the_previous_one_comes_back) {
    std::string text;
    EXPECT_FALSE(set_log_sink([&](LogLevel level, std::string_view message) {
        text += std::to_string(static_cast<int>(level)) + std::string(message);
    }));
    log(LogLevel::debug, "a");
    log(LogLevel::error, "b");
    EXPECT_EQ(text, "0a3b");
    const asyncio::LogSink previous = set_log_sink({});
    ASSERT_TRUE(previous);
    previous(LogLevel::info, "c");
    EXPECT_EQ(text, "0a3b1c");
}

TEST_F(Log, a_sink_that_throws_logs_or_replaces_itself) {
    int calls = 0;
    set_log_sink([&](LogLevel, std::string_view) {
        const int call = ++calls;
        if (call == 1) log(LogLevel::info, "nested");
        if (call == 2) throw std::runtime_error("sink");
        set_log_sink({});
    });
    log(LogLevel::info, "outer");
    EXPECT_EQ(calls, 2);
    log(LogLevel::info, "default again");
    EXPECT_EQ(calls, 2);
}

TEST_F(Log, Threadsafe_one_call_at_a_time) {
    int unprotected = 0;
    set_log_sink([&](LogLevel, std::string_view) { ++unprotected; });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([] {
            for (int i = 0; i < 500; ++i) log(LogLevel::info, "x");
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(unprotected, 2000);
}

TEST(Describe, exceptions_of_every_kind) {
    const auto text = [](auto error) { return describe(std::make_exception_ptr(error)); };
    EXPECT_EQ(text(std::runtime_error("why")), "std::runtime_error: why");
    EXPECT_EQ(text(asyncio::TimeoutError()), "asyncio::TimeoutError: timed out");
    EXPECT_EQ(text(asyncio::CancelledError()), "asyncio::CancelledError");
    EXPECT_EQ(text(asyncio::CancelledError("m")), "asyncio::CancelledError: m");
    EXPECT_EQ(text(asyncio::KeyboardInterrupt()), "asyncio::KeyboardInterrupt");
    EXPECT_EQ(text(asyncio::SystemExit(2)), "asyncio::SystemExit: 2");
    EXPECT_EQ(text(42), "int");
    EXPECT_EQ(describe(nullptr), "no exception");
}

}  // namespace
