#include <asyncio/base/frame_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::detail::free_lists;
using asyncio::detail::line_size;
using asyncio::detail::LineAligned;
using asyncio::detail::pool_allocate;
using asyncio::detail::pool_allocate_slow;
using asyncio::detail::pool_class_of;
using asyncio::detail::pool_free;
using asyncio::detail::pool_free_slow;
using asyncio::detail::pool_heap_requests;
using asyncio::detail::pool_is_malloc;
using asyncio::detail::pool_largest;

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

TEST(FramePool, blocks_of_whole_cache_lines_begin_one) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (std::size_t size = line_size; size <= pool_largest; size += line_size) {  // more than one chunk
        blocks.emplace_back(pool_allocate(16), 16);  // what is left of the chunk begins anywhere
        blocks.emplace_back(pool_allocate(size - 1), size - 1);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back().first) % line_size, 0U) << size;
    }
    for (const auto& [block, size] : blocks) pool_free(block, size);
}

TEST(FramePool, a_line_aligned_object_goes_back_to_its_class) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    struct Base : LineAligned {
        virtual ~Base() = default;
    };
    struct Odd final : Base {
        char bytes[70] = {};
    };
    Base* const first = new Odd;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % line_size, 0U);
    const auto before = pool_heap_requests();
    delete first;  // through its base: with the size of what it is
    void* const block = pool_allocate(2 * line_size);
    EXPECT_EQ(block, first);
    EXPECT_EQ(pool_heap_requests(), before);
    pool_free(block, 2 * line_size);
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

/// Does something when its thread ends, after the pool has left it.
struct AtEnd {
    explicit AtEnd(void (*what)(std::vector<void*>&), std::vector<void*>& blocks) : what_(what), blocks_(blocks) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { what_(blocks_); }

private:
    void (*what_)(std::vector<void*>&);
    std::vector<void*>& blocks_;
};

constexpr std::size_t size_at_end = 3536;  // that no other test takes

/// `what` happens when a thread ends; it finds some free blocks of that size, which are what this returns, sorted.
std::vector<void*> blocks_after(void (*what)(std::vector<void*>&)) {
    std::vector<void*> blocks(20);
    for (void*& block : blocks) block = pool_allocate(size_at_end);
    std::thread([&] {
        const thread_local AtEnd at_end(what, blocks);  // older than the pool of this thread
        static_cast<void>(&at_end);
        pool_free(pool_allocate(size_at_end), size_at_end);
    }).join();
    std::sort(blocks.begin(), blocks.end());
    return blocks;
}

/// Takes as many from the pool, sorted, and gives them back.
std::vector<void*> taken(std::size_t count) {
    std::vector<void*> blocks(count);
    for (void*& block : blocks) block = pool_allocate(size_at_end);
    for (void* block : blocks) pool_free(block, size_at_end);
    std::sort(blocks.begin(), blocks.end());
    return blocks;
}

TEST(FramePool, Threadsafe_what_thread_local_objects_free_at_the_end_of_a_thread_is_not_lost) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    std::vector<void*> blocks = blocks_after([](std::vector<void*>& all) {
        for (void* block : all) pool_free(block, size_at_end);
    });
    const std::vector<void*> again = taken(blocks.size() + 1);  // one more is that of the thread
    EXPECT_TRUE(std::includes(again.begin(), again.end(), blocks.begin(), blocks.end()));
}

TEST(FramePool, Threadsafe_thread_local_objects_may_allocate_at_the_end_of_a_thread) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    std::vector<void*> blocks = blocks_after([](std::vector<void*>& all) {
        for (void* block : all) pool_free(block, size_at_end);
        for (void*& block : all) block = pool_allocate(size_at_end);  // of those that it just freed, or another one
        pool_free(all.back(), size_at_end);
    });
    EXPECT_EQ(std::adjacent_find(blocks.begin(), blocks.end()), blocks.end());
    for (std::size_t i = 0; i < blocks.size(); ++i) std::memset(blocks[i], static_cast<int>(i), 16);
    const std::vector<void*> again = taken(2);  // what it gave back, and what was free before
    EXPECT_EQ(std::adjacent_find(again.begin(), again.end()), again.end());
}

TEST(FramePool, the_slow_functions_are_right_too_when_there_are_blocks_and_room) {
    // As code does that is compiled with a sanitizer and linked with a library without.
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    constexpr std::size_t size = 3552;  // that no other test takes
    std::vector<void*> blocks(3);
    for (void*& block : blocks) block = pool_allocate(size);
    for (void* block : blocks) pool_free(block, size);
    std::reverse(blocks.begin(), blocks.end());
    for (void* block : blocks) EXPECT_EQ(pool_allocate_slow(size), block);
    pool_free_slow(blocks[0], size);
    pool_free(blocks[1], size);
    pool_free_slow(blocks[2], size);
    EXPECT_EQ(pool_allocate(size), blocks[2]);
    EXPECT_EQ(pool_allocate_slow(size), blocks[1]);
    EXPECT_EQ(pool_allocate(size), blocks[0]);
    for (void* block : blocks) pool_free(block, size);
}

TEST(FramePool, blocks_of_slow_functions_count_as_room) {
    if (pool_is_malloc) GTEST_SKIP() << "under sanitizers the pool is malloc";
    constexpr std::size_t size = 3568;  // that no other test takes
    const asyncio::detail::FreeList& list = free_lists[pool_class_of(size)];
    pool_free(pool_allocate(size), size);
    const auto room = list.room;
    void* block = pool_allocate_slow(size);
    EXPECT_EQ(list.room, room + 1);
    pool_free_slow(block, size);
    EXPECT_EQ(list.room, room);
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
