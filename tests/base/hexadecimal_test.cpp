#include <asyncio/base/hexadecimal.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using asyncio::detail::hexadecimal;

TEST(Hexadecimal, numbers_without_leading_zeros) {
    EXPECT_EQ(hexadecimal(std::uint64_t{0}), "0x0");
    EXPECT_EQ(hexadecimal(std::uint64_t{0x2a}), "0x2a");
    EXPECT_EQ(hexadecimal(UINT64_MAX), "0xffffffffffffffff");
}

TEST(Hexadecimal, addresses) {
    EXPECT_EQ(hexadecimal(static_cast<const void*>(nullptr)), "0x0");
    EXPECT_EQ(hexadecimal(reinterpret_cast<const void*>(std::uintptr_t{0x7f00beef})), "0x7f00beef");
}

}  // namespace
