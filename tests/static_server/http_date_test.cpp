#include "http_date.hpp"

#include <gtest/gtest.h>

namespace static_server {
namespace {

TEST(HttpDate, is_written_and_read) {
    EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
    EXPECT_EQ(parse_http_date(format_http_date(0)), 0);
}

TEST(HttpDate, in_any_other_form_is_none) {
    for (const char* text :
         {"", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sat, 06 Nov 1994 08:49:37 GMT",
          "Sun, 06 Now 1994 08:49:37 GMT", "Fri, 31 Feb 2025 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT and more",
          "Sun, 06 Nov 1994 08:49:37"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace static_server
