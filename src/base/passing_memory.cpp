#include <asyncio/base/passing_memory.hpp>

#include "heap_memory.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/frame_pool.hpp>

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

namespace asyncio::detail {

namespace {

constexpr std::size_t unit = 16;
constexpr std::size_t piece_size = 16 * 1024;
constexpr std::size_t largest_passed = 512;

/// Starts at a multiple of its size, so that a block finds it.
struct alignas(64) Piece {
    /// How many blocks were freed, as long as its thread takes from it; then, below zero, how many are still to be.
    Atomic<std::int32_t> freed{0};
    Piece* next = nullptr;  // free as well
    Piece* made_before = nullptr;
};

/// Pieces of which nothing is used. Never destroyed, since threads may end after static destructors ran; pieces are
/// never given back, and are all reachable from here, for leak checkers.
struct FreePieces {
    std::mutex mutex;
    Piece* first = nullptr;
    Piece* made = nullptr;

    void put(Piece& piece) noexcept {
        const std::lock_guard lock(mutex);
        piece.next = std::exchange(first, &piece);
    }
    Piece& take() {
        {
            const std::lock_guard lock(mutex);
            if (Piece* piece = first) {
                first = piece->next;
                return *piece;
            }
        }
        auto* piece = new (aligned_from_heap(piece_size, piece_size)) Piece;
        const std::lock_guard lock(mutex);
        piece->made_before = std::exchange(made, piece);
        return *piece;
    }
};

FreePieces& free_pieces() {
    static FreePieces* instance = new FreePieces;
    return *instance;
}

struct Current {
    char* at = nullptr;
    char* end = nullptr;  // of the piece
    std::int32_t taken = 0;
};
constinit thread_local Current current;

Piece& piece_of(void* block) noexcept {
    return *reinterpret_cast<Piece*>(reinterpret_cast<std::uintptr_t>(block) & ~(piece_size - 1));
}

void count_freed(Piece& piece, std::int32_t blocks) noexcept {
    if (piece.freed.fetch_add(blocks, memory_acq_rel) + blocks != 0) return;
    free_pieces().put(piece);
}

/// The thread takes no more from its piece, which comes back when all is freed.
void leave_piece() noexcept {
    if (current.end == nullptr) return;
    const Current left = std::exchange(current, Current{});
    count_freed(piece_of(left.end - 1), -left.taken);
}

/// The thread ends, but other thread-local objects that are older still take some.
constinit thread_local bool has_left_piece = false;

struct PieceEnd {
    bool armed = false;
    ~PieceEnd() {
        has_left_piece = true;
        leave_piece();
    }
};
thread_local PieceEnd piece_end;

[[gnu::noinline]] void next_piece() {
    Piece& piece = free_pieces().take();
    leave_piece();
    if (!has_left_piece) piece_end.armed = true;  // touching it makes its destructor run
    current.at = reinterpret_cast<char*>(&piece + 1);
    current.end = reinterpret_cast<char*>(&piece) + piece_size;
}

/// Precondition: there is room for it.
void* cut_from_piece(std::size_t space) noexcept {
    ++current.taken;
    return std::exchange(current.at, current.at + space);
}

}  // namespace

void* passing_allocate(std::size_t size) {
    if (pool_is_malloc || size > largest_passed) return from_heap(size);
    const std::size_t space = (size + unit - 1) / unit * unit;
    if (static_cast<std::size_t>(current.end - current.at) < space) [[unlikely]] {
        next_piece();
        if (has_left_piece) {
            void* const block = cut_from_piece(space);
            leave_piece();
            return block;
        }
    }
    return cut_from_piece(space);
}

void passing_free(void* block, std::size_t size) noexcept {
    if (pool_is_malloc || size > largest_passed) return std::free(block);
    count_freed(piece_of(block), 1);
}

void hold_passing_memory() noexcept {
    free_pieces().mutex.lock();
}
void release_passing_memory() noexcept {
    free_pieces().mutex.unlock();
}

}  // namespace asyncio::detail
