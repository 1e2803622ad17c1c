#include <asyncio/base/frame_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::detail::pool_allocate;
using asyncio::detail::pool_free;
using asyncio::detail::pool_heap_requests;
using asyncio::detail::pool_is_malloc;

TEST(FramePool, blocks_are_aligned_and_do_not_overlap) {
    std::vector<std::pair<unsigned char*, std::size_t>> blocks;
    for (std::size_t size = 1; size < 6000; size += 37) {
        auto* block = static_cast<unsigned char*>(pool_allocate(size));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U);
        std::memset(block, static_cast<int>(size % 251), size);
        blocks.emplace_back(block, size);
    }
    for (const auto& [block, size] : blocks) {
        const auto expected = static_cast<unsigned char>(size % 251);
        EXPECT_TRUE(std::all_of(block, block + size, [&](unsigned char byte) { return byte == expected; })) << size;
    }
    for (const auto& [block, size] : blocks) pool_free(block, size);
}

TEST(FramePool, a_freed_block_is_used_again_without_asking_the_heap) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    void* first = pool_allocate(200);
    pool_free(first, 200);
    const auto before = pool_heap_requests();
    for (int i = 0; i < 1000; ++i) {
        void* block = pool_allocate(201);  // of the same size class
        EXPECT_EQ(block, first);
        pool_free(block, 201);
    }
    EXPECT_EQ(pool_heap_requests(), before);
}

TEST(FramePool, a_steady_state_of_many_sizes_asks_the_heap_no_more) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    const auto round = [] {
        std::vector<std::pair<void*, std::size_t>> blocks;
        blocks.reserve(3000);
        for (std::size_t i = 0; i < 3000; ++i) {
            const std::size_t size = 16 + i % 10 * 48;
            blocks.emplace_back(pool_allocate(size), size);
        }
        for (const auto& [block, size] : blocks) pool_free(block, size);
    };
    round();
    round();
    const auto before = pool_heap_requests();
    for (int i = 0; i < 20; ++i) round();
    EXPECT_EQ(pool_heap_requests(), before);
}

TEST(FramePool, Threadsafe_blocks_freed_by_another_thread) {
    for (int round = 0; round < 20; ++round) {
        std::vector<void*> blocks;
        std::thread([&] {
            for (int i = 0; i < 2000; ++i) {
                blocks.push_back(pool_allocate(64));
                std::memset(blocks.back(), 7, 64);
            }
        }).join();
        std::thread([&] {
            for (void* block : blocks) pool_free(block, 64);
        }).join();
    }
}

TEST(FramePool, Threadsafe_a_thread_that_only_frees_a_few_blocks_leaves_them_to_the_next) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    constexpr std::size_t size = 3504;  // that no other test takes
    std::vector<void*> blocks(20);
    for (void*& block : blocks) block = pool_allocate(size);
    std::thread([&] {
        for (void* block : blocks) pool_free(block, size);
    }).join();
    std::vector<void*> again(blocks.size());
    for (void*& block : again) block = pool_allocate(size);
    std::sort(blocks.begin(), blocks.end());
    std::sort(again.begin(), again.end());
    EXPECT_EQ(again, blocks);
    for (void* block : again) pool_free(block, size);
}

TEST(FramePool, Threadsafe_threads_allocate_and_free_at_the_same_time) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([t] {
            for (int round = 0; round < 20; ++round) {
                std::vector<unsigned char*> blocks;
                for (int i = 0; i < 700; ++i) {
                    blocks.push_back(static_cast<unsigned char*>(pool_allocate(96)));
                    std::memset(blocks.back(), t + 1, 96);
                }
                for (unsigned char* block : blocks) {
                    ASSERT_TRUE(block[0] == t + 1 && block[95] == t + 1);
                    pool_free(block, 96);
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
}

}  // namespace
