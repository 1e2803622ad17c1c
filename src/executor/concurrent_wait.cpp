#include <asyncio/executor/concurrent_wait.hpp>

#include <asyncio/base/blocking_condition.hpp>

#include <mutex>
#include <unordered_set>

namespace asyncio::detail {

struct CompletionQueue::State {
    struct Entry final : ConcurrentDone {
        Entry(State& owner, ConcurrentCore& core) noexcept : queue(&owner), future(&core) {}
        void fire(ConcurrentCore& core) noexcept override;
        State* queue;
        ConcurrentPtr future;
    };

    std::vector<std::unique_ptr<Entry>> entries;
    std::unordered_set<const ConcurrentCore*> seen;
    std::mutex mutex;
    BlockingCondition grown;
    std::vector<ConcurrentCore*> done;
    std::size_t next = 0;  // of done
    std::size_t told = 0;  // entries that have fired; done has room for all
};

CompletionQueue::CompletionQueue() : state_(make_owner<State>()) {}

CompletionQueue::~CompletionQueue() {
    std::size_t told = 0;
    for (const auto& entry : state_->entries) {
        if (!entry->future->remove(*entry)) ++told;
    }
    // An entry that is being told still touches this.
    std::unique_lock lock(state_->mutex);
    state_->grown.wait(lock, [&] { return state_->told == told; });
}

std::size_t CompletionQueue::size() const noexcept {
    return state_->entries.size();
}

bool CompletionQueue::add(ConcurrentCore& future) {
    if (!state_->seen.insert(&future).second) return false;
    {
        const std::lock_guard lock(state_->mutex);
        state_->done.reserve(state_->entries.size() + 1);
    }
    state_->entries.push_back(std::make_unique<State::Entry>(*state_, future));
    future.add(*state_->entries.back());
    return true;
}

void CompletionQueue::State::Entry::fire(ConcurrentCore& core) noexcept {
    const std::lock_guard lock(queue->mutex);
    queue->done.push_back(&core);
    ++queue->told;
    queue->grown.notify_all();  // with the lock: afterwards the queue may be gone
}

ConcurrentCore* CompletionQueue::pop(Clock::time_point deadline) {
    std::unique_lock lock(state_->mutex);
    const auto grown = [this] { return state_->next < state_->done.size(); };
    if (deadline == Clock::time_point::max()) {
        state_->grown.wait(lock, grown);
    } else if (!state_->grown.wait_until(lock, deadline, grown)) {
        return nullptr;
    }
    return state_->done[state_->next++];
}

void wait_concurrent(CompletionQueue& queue, const TimeLimit& timeout, ReturnWhen return_when) {
    const auto deadline = deadline_of(timeout);
    for (std::size_t left = queue.size(); left > 0; --left) {
        ConcurrentCore* future = queue.pop(deadline);
        if (future == nullptr || return_when == FIRST_COMPLETED) return;
        const bool failed = !future->cancelled() && future->slot().error;
        if (failed && return_when == FIRST_EXCEPTION) return;
    }
}

}  // namespace asyncio::detail
