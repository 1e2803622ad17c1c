#include <asyncio/base/timer_heap.hpp>

#include <algorithm>

namespace asyncio::detail {

namespace {
constexpr std::uint32_t arity = 4;
constexpr std::uint32_t parent_of(std::uint32_t index) { return (index - 1) / arity; }
constexpr std::uint32_t first_child_of(std::uint32_t index) { return index * arity + 1; }
}  // namespace

void TimerHeap::schedule(TimerNode& node, Clock::time_point when) {
    entries_.push_back({when, &node});
    node.when = when;
    node.sequence = next_sequence_++;
    sift_up(static_cast<std::uint32_t>(entries_.size() - 1), {when, &node});
}

void TimerHeap::remove(std::uint32_t index) noexcept {
    entries_[index].node->index = TimerNode::not_scheduled;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (index == entries_.size()) return;
    if (index > 0 && before(last, entries_[parent_of(index)])) {
        sift_up(index, last);
    } else {
        sift_down(index, last);
    }
}

void TimerHeap::sift_up(std::uint32_t index, Entry entry) noexcept {
    while (index > 0) {
        const std::uint32_t parent = parent_of(index);
        if (!before(entry, entries_[parent])) break;
        place(index, entries_[parent]);
        index = parent;
    }
    place(index, entry);
}

void TimerHeap::sift_down(std::uint32_t index, Entry entry) noexcept {
    const auto count = static_cast<std::uint32_t>(entries_.size());
    for (;;) {
        const std::uint32_t first = first_child_of(index);
        if (first >= count) break;
        std::uint32_t smallest = first;
        const std::uint32_t end = std::min(first + arity, count);
        for (std::uint32_t child = first + 1; child < end; ++child) {
            if (before(entries_[child], entries_[smallest])) smallest = child;
        }
        if (!before(entries_[smallest], entry)) break;
        place(index, entries_[smallest]);
        index = smallest;
    }
    place(index, entry);
}

}  // namespace asyncio::detail
