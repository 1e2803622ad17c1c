#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/ready_queue.hpp>

namespace asyncio::detail {

/// Where other threads leave nodes for a loop: many producers, one consumer, no lock. FIFO for each producer, and in
/// the order of their pushes over all of them. A consumer that is awake need not be woken: it looks again before it
/// sleeps.
class Inbox {
public:
    enum class Pushed {
        taken,
        wake,    ///< taken, and the consumer sleeps: it must be woken
        refused  ///< the inbox is closed, the node was not taken
    };

    /// From any thread, and from signal handlers.
    Pushed push(ReadyNode& node) noexcept {
        ReadyNode* head = head_.load(memory_relaxed);
        do {
            if (head == closed_mark()) return Pushed::refused;
            node.next = head;
        } while (!head_.compare_exchange_weak(head, &node, memory_seq_cst, memory_relaxed));
        // Whoever pushed the first one wakes the consumer. One order over both atomics: either this thread sees that
        // the consumer sleeps, or the consumer sees the node before it does.
        return head == nullptr && asleep_.load(memory_seq_cst) ? Pushed::wake : Pushed::taken;
    }

    /// Consumer's thread only, as are the functions below; the answer may be outdated at once.
    [[nodiscard]] bool empty() const noexcept { return head_.load(memory_acquire) == nullptr; }

    /// Announces that the consumer is going to sleep. False when something came in the meantime: then it must not.
    [[nodiscard]] bool may_sleep() noexcept {
        asleep_.store(true, memory_seq_cst);
        if (head_.load(memory_seq_cst) == nullptr) return true;
        awake();
        return false;
    }
    /// The consumer sleeps no more.
    void awake() noexcept { asleep_.store(false, memory_relaxed); }

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
    Atomic<bool> asleep_{false};
};

}  // namespace asyncio::detail
