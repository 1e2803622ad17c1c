#include "pipe.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace asyncio::detail::simulated {

void Pipe::allocate(std::size_t capacity) {
    ring_ = std::make_unique_for_overwrite<std::byte[]>(capacity);
    capacity_ = capacity;
}

Clock::time_point Pipe::in_order(Clock::time_point arrival) const noexcept {
    return under_way_.empty() ? arrival : std::max(arrival, under_way_.back().arrival);
}

void Pipe::push(std::span<const std::byte> data, Clock::time_point now, Clock::time_point arrival) {
    arrival = in_order(arrival);
    const bool here = under_way_.empty() && arrival <= now;
    if (!here) {
        Mark* last = under_way_.empty() ? nullptr : &under_way_.back();
        if (last != nullptr && last->what == Mark::bytes && last->arrival == arrival) {
            last->count += data.size();
        } else {
            under_way_.push_back({arrival, Mark::bytes, data.size()});
        }
    }
    // An empty ring starts over, so that a connection of small messages touches little memory.
    if (size_ == 0) begin_ = 0;
    const std::size_t end = (begin_ + size_) % capacity_;
    const std::size_t first = std::min(data.size(), capacity_ - end);
    std::memcpy(ring_.get() + end, data.data(), first);
    std::memcpy(ring_.get(), data.data() + first, data.size() - first);
    size_ += data.size();
    if (here) available_ += data.size();
}

std::size_t Pipe::pop(std::span<std::byte> out) noexcept {
    const std::size_t count = std::min(out.size(), available_);
    if (count == 0) return 0;
    const std::size_t first = std::min(count, capacity_ - begin_);
    std::memcpy(out.data(), ring_.get() + begin_, first);
    std::memcpy(out.data() + first, ring_.get(), count - first);
    begin_ = (begin_ + count) % capacity_;
    size_ -= count;
    available_ -= count;
    return count;
}

void Pipe::end(Mark::What what, Clock::time_point now, Clock::time_point arrival) noexcept {
    const Mark mark{in_order(arrival), what, 0};
    if (under_way_.empty() && mark.arrival <= now) {
        show(mark);
        return;
    }
    try {
        under_way_.push_back(mark);
    } catch (const std::bad_alloc&) {
        // No memory for the delay: everything arrives now.
        while (!under_way_.empty()) {
            show(under_way_.front());
            under_way_.pop_front();
        }
        show(mark);
    }
}

void Pipe::show(const Mark& mark) noexcept {
    switch (mark.what) {
        case Mark::bytes:
            available_ += mark.count;
            break;
        case Mark::finish:
            finished_ = true;
            break;
        case Mark::reset:
            reset_ = true;
            break;
    }
}

void Pipe::settle(Clock::time_point now) noexcept {
    while (!under_way_.empty() && under_way_.front().arrival <= now) {
        show(under_way_.front());
        under_way_.pop_front();
    }
}

std::optional<Clock::time_point> Pipe::next_arrival() const noexcept {
    if (under_way_.empty()) return std::nullopt;
    return under_way_.front().arrival;
}

}  // namespace asyncio::detail::simulated
