#include "crawler/robots.hpp"

#include <gtest/gtest.h>

using crawler::RobotsRules;

namespace {

RobotsRules rules(std::string_view text) {
    return RobotsRules::parse(text, "asyncio-crawl");
}

TEST(Robots, missing_file_allows_and_failing_server_forbids) {
    EXPECT_TRUE(RobotsRules().allows("/x"));
    EXPECT_FALSE(RobotsRules::nothing_allowed().allows("/x"));
}

TEST(Robots, own_group_replaces_the_general_one) {
    auto own = rules("User-agent: *\nDisallow: /\n\nUser-Agent: Asyncio-Crawl\nDisallow: /private # really\n");
    EXPECT_TRUE(own.allows("/x"));
    EXPECT_FALSE(own.allows("/private/x"));
    EXPECT_FALSE(rules("User-agent: *\nDisallow: /\nUser-agent: other\nAllow: /").allows("/"));
}

TEST(Robots, groups_of_one_name_are_joined_and_names_may_share_rules) {
    auto joined = rules("User-agent: *\nDisallow: /a\nUser-agent: x\nUser-agent: *\nDisallow: /b");
    EXPECT_FALSE(joined.allows("/a"));
    EXPECT_FALSE(joined.allows("/b"));
}

TEST(Robots, longest_rule_wins_and_allow_wins_a_tie) {
    auto mixed = rules("User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /c\nAllow: /c");
    EXPECT_FALSE(mixed.allows("/a/x"));
    EXPECT_TRUE(mixed.allows("/a/b/x"));
    EXPECT_TRUE(mixed.allows("/c"));
}

TEST(Robots, empty_disallow_allows_everything) {
    EXPECT_TRUE(rules("User-agent: *\nDisallow:").allows("/"));
}

TEST(Robots, crawl_delay_is_read) {
    EXPECT_EQ(rules("User-agent: *\nCrawl-delay: 1.5").crawl_delay(), std::chrono::milliseconds(1500));
    EXPECT_FALSE(rules("User-agent: *\nCrawl-delay: soon").crawl_delay());
}

TEST(Robots, nonsense_is_skipped) {
    EXPECT_TRUE(rules("\xEF\xBB\xBFhello\n:::\nDisallow: /\n\r\nUser-agent").allows("/"));
}

TEST(Robots, patterns_match_as_rfc_9309_says) {
    using crawler::robots_pattern_matches;
    EXPECT_TRUE(robots_pattern_matches("/a*", "/a"));
    EXPECT_TRUE(robots_pattern_matches("/*.php$", "/x/y.php"));
    EXPECT_FALSE(robots_pattern_matches("/*.php$", "/x.php?q"));
    EXPECT_TRUE(robots_pattern_matches("/*.php$", "/a.php.php"));
    EXPECT_TRUE(robots_pattern_matches("/a*b*c", "/a1b2b3c4"));
    EXPECT_FALSE(robots_pattern_matches("/a*c$", "/abcd"));
    EXPECT_TRUE(robots_pattern_matches("", "/"));
    EXPECT_FALSE(robots_pattern_matches("/fish$", "/fishes"));
}

TEST(Robots, wildcards_find_their_parts_in_order) {
    using crawler::robots_pattern_matches;
    EXPECT_TRUE(robots_pattern_matches("*", "/"));
    EXPECT_TRUE(robots_pattern_matches("/*$", "/"));
    EXPECT_TRUE(robots_pattern_matches("/**b", "/ab"));
    EXPECT_TRUE(robots_pattern_matches("/*ab*ab$", "/xabab"));
    EXPECT_FALSE(robots_pattern_matches("/*ab*ab$", "/xab"));
    EXPECT_FALSE(robots_pattern_matches("/*b*a", "/ab"));
    EXPECT_FALSE(robots_pattern_matches("/a*a$", "/a"));
    EXPECT_TRUE(robots_pattern_matches("/*aab", "/aaab"));
    EXPECT_FALSE(robots_pattern_matches("/a*", "/ba"));
}

TEST(Robots, rules_of_absurd_length_are_ignored) {
    const std::string longest = "/" + std::string(RobotsRules::longest_rule - 1, 'a');
    auto longer = rules("User-agent: *\nDisallow: " + longest + "a\nDisallow: /b");
    EXPECT_TRUE(longer.allows(longest + "a"));
    EXPECT_FALSE(longer.allows("/b"));
    EXPECT_FALSE(rules("User-agent: *\nDisallow: " + longest).allows(longest + "a"));
}

TEST(Robots, wildcards_beyond_a_number_are_ignored) {
    std::string text = "User-agent: *\n";
    for (std::size_t i = 1; i <= RobotsRules::most_wildcards + 1; ++i)
        text += "Disallow: /*x" + std::to_string(i) + "$\nDisallow: /plain" + std::to_string(i) + "$\n";
    auto many = rules(text);
    const std::string last = std::to_string(RobotsRules::most_wildcards);
    const std::string one_more = std::to_string(RobotsRules::most_wildcards + 1);
    EXPECT_FALSE(many.allows("/x" + last));
    EXPECT_TRUE(many.allows("/x" + one_more));
    EXPECT_FALSE(many.allows("/plain" + one_more)) << "those without wildcards hold";
}

TEST(Robots, pattern_of_many_stars_is_not_exponential) {
    std::string pattern = "/";
    for (int i = 0; i < 2000; ++i) pattern += "*a";
    EXPECT_FALSE(crawler::robots_pattern_matches(pattern + "b", "/" + std::string(5000, 'a')));
}

}  // namespace
