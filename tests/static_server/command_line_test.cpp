#include "command_line.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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

TEST(CommandLine, takes_values_behind_an_equals_sign) {
    const CommandLine line = parse_command_line({"--root=/a=b", "--port=80", "--host", "::1"});
    EXPECT_EQ(line.root, "/a=b");
    EXPECT_EQ(line.port, 80);
    EXPECT_EQ(line.host, "::1");
}

std::string complaint(const std::vector<std::string_view>& arguments) {
    try {
        parse_command_line(arguments);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(CommandLine, says_which_option_is_wrong_and_why) {
    EXPECT_EQ(complaint({"--bogus"}), "unknown option --bogus");
    EXPECT_EQ(complaint({"/srv"}), "unknown option /srv");
    EXPECT_EQ(complaint({"--root"}), "--root needs a value");
    EXPECT_EQ(complaint({"--port", "http"}), "--port: \"http\" is not a number from 0 to 65535");
    EXPECT_EQ(complaint({"--port=65536"}), "--port: \"65536\" is not a number from 0 to 65535");
    EXPECT_EQ(complaint({"--timeout", "soon"}), "--timeout: \"soon\" is not a duration such as 30, 1.5s or 20ms");
    EXPECT_EQ(complaint({"--latency", "-1"}), "--latency: \"-1\" is not a duration of at most a day");
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
