#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/ready_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace asyncio::detail {

/// A timer: a ready node with a deadline. Lives in the frame of a sleeping coroutine or inside a TimerHandle.
struct TimerNode : ReadyNode {
    using ReadyNode::ReadyNode;
    static constexpr std::uint32_t not_scheduled = UINT32_MAX;

    [[nodiscard]] bool scheduled() const noexcept { return index != not_scheduled; }

    Clock::time_point when{};
    std::uint64_t sequence = 0;  // order of scheduling, decides among equal deadlines
    std::uint32_t index = not_scheduled;
};

/// A heap of timers by deadline, FIFO among equal ones. Scheduling and cancelling are O(log n) and cancelling removes
/// at once; a timer with the latest deadline so far, the usual case, is added in O(1).
///
/// The deadline is kept beside the pointer, so that sifting does not touch the timers it compares. Four children per
/// node: half as deep as a binary heap and one cache line per level.
class TimerHeap {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// Precondition: not empty.
    [[nodiscard]] Clock::time_point next_deadline() const noexcept { return entries_.front().when; }

    /// Throws std::bad_alloc, and then nothing is scheduled. Precondition: not scheduled yet.
    void schedule(TimerNode& node, Clock::time_point when);

    /// Does nothing when the timer is not scheduled.
    void cancel(TimerNode& node) noexcept {
        if (node.scheduled()) remove(node.index);
    }

    /// Removes and returns the timer that is due first. Precondition: not empty.
    TimerNode& pop() noexcept {
        TimerNode& node = *entries_.front().node;
        remove(0);
        return node;
    }

private:
    struct Entry {
        Clock::time_point when;
        TimerNode* node;
    };

    [[nodiscard]] static bool before(const Entry& a, const Entry& b) noexcept {
        return a.when != b.when ? a.when < b.when : a.node->sequence < b.node->sequence;
    }

    void remove(std::uint32_t index) noexcept;
    void sift_up(std::uint32_t index, Entry entry) noexcept;
    void sift_down(std::uint32_t index, Entry entry) noexcept;
    void place(std::uint32_t index, Entry entry) noexcept {
        entries_[index] = entry;
        entry.node->index = index;
    }

    std::vector<Entry> entries_;
    std::uint64_t next_sequence_ = 0;
};

}  // namespace asyncio::detail
