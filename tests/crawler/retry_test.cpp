#include "crawler/retry.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using crawler::RetryPolicy;

namespace {

const auto now = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

TEST(Retry, delay_doubles_up_to_the_longest) {
    RetryPolicy policy{.first_delay = 500ms, .longest_delay = 3s};
    EXPECT_EQ(policy.delay(1), 500ms);
    EXPECT_EQ(policy.delay(2), 1s);
    EXPECT_EQ(policy.delay(3), 2s);
    EXPECT_EQ(policy.delay(4), 3s);
    EXPECT_EQ(policy.delay(1000), 3s);
}

TEST(Retry, passing_troubles_are_told_from_lasting_ones) {
    for (int status : {429, 502, 503, 504}) EXPECT_TRUE(crawler::is_transient_status(status));
    for (int status : {200, 301, 400, 404, 410, 500, 501}) EXPECT_FALSE(crawler::is_transient_status(status));
}

TEST(Retry, all_three_date_formats_of_http_are_read) {
    for (auto text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
        EXPECT_EQ(crawler::parse_http_date(text), now) << text;
}

TEST(Retry, nonsense_is_no_date) {
    for (auto text :
         {"", "soon", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 99999999999 08:49:37 GMT"})
        EXPECT_FALSE(crawler::parse_http_date(text)) << text;
}

TEST(Retry, retry_after_is_seconds_or_a_date) {
    EXPECT_EQ(crawler::parse_retry_after(" 120 ", now), 120s);
    EXPECT_EQ(crawler::parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 60s);
    EXPECT_EQ(crawler::parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0s);
    EXPECT_FALSE(crawler::parse_retry_after("-5", now));
    EXPECT_FALSE(crawler::parse_retry_after("later", now));
}

}  // namespace
