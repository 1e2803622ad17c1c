#include "command_line.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace static_server {
namespace {

using namespace std::chrono_literals;

TEST(CommandLine, has_defaults) {
    const CommandLine line = parse_command_line({});
    EXPECT_EQ(line.host, "127.0.0.1");
    EXPECT_EQ(line.port, 8000);
    EXPECT_EQ(line.site.latency, 0ms);
}

TEST(CommandLine, takes_options) {
    const CommandLine line = parse_command_line({"--root", "/srv", "--port", "0", "--host", "::1", "--latency", "20ms",
                                                 "--timeout", "1.5", "--max-connections", "3"});
    EXPECT_EQ(line.root, "/srv");
    EXPECT_EQ(line.port, 0);
    EXPECT_EQ(line.host, "::1");
    EXPECT_EQ(line.site.latency, 20ms);
    EXPECT_EQ(line.site.timeout, 1500ms);
    EXPECT_EQ(line.site.max_connections, 3U);
}

TEST(CommandLine, refuses_what_it_does_not_understand) {
    EXPECT_THROW(parse_command_line({"--rot", "/srv"}), std::invalid_argument);
    EXPECT_THROW(parse_command_line({"--root"}), std::invalid_argument);
    EXPECT_THROW(parse_command_line({"--port", "65536"}), std::invalid_argument);
    EXPECT_THROW(parse_command_line({"--port", "80x"}), std::invalid_argument);
    EXPECT_THROW(parse_command_line({"--max-connections", "-1"}), std::invalid_argument);
}

TEST(Duration, is_in_seconds_unless_it_says_otherwise) {
    EXPECT_EQ(parse_duration("3"), 3s);
    EXPECT_EQ(parse_duration("0.25s"), 250ms);
    EXPECT_EQ(parse_duration("20ms"), 20ms);
    EXPECT_EQ(parse_duration("0"), 0s);
    for (const char* text : {"", "ms", "s", "-1", "nan", "inf", "1e9", "3 s", "3m"}) {
        EXPECT_THROW(parse_duration(text), std::invalid_argument) << text;
    }
}

}  // namespace
}  // namespace static_server
