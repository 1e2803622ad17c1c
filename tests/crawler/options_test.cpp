#include "crawler/options.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using crawler::Options;
using crawler::parse_options;
using crawler::UsageError;

namespace {

std::string complaint(const std::vector<std::string>& arguments) {
    try {
        parse_options(arguments);
        return "accepted";
    } catch (const UsageError& error) {
        return error.what();
    }
}

TEST(Options, defaults) {
    Options options = parse_options({"http://h/"});
    EXPECT_EQ(options.urls, std::vector<std::string>{"http://h/"});
    EXPECT_EQ(options.concurrency, 64u);
    EXPECT_FALSE(options.sequential || options.robots || options.external);
}

TEST(Options, all_at_once_and_in_both_forms) {
    Options options = parse_options({"--concurrency=8", "--per-host", "2", "--max-pages", "10", "--max-size", "1M", "a",
                                     "--timeout", "1.5s", "--retries=0", "--json", "j", "--timeline=t", "--sequential",
                                     "--robots", "--external", "--", "-b"});
    EXPECT_EQ(options.urls, (std::vector<std::string>{"a", "-b"}));
    EXPECT_EQ(options.concurrency, 8u);
    EXPECT_EQ(options.per_host, 2u);
    EXPECT_EQ(options.max_pages, 10u);
    EXPECT_EQ(options.max_size, 1u << 20);
    EXPECT_EQ(options.timeout, 1500ms);
    EXPECT_EQ(options.retries, 0);
    EXPECT_EQ(options.json_file, "j");
    EXPECT_EQ(options.timeline_file, "t");
    EXPECT_TRUE(options.sequential && options.robots && options.external);
}

TEST(Options, wrong_usage_is_named) {
    EXPECT_EQ(complaint({}), "no URL given");
    EXPECT_EQ(complaint({"--bogus", "u"}), "unknown option --bogus");
    EXPECT_EQ(complaint({"u", "--concurrency"}), "--concurrency needs a value");
    EXPECT_EQ(complaint({"u", "--concurrency", "0"}), "--concurrency: \"0\" is not a number from 1 to 10000");
    EXPECT_EQ(complaint({"u", "--concurrency", "many"}), "--concurrency: \"many\" is not a number from 1 to 10000");
    EXPECT_EQ(complaint({"u", "--retries=-1"}), "--retries: \"-1\" is not a number from 0 to 100");
    EXPECT_EQ(complaint({"u", "--timeout", "1h"}), "--timeout: \"1h\" is not a duration such as 30s or 500ms");
    EXPECT_EQ(complaint({"u", "--timeout", "0"}), "--timeout must be longer than nothing");
    EXPECT_EQ(complaint({"u", "--timeout", "nan"}), "--timeout: \"nan\" is not a duration such as 30s or 500ms");
    EXPECT_EQ(complaint({"u", "--max-size", "10X"}), "--max-size: \"10X\" is not a size such as 512k or 10M");
    EXPECT_EQ(complaint({"u", "--robots=yes"}), "--robots takes no value");
}

TEST(Options, help_needs_no_url) {
    EXPECT_TRUE(parse_options({"--help"}).help);
}

TEST(Options, durations_and_sizes) {
    EXPECT_EQ(crawler::parse_duration("2m"), 120s);
    EXPECT_EQ(crawler::parse_duration("250ms"), 250ms);
    EXPECT_EQ(crawler::parse_duration("30"), 30s);
    EXPECT_EQ(crawler::parse_size("512k"), 512u * 1024);
    EXPECT_EQ(crawler::parse_size("1.5MiB"), 3u << 19);
    EXPECT_EQ(crawler::parse_size("100"), 100u);
}

TEST(Options, usage_names_every_option) {
    for (auto option : {"--concurrency", "--per-host", "--max-pages", "--max-size", "--timeout", "--retries", "--json",
                        "--timeline", "--sequential", "--robots", "--external", "--help", "--version"})
        EXPECT_NE(crawler::usage().find(option), std::string_view::npos) << option;
}

}  // namespace
