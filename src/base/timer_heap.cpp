#include <asyncio/base/timer_heap.hpp>

#include <algorithm>

namespace asyncio::detail {

namespace {
constexpr std::uint32_t arity = 4;
constexpr std::uint32_t parent_of(std::uint32_t index) {
    return (index - 1) / arity;
}
constexpr std::uint32_t first_child_of(std::uint32_t index) {
    return index * arity + 1;
}
}  // namespace

void TimerHeap::add_entry() {
    entries_.emplace_back();
}

void TimerHeap::sort_in_newest() noexcept {
    for (; sorted_ < count_; ++sorted_) sift_up(sorted_, entries_[sorted_]);
    earliest_newest_ = Clock::time_point::max();
}

void TimerHeap::remove(std::uint32_t index) noexcept {
    entries_[index].node->index = TimerNode::not_scheduled;
    const Entry last = entries_[--sorted_];
    // The newest stay dense: the last of them takes the place that the heap gives up.
    if (--count_ > sorted_) place(sorted_, entries_[count_]);
    if (index == sorted_) return;
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
    const std::uint32_t count = sorted_;
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
