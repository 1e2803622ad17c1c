// A loop that looks out for the answer to its job reads replies itself: they need no way through the pool's thread,
// which goes on sleeping.

#include "process_pool.hpp"

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
    bool delivered = false;
    bool others = false;
    {
        const std::unique_lock reading(reading_, std::try_to_lock);
        if (!reading) return false;  // the thread is at it
        if (!std::exchange(fetching_, true)) take_over_sleep(seen_, channel_of);
        others = deliver_replies_for(loop, delivered);
    }
    if (delivered) pump();
    return others;
}

/// With reading_. True when it came to a reply that is not for this loop; the thread is awake then.
bool ProcessPool::deliver_replies_for(const LoopCore& loop, bool& any) noexcept {
    for (WorkerHandle* worker : seen_) {
        for (std::size_t i = 0; i < slots_of_worker; ++i) {
            if (!worker->replied(i)) continue;
            {
                const std::lock_guard lock(mutex_);
                if (message_for(loop, *worker, i) == nullptr) {
                    wake_thread();
                    return true;
                }
            }
            deliver(*worker, i);
            any = true;
            const std::lock_guard lock(mutex_);
            if (shut_down_ || broken_) wake_thread();  // it may wait for the last message
        }
    }
    return false;
}

void ProcessPool::stop_fetching() noexcept {
    if (!usable()) return;
    const std::unique_lock reading(reading_, std::try_to_lock);
    // Else the thread is awake, most likely, and announces its sleep itself.
    if (reading && (!std::exchange(fetching_, false) || !give_sleep_back(seen_, channel_of))) return;
    const std::lock_guard lock(mutex_);
    wake_thread();
}

}  // namespace asyncio::detail
