#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/ready_queue.hpp>

#include <cstdint>

namespace asyncio::detail {

/// Where other threads leave nodes for a loop: many producers, one consumer, no lock. FIFO for each producer, and in
/// the order of their pushes over all of them. A consumer that is awake need not be woken: it looks again before it
/// sleeps.
///
/// It has cache lines of its own: the consumer looks at it all the time, and what else it writes is not to stop those
/// who push.
class alignas(64) Inbox {
public:
    /// From any thread, and from signal handlers. Calls `wake()` when the consumer sleeps; touches nothing of the inbox
    /// any more once the node can be taken, unless it wakes. False when the inbox is closed: the node was not taken.
    template <class Wake>
    bool push(ReadyNode& node, Wake wake) noexcept {
        ReadyNode* head = nullptr;  // a guess: to load it first would fetch its cache line twice
        do {
            if (head == &closed_) return false;
            node.next = head == &sleeps_ ? nullptr : head;
        } while (!head_.compare_exchange_weak(head, &node, memory_acq_rel, memory_relaxed));
        if (head == &sleeps_) {
            wake();
            wakes_.fetch_add(1, memory_release);
        }
        return true;
    }

    /// Consumer's thread only, as are the functions below; the answer may be outdated at once.
    [[nodiscard]] bool empty() const noexcept { return head_.load(memory_acquire) == nullptr; }

    /// Announces that the consumer is going to sleep; then it must call awake() afterwards. False when something came
    /// in the meantime: it must not sleep.
    [[nodiscard]] bool may_sleep() noexcept {
        ReadyNode* nothing = nullptr;
        return head_.compare_exchange_strong(nothing, &sleeps_, memory_release, memory_relaxed);
    }
    /// The consumer sleeps no more.
    void awake() noexcept {
        ReadyNode* sleeps = &sleeps_;
        if (!head_.compare_exchange_strong(sleeps, nullptr, memory_relaxed, memory_relaxed)) ++expected_wakes_;
    }

    /// Moves everything to the end of `queue`, oldest first.
    void drain_into(ReadyQueue& queue) noexcept { append_reversed(head_.exchange(nullptr, memory_acquire), queue); }

    /// Refuses everything from now on; what is inside moves to `queue`. Once only.
    void close(ReadyQueue& queue) noexcept { append_reversed(head_.exchange(&closed_, memory_acq_rel), queue); }
    /// Whether a thread is still about to wake the consumer, or does so.
    [[nodiscard]] bool being_woken() const noexcept { return wakes_.load(memory_acquire) != expected_wakes_; }

    /// In a forked child: who slept and who woke it are in the parent only.
    void forget_sleep() noexcept {
        ReadyNode* sleeps = &sleeps_;
        head_.compare_exchange_strong(sleeps, nullptr, memory_relaxed, memory_relaxed);
        wakes_.store(expected_wakes_, memory_relaxed);
    }

private:
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

    // A stack, newest first; null when it is empty, or one of these:
    ReadyNode sleeps_{nullptr};  // it is empty and the consumer sleeps: whoever replaces it wakes the consumer
    ReadyNode closed_{nullptr};
    Atomic<ReadyNode*> head_{nullptr};
    Atomic<std::uint32_t> wakes_{0};    // that are over
    std::uint32_t expected_wakes_ = 0;  // the consumer's: how often sleeps_ was replaced
};

}  // namespace asyncio::detail
