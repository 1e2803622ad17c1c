#include "crawler/timeline.hpp"

#include <gtest/gtest.h>

using crawler::TimelineBar;

namespace {

std::size_t occurrences(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

TEST(Timeline, as_many_lanes_as_fetches_at_a_time) {
    std::vector<TimelineBar> bars{{"a", 0, 3}, {"b", 1, 2}, {"c", 2, 4}, {"d", 3, 5}, {"e", 3.5, 4}};
    EXPECT_EQ(crawler::assign_lanes(bars), (std::vector<std::size_t>{0, 1, 1, 0, 2}));
}

TEST(Timeline, sequential_fetches_share_one_lane) {
    std::vector<TimelineBar> bars;
    for (int i = 0; i < 100; ++i) bars.push_back({"x", i * 1.0, i + 1.0});
    for (std::size_t lane : crawler::assign_lanes(bars)) EXPECT_EQ(lane, 0u);
}

TEST(Timeline, page_has_a_bar_per_fetch_and_loads_nothing) {
    std::vector<TimelineBar> bars;
    for (int i = 0; i < 3000; ++i)
        bars.push_back({"http://h/" + std::to_string(i), i / 64 * 0.02, i / 64 * 0.02 + 0.02, 200, 10, ""});
    bars.push_back({"http://h/<script>", 0, 0.5, 0, 0, "a & b"});
    std::string page = crawler::timeline_page(bars, "crawl of <h>");
    EXPECT_EQ(occurrences(page, "<rect class="), bars.size());
    EXPECT_EQ(occurrences(page, "<rect class=\"bad\""), 1u);
    EXPECT_NE(page.find("http://h/&lt;script&gt;"), std::string::npos);
    EXPECT_NE(page.find("crawl of &lt;h&gt;"), std::string::npos);
    EXPECT_NE(page.find("3001 fetches"), std::string::npos);
    for (auto loading : {"src=", "<link", "@import", "url(", "fetch("})
        EXPECT_EQ(occurrences(page, loading), 0u) << loading;
    EXPECT_LT(page.size(), 1'000'000u);
}

TEST(Timeline, nothing_fetched_is_still_a_page) {
    EXPECT_NE(crawler::timeline_page({}, "empty").find("0 fetches"), std::string::npos);
}

}  // namespace
