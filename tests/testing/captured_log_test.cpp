#include <asyncio/testing/captured_log.hpp>

#include <asyncio/base/log.hpp>

#include <gtest/gtest.h>

using asyncio::LogLevel;
using asyncio::testing::CapturedLog;

namespace {

TEST(CapturedLog, keeps_every_level_in_order) {
    CapturedLog log;
    asyncio::detail::log(LogLevel::debug, "quiet");
    asyncio::detail::log(LogLevel::error, "loud");
    ASSERT_EQ(log.lines().size(), 2U);
    EXPECT_EQ(log.lines()[0].level, LogLevel::debug);
    EXPECT_EQ(log.text(), "quiet\nloud\n");
    EXPECT_TRUE(log.contains("lou"));
    EXPECT_FALSE(log.contains("nothing"));
    log.clear();
    EXPECT_EQ(log.text(), "");
}

TEST(CapturedLog, nests_and_gives_back_the_previous_sink) {
    CapturedLog outer;
    {
        CapturedLog inner;
        asyncio::detail::log(LogLevel::info, "inner");
        EXPECT_EQ(inner.text(), "inner\n");
    }
    asyncio::detail::log(LogLevel::info, "outer");
    EXPECT_EQ(outer.text(), "outer\n");
}

}  // namespace
