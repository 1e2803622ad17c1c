#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/ready_queue.hpp>

namespace asyncio::detail {

/// Where other threads leave nodes for a loop: many producers, one consumer, no lock. FIFO for each producer, and in
/// the order of their pushes over all of them.
class Inbox {
public:
    enum class Pushed {
        first,    ///< the inbox was empty: the consumer must be woken
        further,  ///< whoever pushed the first one wakes the consumer
        refused   ///< the inbox is closed, the node was not taken
    };

    /// From any thread, and from signal handlers.
    Pushed push(ReadyNode& node) noexcept {
        ReadyNode* head = head_.load(memory_relaxed);
        do {
            if (head == closed_mark()) return Pushed::refused;
            node.next = head;
        } while (!head_.compare_exchange_weak(head, &node, memory_acq_rel, memory_relaxed));
        return head == nullptr ? Pushed::first : Pushed::further;
    }

    /// Consumer's thread only, as are the functions below; the answer may be outdated at once.
    [[nodiscard]] bool empty() const noexcept { return head_.load(memory_acquire) == nullptr; }

    /// Moves everything to the end of `queue`, oldest first.
    void drain_into(ReadyQueue& queue) noexcept { append_reversed(head_.exchange(nullptr, memory_acquire), queue); }

    /// Refuses everything from now on; what is inside moves to `queue`. Once only.
    void close(ReadyQueue& queue) noexcept { append_reversed(head_.exchange(closed_mark(), memory_acq_rel), queue); }

private:
    [[nodiscard]] ReadyNode* closed_mark() const noexcept {
        return reinterpret_cast<ReadyNode*>(const_cast<Atomic<ReadyNode*>*>(&head_));
    }

    static void append_reversed(ReadyNode* newest, ReadyQueue& queue) noexcept {
        ReadyNode* oldest = nullptr;
        while (newest != nullptr) {
            ReadyNode* older = newest->next;
            newest->next = oldest;
            oldest = newest;
            newest = older;
        }
        while (oldest != nullptr) {
            ReadyNode* younger = oldest->next;
            queue.push(*oldest);
            oldest = younger;
        }
    }

    // A stack, newest first; null when empty, closed_mark() when closed.
    Atomic<ReadyNode*> head_{nullptr};
};

}  // namespace asyncio::detail
