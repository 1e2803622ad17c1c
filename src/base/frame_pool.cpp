#include <asyncio/base/frame_pool.hpp>

#include "heap_memory.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

namespace asyncio::detail {

constinit thread_local FreeList free_lists[pool_classes];

namespace {

constexpr std::size_t chunk_size = 64 * 1024;

thread_local constinit std::uint64_t heap_requests = 0;

void* counted_from_heap(std::size_t size) {
    ++heap_requests;
    return from_heap(size);
}

/// What is left of a chunk that this thread cuts blocks from. Blocks of whole cache lines have their own, which so need
/// no gaps between them.
struct Remainder {
    char* begin = nullptr;
    char* end = nullptr;
};
thread_local constinit Remainder remainder_of_lines;
thread_local constinit Remainder remainder_of_rest;

/// What threads left: batches of free blocks. Never destroyed, since threads may end after static destructors ran;
/// chunks are never given back, and are all reachable from here, for leak checkers.
struct Depot {
    struct Chunk {
        Chunk* next;
    };
    std::mutex mutex;
    std::array<std::atomic<FreeBlock*>, pool_classes> batches{};
    Chunk* chunks = nullptr;

    void put(std::size_t index, FreeBlock* batch) noexcept {
        std::lock_guard lock(mutex);
        batch->next_batch = batches[index].load(std::memory_order_relaxed);
        batches[index].store(batch, std::memory_order_relaxed);
    }
    FreeBlock* take(std::size_t index) noexcept {
        if (batches[index].load(std::memory_order_relaxed) == nullptr) return nullptr;
        std::lock_guard lock(mutex);
        FreeBlock* batch = batches[index].load(std::memory_order_relaxed);
        if (batch != nullptr) batches[index].store(batch->next_batch, std::memory_order_relaxed);
        return batch;
    }
    char* new_chunk() {
        ++heap_requests;
        auto* chunk = static_cast<Chunk*>(aligned_from_heap(line_size, chunk_size));
        std::lock_guard lock(mutex);
        chunk->next = chunks;
        chunks = chunk;
        return reinterpret_cast<char*>(chunk);
    }
};

Depot& depot() {
    static Depot* instance = new Depot;
    return *instance;
}

/// Hands this thread's free blocks of a class on; the next one is given or taken by a slow function.
void leave(std::size_t index) noexcept {
    if (FreeBlock* first = std::exchange(free_lists[index], FreeList{}).first) depot().put(index, first);
}

/// The thread ends and has left its blocks, but other thread-local objects that are older still give and take some.
constinit thread_local bool has_left = false;

/// Hands a thread's free blocks on when it ends. The rest of its chunks, if any, stays unused.
struct PoolEnd {
    bool armed = false;  // touching it makes the destructor run
    ~PoolEnd() {
        has_left = true;
        for (std::size_t i = 0; i < pool_classes; ++i) leave(i);
    }
};
thread_local PoolEnd pool_end;

void arm_pool_end() noexcept {
    if (!has_left) pool_end.armed = true;
}

void* cut_from_chunk(std::size_t size) {
    const bool whole_lines = size % line_size == 0;
    Remainder& remainder = whole_lines ? remainder_of_lines : remainder_of_rest;
    if (static_cast<std::size_t>(remainder.end - remainder.begin) < size) {
        char* chunk = depot().new_chunk();
        remainder = {chunk + (whole_lines ? line_size : pool_granularity), chunk + chunk_size};
    }
    return std::exchange(remainder.begin, remainder.begin + size);
}

}  // namespace

std::uint64_t pool_heap_requests() noexcept {
    return heap_requests;
}

// Both are also called while there are blocks, or room, left: by code that is compiled with a sanitizer and links a
// library without.

void* pool_allocate_slow(std::size_t size) {
    if (pool_is_malloc || size > pool_largest) return counted_from_heap(size);
    const std::size_t index = pool_class_of(size);
    FreeList& list = free_lists[index];
    if (list.first == nullptr) {
        arm_pool_end();
        list = {depot().take(index), pool_batch};  // how many these are is not known
        if (list.first == nullptr) {
            if (has_left) leave(index);
            return cut_from_chunk(index * pool_granularity);
        }
    }
    ++list.room;
    FreeBlock* const block = std::exchange(list.first, list.first->next);
    if (has_left) leave(index);
    return block;
}

void pool_free_slow(void* block, std::size_t size) noexcept {
    if (pool_is_malloc || size > pool_largest) return std::free(block);
    arm_pool_end();
    const std::size_t index = pool_class_of(size);
    FreeList& list = free_lists[index];
    if (list.room <= 0) {
        if (list.first != nullptr) depot().put(index, list.first);
        list = {nullptr, pool_batch};
    }
    list = {new (block) FreeBlock{list.first, nullptr}, list.room - 1};
    if (has_left) leave(index);
}

void hold_pool() noexcept {
    depot().mutex.lock();
}
void release_pool() noexcept {
    depot().mutex.unlock();
}

}  // namespace asyncio::detail
