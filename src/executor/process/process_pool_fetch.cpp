// A loop that looks out for the answer to its job reads replies itself: they need no way through the pool's thread,
// which goes on sleeping.

#include "process_pool.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <utility>

namespace asyncio::detail {

namespace {

/// What takes longer to read is left to the thread.
constexpr std::size_t longest_fetched_reply = 16 * 1024;

}  // namespace

/// With both locks. The message whose reply lies there, when it is one for this loop; else nullptr.
RemoteMessage* ProcessPool::message_for(const LoopCore& loop, const WorkerHandle& worker,
                                        std::size_t index) const noexcept {
    const WorkerHandle::Place& place = worker.places[index];
    if (place.message == nullptr || place.filling || place.written || place.message->loop != &loop) return nullptr;
    const MessageSlot& slot = worker.slot(index);
    if (slot.count != place.message->count()) return nullptr;  // damaged
    const bool short_one = slot.kind == ReplyKind::records && slot.files == 0 && slot.size <= longest_fetched_reply;
    return short_one ? place.message.get() : nullptr;
}

bool ProcessPool::fetch(LoopCore& loop) noexcept {
    // Damage to a strict pool is everybody's, whose callbacks are the thread's to call.
    if (strict_ || !usable()) return false;
    looker_.give(reader_of(&loop));
    bool delivered = false;
    bool others = false;
    {
        const std::unique_lock reading(reading_, std::try_to_lock);
        if (!reading) return false;  // the thread is at it
        fetching_ = true;
        take_over_sleep(seen_, channel_of, reader_of(&loop));
        for (WorkerHandle* worker : seen_) {
            if (!worker->has_new_replies()) continue;
            others = !deliver_replies_for(loop, *worker) || others;
            delivered = true;
        }
    }
    if (!delivered) return false;
    std::unique_lock lock(mutex_);
    if (others || shut_down_ || broken_) wake_thread();  // it may wait for the last message
    pump(lock, InLoop::yes, &loop);
    return others;
}

/// With reading_. All that are there, so that the locks are taken once for them. False when it came to a reply that is
/// not for this loop.
bool ProcessPool::deliver_replies_for(const LoopCore& loop, WorkerHandle& worker) noexcept {
    std::array<std::size_t, slots_of_worker> found;
    std::size_t count = 0;
    std::bitset<slots_of_worker> is_found;
    bool all = false;
    {
        const std::lock_guard lock(mutex_);
        early_ends_ = 0;
        all = worker.for_new_replies([&](std::size_t index) {
            if (is_found[index]) return true;
            if (message_for(loop, worker, index) == nullptr) return false;
            worker.count_read_reply();
            is_found.set(index);
            found[count++] = index;
            return true;
        });
    }
    MessageQueue done;  // destroyed without the lock
    std::size_t delivered = 0;
    for (std::size_t i = 0; i < count; ++i) {
        // In this thread nobody waits for the place to become free.
        if (deliver(worker, found[i], *worker.places[found[i]].message, FreesPlace::no)) found[delivered++] = found[i];
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < delivered; ++i) done.push_back(take_out(worker, found[i]));
    return all;
}

void ProcessPool::withdraw(const Delivery& job) noexcept {
    if (!usable()) return;
    std::unique_ptr<RemoteMessage> message;  // destroyed without the lock
    std::unique_lock lock(mutex_);
    for (const auto& worker : workers_) {
        for (std::size_t i = 0; i < slots_of_worker && message == nullptr; ++i) {
            if (!worker->dead && worker->places[i].revocable == &job) message = worker->take_back(i);
        }
    }
    // There is room for others now, and from a worker that has nothing left no reply will come.
    if (message != nullptr) pump(lock, InLoop::yes, message->loop);
    if (shut_down_ || broken_) wake_thread();  // it may wait for the last message
}

void ProcessPool::leave_alone(LoopCore& loop) noexcept {
    stop_fetching(loop);
    if (!usable()) return;
    std::unique_lock lock(mutex_);
    if (!broken_ && !terminated_) recall(&loop);
    pump(lock, InLoop::yes, nullptr);
}

void ProcessPool::stop_fetching(LoopCore& loop) noexcept {
    if (strict_ || !usable()) return;
    looker_.withdraw(reader_of(&loop));
    const std::unique_lock reading(reading_, std::try_to_lock);
    if (reading && (!std::exchange(fetching_, false) || !announce_sleep(seen_, channel_of, SegmentHeader::asleep)))
        return;
    // When the thread reads, it may just have announced its sleep in trust in this loop: it shall do so again. That it
    // then sees what was withdrawn is by the lock: it takes it between the wake-up and the announcement.
    const std::lock_guard lock(mutex_);
    wake_thread();
}

}  // namespace asyncio::detail
