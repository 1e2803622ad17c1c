#include <asyncio/queue/queue_core.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace asyncio::detail {

QueueCore::QueueCore(std::ptrdiff_t maxsize) noexcept
    : limit_(maxsize > 0 ? static_cast<std::size_t>(maxsize) : std::numeric_limits<std::size_t>::max()),
      maxsize_(maxsize) {}

QueueCore::~QueueCore() {
    for (auto* waiter = joiners_.front(); waiter != nullptr; waiter = joiners_.next(*waiter))
        static_cast<JoinWaiter*>(waiter)->orphan();
}

QueueStatistics QueueCore::statistics() const noexcept {
    return {size_, peak_, maxsize_, unfinished_, getters_.statistics(), putters_.statistics(), joiners_.statistics()};
}

void QueueCore::task_done() {
    check_thread();
    if (unfinished_ == 0) throw std::invalid_argument("task_done() called too many times");
    if (--unfinished_ == 0) joiners_.choose_all();
}

void QueueCore::shut_down(bool dropped) noexcept {
    shut_down_ = true;
    limit_ = 0;
    if (dropped) {
        unfinished_ -= std::min(std::exchange(size_, 0), unfinished_);
        if (unfinished_ == 0) joiners_.choose_all();
    }
    getters_.choose_all();
    putters_.choose_all();
}

void QueueCore::throw_no_room() const {
    if (shut_down_) throw QueueShutDown();
    throw QueueFull();
}

void QueueCore::throw_no_item() const {
    if (shut_down_) throw QueueShutDown();
    throw QueueEmpty();
}

void QueueCore::throw_other_loop() const {
    detail::throw_other_loop(format("Queue", "…"));
}

std::string QueueCore::format(const char* type, const std::string& items) const {
    std::string text = std::string("<") + type + " maxsize=" + std::to_string(maxsize_);
    if (!empty()) text += " _queue=[" + items + "]";
    const auto count = [&text](const char* name, std::size_t number) {
        if (number > 0) text += std::string(" ") + name + "[" + std::to_string(number) + "]";
    };
    count("_getters", getters_.count_waiting());
    count("_putters", putters_.count_waiting());
    if (unfinished_ > 0) text += " tasks=" + std::to_string(unfinished_);
    if (shut_down_) text += " shutdown";
    return text + ">";
}

// --- those who wait for an item, or for room ---

/// Queued when it was chosen: so that is what it still is, unless the queue is gone.
template <QueueSide side>
void QueueWaiter<side>::run(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<QueueWaiter&>(node);
    if (self.list_ != nullptr && !self.task_->must_throw()) {
        WaitList& line = self.queue_->line(side);
        line.remove_chosen(self);
        if (!self.await_ready()) return line.enter_again(self, self);
    }
    self.task_->go_on();
}

/// Not by way of run(): cancelled, or the queue is gone.
template <QueueSide side>
void QueueWaiter<side>::fail() {
    const bool chosen = stage_ == Stage::chosen;
    if (leave() && chosen) hand_on();
    resumed();
    throw_destroyed("Queue");
}

/// The item, or the room, that this one was woken for is for the next.
template <QueueSide side>
void QueueWaiter<side>::hand_on() noexcept {
    if (queue_->offers(side)) queue_->line(side).choose();
}

template class QueueWaiter<QueueSide::get>;
template class QueueWaiter<QueueSide::put>;

// --- join ---

void JoinWaiter::enter() {
    begin();
    if (!queue_->binding_.accepts(*task_)) [[unlikely]]
        queue_->throw_other_loop();
    queue_->joiners_.enter(*this, *task_);
}

void JoinWaiter::finish() {
    static_cast<void>(leave());
    resumed();
    if (destroyed_) throw_destroyed("Queue");
}

}  // namespace asyncio::detail
