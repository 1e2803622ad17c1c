#include <asyncio/base/passing_memory.hpp>

#include <asyncio/base/frame_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::detail::passing_allocate;
using asyncio::detail::passing_free;
using asyncio::detail::pool_is_malloc;

constexpr std::size_t piece_size = 16 * 1024;

std::uintptr_t number(const void* block) {
    return reinterpret_cast<std::uintptr_t>(block);
}

/// Remembers what it wrote into its memory.
class Block {
public:
    Block(std::size_t size, unsigned char content)
        : data_(static_cast<unsigned char*>(passing_allocate(size))),
          size_(size),
          content_(content) {
        std::memset(data_, content, size);
    }
    Block(Block&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(other.size_),
          content_(other.content_) {}
    Block& operator=(Block&&) = delete;
    ~Block() {
        if (data_ == nullptr) return;
        EXPECT_TRUE(std::all_of(data_, data_ + size_, [this](unsigned char byte) { return byte == content_; }));
        passing_free(data_, size_);
    }
    [[nodiscard]] const void* data() const { return data_; }

private:
    unsigned char* data_;
    std::size_t size_;
    unsigned char content_;
};

TEST(PassingMemory, blocks_are_aligned_and_do_not_overlap) {
    std::vector<Block> blocks;
    for (std::size_t size = 1; size < 2000; size += 7) {
        blocks.emplace_back(size, static_cast<unsigned char>(size % 251));
        EXPECT_EQ(number(blocks.back().data()) % 16, 0U);
    }
}

TEST(PassingMemory, blocks_lie_one_after_the_other) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers it is malloc";
    std::thread([] {
        const Block first(64, 1);
        const Block second(50, 2);
        const Block third(64, 3);
        EXPECT_EQ(number(second.data()), number(first.data()) + 64);
        EXPECT_EQ(number(third.data()), number(second.data()) + 64);
    }).join();
}

TEST(PassingMemory, what_is_freed_comes_back) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers it is malloc";
    std::set<std::uintptr_t> pieces;
    for (int i = 0; i < 10'000; ++i) pieces.insert(number(Block(96, 1).data()) / piece_size);
    EXPECT_LE(pieces.size(), 2U);  // the next one is taken before the last one comes back
}

TEST(PassingMemory, a_block_that_lives_keeps_its_piece) {
    const Block living(96, 5);
    for (int i = 0; i < 1000; ++i) {
        const Block block(96, 6);
        EXPECT_NE(block.data(), living.data());
    }
}

TEST(PassingMemory, Threadsafe_the_last_block_is_freed_after_its_thread_has_ended) {
    std::vector<Block> blocks;
    for (int round = 0; round < 20; ++round) {
        std::thread([&] {
            for (int i = 0; i < 500; ++i) blocks.emplace_back(64, static_cast<unsigned char>(i % 251));
        }).join();
        std::thread([&] { blocks.clear(); }).join();
    }
}

/// Posts, so to speak, when its thread ends, after that has left its piece.
struct AtEnd {
    std::vector<Block>& blocks;
    ~AtEnd() {
        for (int i = 0; i < 3; ++i) blocks.emplace_back(64, 8);
    }
};

TEST(PassingMemory, Threadsafe_what_thread_local_objects_take_at_the_end_of_a_thread_comes_back) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers it is malloc";
    std::set<std::uintptr_t> pieces;
    for (int round = 0; round < 100; ++round) {
        std::vector<Block> blocks;
        std::thread([&] {
            const thread_local AtEnd at_end{blocks};  // older than the piece of this thread
            static_cast<void>(&at_end);
            const Block before(64, 7);
        }).join();
        for (const Block& block : blocks) pieces.insert(number(block.data()) / piece_size);
    }
    EXPECT_LE(pieces.size(), 20U);  // not new ones for each thread
}

TEST(PassingMemory, Threadsafe_two_threads_free_what_a_third_one_makes) {
    for (int round = 0; round < 50; ++round) {
        std::array<std::vector<Block>, 2> made;
        for (int i = 0; i < 1000; ++i) made[static_cast<std::size_t>(i % 2)].emplace_back(48, 7);
        std::thread one([&] { made[0].clear(); });
        std::thread other([&] { made[1].clear(); });
        for (int i = 0; i < 1000; ++i) const Block mine(48, 9);
        one.join();
        other.join();
    }
}

}  // namespace
