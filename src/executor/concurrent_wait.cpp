#include <asyncio/executor/concurrent_wait.hpp>

namespace asyncio::detail {

CompletionQueue::~CompletionQueue() {
    std::size_t told = 0;
    for (const auto& entry : entries_) {
        if (!entry->future->remove(*entry)) ++told;
    }
    // An entry that is being told still touches this.
    std::unique_lock lock(mutex_);
    grown_.wait(lock, [&] { return told_ == told; });
}

bool CompletionQueue::add(ConcurrentCore& future) {
    if (!seen_.insert(&future).second) return false;
    {
        const std::lock_guard lock(mutex_);
        done_.reserve(entries_.size() + 1);
    }
    entries_.push_back(std::make_unique<Entry>(*this, future));
    future.add(*entries_.back());
    return true;
}

void CompletionQueue::Entry::fire(ConcurrentCore& core) noexcept {
    const std::lock_guard lock(queue->mutex_);
    queue->done_.push_back(&core);
    ++queue->told_;
    queue->grown_.notify_all();  // with the lock: afterwards the queue may be gone
}

ConcurrentCore* CompletionQueue::pop(std::optional<Clock::time_point> deadline) {
    std::unique_lock lock(mutex_);
    const auto grown = [this] { return next_ < done_.size(); };
    if (!deadline) {
        grown_.wait(lock, grown);
    } else if (!grown_.wait_until(lock, *deadline, grown)) {
        return nullptr;
    }
    return done_[next_++];
}

void wait_concurrent(CompletionQueue& queue, TimeLimit timeout, ReturnWhen return_when) {
    const auto deadline = deadline_of(timeout);
    for (std::size_t left = queue.size(); left > 0; --left) {
        ConcurrentCore* future = queue.pop(deadline);
        if (future == nullptr || return_when == FIRST_COMPLETED) return;
        const bool failed = !future->cancelled() && future->slot().error;
        if (failed && return_when == FIRST_EXCEPTION) return;
    }
}

}  // namespace asyncio::detail
