#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/ready_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace asyncio::detail {

/// A timer: a ready node with a deadline. Lives in the frame of a sleeping coroutine or inside a TimerHandle.
struct TimerNode : ReadyNode {
    explicit TimerNode(Run function, Clock::time_point deadline = {}) noexcept : ReadyNode(function), when(deadline) {}
    /// For what sets `run` when it is about to be scheduled.
    explicit TimerNode(Clock::time_point deadline) noexcept : when(deadline) {}
    static constexpr std::uint32_t not_scheduled = UINT32_MAX;

    [[nodiscard]] bool scheduled() const noexcept { return index != not_scheduled; }

    Clock::time_point when;
    std::uint64_t sequence;  // order of scheduling, decides among equal deadlines; set when it is
    std::uint32_t index = not_scheduled;
};

/// A heap of timers by deadline, FIFO among equal ones. Cancelling removes at once.
///
/// The newest timers wait behind the heap, in no order, until one of them could be due first or they are many: a
/// timeout that does not strike is mostly cancelled while it is new, and then costs O(1) both ways. In the heap,
/// scheduling and cancelling are O(log n).
///
///     entries_:  [ heap, by deadline ... | newest, unsorted ... | left over ... ]
///                0                       sorted_                count_
///
/// The deadline is kept beside the pointer, so that sifting does not touch the timers it compares. Four children per
/// node: half as deep as a binary heap and one cache line per level.
class TimerHeap {
public:
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    /// Precondition: not empty.
    [[nodiscard]] Clock::time_point next_deadline() noexcept {
        // Among equal deadlines what is in the heap is older, and so goes first.
        if (sorted_ == 0 || earliest_newest_ < entries_[0].when) sort_in_newest();
        return entries_[0].when;
    }

    /// Throws std::bad_alloc, and then nothing is scheduled. Precondition: not scheduled yet.
    void schedule(TimerNode& node, Clock::time_point when) {
        if (count_ == entries_.size()) [[unlikely]]
            add_entry();
        entries_[count_] = {when, &node};
        node.when = when;
        node.sequence = next_sequence_++;
        node.index = count_++;
        if (when < earliest_newest_) earliest_newest_ = when;
        if (count_ - sorted_ > most_newest) [[unlikely]]
            sort_in_newest();
    }

    /// Does nothing when the timer is not scheduled.
    void cancel(TimerNode& node) noexcept {
        if (!node.scheduled()) return;
        if (node.index < sorted_) return remove(node.index);
        const Entry last = entries_[--count_];
        if (last.node != &node) place(node.index, last);
        node.index = TimerNode::not_scheduled;
    }

    /// Removes and returns the timer that is due first. Precondition: not empty.
    TimerNode& pop() noexcept {
        static_cast<void>(next_deadline());
        TimerNode& node = *entries_[0].node;
        remove(0);
        return node;
    }

private:
    // Bounds the work of sorting them in at once.
    static constexpr std::size_t most_newest = 1024;

    struct Entry {
        Clock::time_point when;
        TimerNode* node = nullptr;
    };

    [[nodiscard]] static bool before(const Entry& a, const Entry& b) noexcept {
        return a.when != b.when ? a.when < b.when : a.node->sequence < b.node->sequence;
    }

    void add_entry();
    void sort_in_newest() noexcept;
    void remove(std::uint32_t index) noexcept;
    void sift_up(std::uint32_t index, Entry entry) noexcept;
    void sift_down(std::uint32_t index, Entry entry) noexcept;
    void place(std::uint32_t index, Entry entry) noexcept {
        entries_[index] = entry;
        entry.node->index = index;
    }

    std::vector<Entry> entries_;  // as many as there ever were at a time
    std::uint32_t count_ = 0;
    std::uint32_t sorted_ = 0;  // how many of them are in the heap
    // No later than the earliest deadline of the newest; cancelling them does not correct it.
    Clock::time_point earliest_newest_ = Clock::time_point::max();
    std::uint64_t next_sequence_ = 0;
};

}  // namespace asyncio::detail
