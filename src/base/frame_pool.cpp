#include <asyncio/base/frame_pool.hpp>

#include <array>
#include <cstdlib>
#include <mutex>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASYNCIO_POOL_IS_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ASYNCIO_POOL_IS_MALLOC 1
#endif
#endif

namespace asyncio::detail {

namespace {

constexpr std::size_t granularity = 16;
constexpr std::size_t largest = 4096;
constexpr std::size_t classes = largest / granularity + 1;
constexpr std::size_t chunk_size = 64 * 1024;

constexpr std::size_t class_of(std::size_t size) { return (size + granularity - 1) / granularity; }

struct Block {
    Block* next;
};

thread_local constinit std::uint64_t heap_requests = 0;

void* from_heap(std::size_t size) {
    ++heap_requests;
    void* block = std::malloc(size);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

#ifndef ASYNCIO_POOL_IS_MALLOC

struct Lists {
    std::array<Block*, classes> free{};
    char* chunk = nullptr;
    char* chunk_end = nullptr;
};

/// What ended threads left. Never destroyed: threads may end after static destructors ran.
struct Depot {
    std::mutex mutex;
    Lists left;
};

Depot& depot() {
    static Depot* instance = new Depot;
    return *instance;
}

/// Keeps every chunk reachable for leak checkers, since a chunk's start may be in the middle of somebody's object.
struct ChunkHeader {
    ChunkHeader* next;
};
ChunkHeader* all_chunks = nullptr;  // guarded by depot().mutex

thread_local constinit Lists lists;

struct ThreadEnd {
    bool registered = false;
    ~ThreadEnd() {
        Depot& shared = depot();
        std::lock_guard lock(shared.mutex);
        for (std::size_t i = 0; i < classes; ++i) {
            while (Block* block = lists.free[i]) {
                lists.free[i] = block->next;
                block->next = shared.left.free[i];
                shared.left.free[i] = block;
            }
        }
        // Only one unfinished chunk is kept; a second one would be lost to use, not leaked.
        if (lists.chunk_end - lists.chunk > shared.left.chunk_end - shared.left.chunk) {
            shared.left.chunk = lists.chunk;
            shared.left.chunk_end = lists.chunk_end;
        }
        lists.chunk = lists.chunk_end = nullptr;
    }
};
thread_local ThreadEnd thread_end;

/// Puts memory into the own lists: first what ended threads left, else a new chunk.
void refill() {
    thread_end.registered = true;
    Depot& shared = depot();
    std::lock_guard lock(shared.mutex);
    if (shared.left.chunk != shared.left.chunk_end) {
        lists.chunk = shared.left.chunk;
        lists.chunk_end = shared.left.chunk_end;
        shared.left.chunk = shared.left.chunk_end = nullptr;
        return;
    }
    char* chunk = static_cast<char*>(from_heap(chunk_size));
    auto* header = new (chunk) ChunkHeader{all_chunks};
    all_chunks = header;
    lists.chunk = chunk + granularity;
    lists.chunk_end = chunk + chunk_size;
}

Block* from_depot(std::size_t index) {
    Depot& shared = depot();
    std::lock_guard lock(shared.mutex);
    Block* blocks = shared.left.free[index];
    shared.left.free[index] = nullptr;
    return blocks;
}

[[gnu::noinline]] void* allocate_slow(std::size_t index) {
    const std::size_t size = index * granularity;
    while (static_cast<std::size_t>(lists.chunk_end - lists.chunk) < size) {
        if (Block* blocks = from_depot(index)) {
            lists.free[index] = blocks->next;
            return blocks;
        }
        refill();
    }
    void* block = lists.chunk;
    lists.chunk += size;
    return block;
}

#endif

}  // namespace

std::uint64_t pool_heap_requests() noexcept { return heap_requests; }

#ifdef ASYNCIO_POOL_IS_MALLOC

void* pool_allocate(std::size_t size) { return from_heap(size); }
void pool_free(void* block, std::size_t) noexcept { std::free(block); }

#else

void* pool_allocate(std::size_t size) {
    const std::size_t index = class_of(size);
    if (index >= classes) return from_heap(size);
    Block* block = lists.free[index];
    if (block == nullptr) [[unlikely]]
        return allocate_slow(index);
    lists.free[index] = block->next;
    return block;
}

void pool_free(void* block, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (index >= classes) {
        std::free(block);
        return;
    }
    auto* freed = static_cast<Block*>(block);
    freed->next = lists.free[index];
    lists.free[index] = freed;
}

#endif

}  // namespace asyncio::detail
