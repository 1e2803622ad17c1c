#include <asyncio/base/random.hpp>

#include <gtest/gtest.h>

namespace {

using asyncio::detail::Random;

TEST(Random, the_numbers_of_splitmix64) {
    // The reference implementation's first numbers for this seed.
    Random random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
    EXPECT_EQ(random.next(), 9817491932198370423U);
}

TEST(Random, unit_is_spread_over_zero_to_one) {
    Random random(0);
    int low = 0;
    for (int i = 0; i < 1000; ++i) {
        const double number = random.unit();
        ASSERT_GE(number, 0.0);
        ASSERT_LT(number, 1.0);
        if (number < 0.5) ++low;
    }
    EXPECT_GT(low, 400);
    EXPECT_LT(low, 600);
}

}  // namespace
