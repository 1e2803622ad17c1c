#include "byte_range.hpp"

#include <gtest/gtest.h>

namespace static_server {
namespace {

constexpr std::uint64_t size = 10;

void expect_part(std::string_view header, ByteRange expected) {
    const auto [kind, range] = parse_range(header, size);
    EXPECT_EQ(kind, RangeKind::part) << header;
    EXPECT_EQ(range, expected) << header << ": " << range.first << "+" << range.length;
}

TEST(Range, is_one_part_of_the_file) {
    expect_part("bytes=0-0", {0, 1});
    expect_part("bytes=2-5", {2, 4});
    expect_part("bytes=2-", {2, 8});
    expect_part("bytes=-4", {6, 4});
    expect_part("bytes=9-", {9, 1});
}

TEST(Range, ends_where_the_file_ends) {
    expect_part("bytes=8-99", {8, 2});
    expect_part("bytes=-99", {0, 10});
    expect_part("bytes=0-18446744073709551615", {0, 10});
}

TEST(Range, behind_the_end_cannot_be_satisfied) {
    for (const char* header : {"bytes=10-", "bytes=10-12", "bytes=-0"}) {
        EXPECT_EQ(parse_range(header, size).kind, RangeKind::unsatisfiable) << header;
    }
    EXPECT_EQ(parse_range("bytes=0-", 0).kind, RangeKind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=-1", 0).kind, RangeKind::unsatisfiable);
}

TEST(Range, that_is_not_understood_means_the_whole_file) {
    for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2",
                               "bytes=1-2x", "bytes=+1-2", "bytes=99999999999999999999-"}) {
        const auto [kind, range] = parse_range(header, size);
        EXPECT_EQ(kind, RangeKind::whole) << header;
        EXPECT_EQ(range, (ByteRange{0, size})) << header;
    }
}

}  // namespace
}  // namespace static_server
