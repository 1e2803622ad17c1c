#include <asyncio/net/write_buffer.hpp>

#include <gtest/gtest.h>

#include <string>

using asyncio::detail::WriteBuffer;

namespace {

constexpr std::size_t backlog = 8 << 20;
constexpr std::size_t most_kept = 2 * asyncio::detail::most_kept_when_idle;

/// A buffer whose both parts have much to send.
struct Loaded : WriteBuffer {
    Loaded() {
        append(std::string(backlog, 'a'));
        append(std::string(backlog, 'b'));
    }
};

}  // namespace

TEST(WriteBuffer, gives_the_memory_of_its_largest_backlog_back_when_all_is_sent) {
    Loaded buffer;
    buffer.consume(backlog);
    EXPECT_EQ(buffer.size(), backlog);
    EXPECT_EQ(buffer.front().front(), 'b');
    buffer.consume(backlog);
    EXPECT_TRUE(buffer.empty());
    EXPECT_LE(buffer.capacity(), most_kept);
}

TEST(WriteBuffer, gives_its_memory_back_when_it_is_cleared) {
    Loaded buffer;
    buffer.clear();
    EXPECT_TRUE(buffer.empty());
    EXPECT_EQ(buffer.size(), 0U);
    EXPECT_LE(buffer.capacity(), most_kept);
}

TEST(WriteBuffer, keeps_the_memory_of_small_writes) {
    WriteBuffer buffer;
    buffer.append(std::string(1000, 'a'));
    const std::size_t before = buffer.capacity();
    buffer.consume(1000);
    EXPECT_EQ(buffer.capacity(), before);
}

TEST(WriteBuffer, an_emptied_input_buffer_keeps_little) {
    std::string input(backlog, 'a');
    asyncio::detail::empty_buffer(input);
    EXPECT_TRUE(input.empty());
    EXPECT_LE(input.capacity(), asyncio::detail::most_kept_when_idle);
}
