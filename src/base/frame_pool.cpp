#include <asyncio/base/frame_pool.hpp>

#include "heap.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

namespace asyncio::detail {

namespace {

constexpr std::size_t granularity = 16;
constexpr std::size_t largest = 4096;
constexpr std::size_t classes = largest / granularity + 1;
constexpr std::size_t chunk_size = 64 * 1024;
// A thread that only frees, because another one allocates, passes blocks on when it has this many of a class.
constexpr std::uint32_t batch_length = 512;

constexpr std::size_t class_of(std::size_t size) {
    return (size + granularity - 1) / granularity;
}

struct Block {
    Block* next;
    Block* next_batch;  // only in the first block of a batch in the depot
};
static_assert(sizeof(Block) <= granularity);

thread_local constinit std::uint64_t heap_requests = 0;

void* counted_from_heap(std::size_t size) {
    ++heap_requests;
    return from_heap(size);
}

#ifndef ASYNCIO_POOL_IS_MALLOC

struct FreeList {
    Block* first = nullptr;
    std::uint32_t length = 0;
};

struct Lists {
    std::array<FreeList, classes> free{};
    char* chunk = nullptr;
    char* chunk_end = nullptr;
};
thread_local constinit Lists lists;

/// What threads left: batches of free blocks. Never destroyed, since threads may end after static destructors ran;
/// chunks are never given back, and are all reachable from here, for leak checkers.
struct Depot {
    struct Chunk {
        Chunk* next;
    };
    std::mutex mutex;
    std::array<std::atomic<Block*>, classes> batches{};
    Chunk* chunks = nullptr;

    void put(std::size_t index, Block* batch) noexcept {
        std::lock_guard lock(mutex);
        batch->next_batch = batches[index].load(std::memory_order_relaxed);
        batches[index].store(batch, std::memory_order_relaxed);
    }
    Block* take(std::size_t index) noexcept {
        if (batches[index].load(std::memory_order_relaxed) == nullptr) return nullptr;
        std::lock_guard lock(mutex);
        Block* batch = batches[index].load(std::memory_order_relaxed);
        if (batch != nullptr) batches[index].store(batch->next_batch, std::memory_order_relaxed);
        return batch;
    }
    char* new_chunk() {
        auto* chunk = static_cast<Chunk*>(counted_from_heap(chunk_size));
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

/// Hands a thread's free blocks on when it ends. The rest of its chunk, if any, stays unused.
struct PoolEnd {
    bool armed = false;
    ~PoolEnd() {
        for (std::size_t i = 0; i < classes; ++i) {
            if (lists.free[i].first != nullptr) depot().put(i, std::exchange(lists.free[i], FreeList{}).first);
        }
    }
};
thread_local PoolEnd pool_end;

[[gnu::noinline]] void* allocate_slow(std::size_t index) {
    const std::size_t size = index * granularity;
    if (Block* batch = depot().take(index)) {
        lists.free[index].first = batch->next;  // its length is not known; counting starts anew
        return batch;
    }
    if (static_cast<std::size_t>(lists.chunk_end - lists.chunk) < size) {
        pool_end.armed = true;  // touching it makes its destructor run
        char* chunk = depot().new_chunk();
        lists.chunk = chunk + granularity;
        lists.chunk_end = chunk + chunk_size;
    }
    void* block = lists.chunk;
    lists.chunk += size;
    return block;
}

[[gnu::noinline]] void pass_on(std::size_t index) noexcept {
    pool_end.armed = true;
    depot().put(index, std::exchange(lists.free[index], FreeList{}).first);
}

#endif

}  // namespace

void* LineAligned::operator new(std::size_t size) {
    ++heap_requests;
    return aligned_from_heap(line_size, (size + line_size - 1) / line_size * line_size);
}

void LineAligned::operator delete(void* block) noexcept {
    std::free(block);
}

std::uint64_t pool_heap_requests() noexcept {
    return heap_requests;
}

#ifdef ASYNCIO_POOL_IS_MALLOC

void* pool_allocate(std::size_t size) {
    return counted_from_heap(size);
}
void pool_free(void* block, std::size_t) noexcept {
    std::free(block);
}
void hold_pool() noexcept {}
void release_pool() noexcept {}

#else

void* pool_allocate(std::size_t size) {
    const std::size_t index = class_of(size);
    if (index >= classes) return counted_from_heap(size);
    FreeList& list = lists.free[index];
    Block* block = list.first;
    if (block == nullptr) [[unlikely]]
        return allocate_slow(index);
    list.first = block->next;
    if (list.length > 0) --list.length;
    return block;
}

void pool_free(void* block, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (index >= classes) {
        std::free(block);
        return;
    }
    FreeList& list = lists.free[index];
    auto* freed = static_cast<Block*>(block);
    freed->next = list.first;
    list.first = freed;
    if (++list.length >= batch_length) [[unlikely]]
        pass_on(index);
}

void hold_pool() noexcept {
    depot().mutex.lock();
}
void release_pool() noexcept {
    depot().mutex.unlock();
}

#endif

}  // namespace asyncio::detail
