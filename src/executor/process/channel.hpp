#pragma once

#include <asyncio/base/atomic.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace asyncio::detail {

/// Who may touch a slot's message, and what it is:
///
///     empty ──parent──► posted ──worker──► taken ──worker──► replied ──parent──► empty
///       ▲                 │
///       └─────parent──────┘  taken back, for another worker
enum class SlotState : std::uint32_t { empty, posted, taken, replied };

/// What a parent and its worker share to hand each other messages and replies, and to wake the other one when it
/// sleeps, but only then. All that hangs on memory orders is in here, and is explored by
/// tests/models/channel_model.cpp. `Message` belongs to whom the state of its slot says.
///
/// Memory of zeros is such a channel.
template <class Message, std::size_t count_of_slots>
struct Channel {
    struct alignas(64) Slot : Message {
        Atomic<SlotState> state;
        Atomic<std::uint64_t> sequence;  // rises from message to message
    };

    // The parent's part. `post`, `ask_to_leave`, `take_back` and `release` by one thread at a time; the rest by the one
    // that reads replies, at any time; but `announce_sleep` and `announce_waking` by several at once, of whom each
    // looks for replies afterwards. What is posted just before `ask_to_leave` may stay untaken.

    /// The worker may take the message from here on.
    template <class Wake>
    void post(Slot& slot, Wake wake_worker) noexcept {
        slot.state.store(SlotState::posted, memory_release);
        ring(wake_worker);
    }
    /// The worker shall go when nothing is posted.
    template <class Wake>
    void ask_to_leave(Wake wake_worker) noexcept {
        leave.store(1, memory_release);
        ring(wake_worker);
    }
    /// False when the worker has begun with the message.
    [[nodiscard]] static bool take_back(Slot& slot) noexcept {
        SlotState posted = SlotState::posted;
        return slot.state.compare_exchange_strong(posted, SlotState::empty, memory_acquire, memory_relaxed);
    }
    /// A reply is there.
    [[nodiscard]] static bool replied(const Slot& slot) noexcept {
        return slot.state.load(memory_seq_cst) == SlotState::replied;
    }
    [[nodiscard]] bool any_replied() const noexcept {
        for (const Slot& slot : slots) {
            if (replied(slot)) return true;
        }
        return false;
    }
    /// From here on the worker wakes the parent when it has replied. One order over both atomics: either it does, or
    /// the parent sees the reply.
    void announce_sleep() noexcept { parent_sleeps.store(1, memory_seq_cst); }
    void announce_waking() noexcept { parent_sleeps.store(0, memory_relaxed); }
    /// The reply has been read.
    static void release(Slot& slot) noexcept { slot.state.store(SlotState::empty, memory_release); }

    // The worker's part:

    /// The oldest of what is posted; nullptr when there is nothing.
    [[nodiscard]] Slot* try_take() noexcept {
        Slot* oldest = find_oldest();
        while (oldest != nullptr) {
            // What was posted before it is seen now at the latest.
            Slot* const again = find_oldest();
            SlotState posted = SlotState::posted;
            if (again == oldest &&
                oldest->state.compare_exchange_strong(posted, SlotState::taken, memory_acquire, memory_relaxed))
                return oldest;
            oldest = again;
        }
        return nullptr;
    }
    /// Waits for a message; nullptr: leave. `spin(done)` waits for a while until something is done, and says whether it
    /// is; `sleep(atomic, value)` sleeps as long as the atomic has the value, and until it is woken.
    template <class Spin, class Sleep>
    [[nodiscard]] Slot* take(Spin spin, Sleep sleep) noexcept {
        while (true) {
            const std::uint32_t seen = posts.load(memory_acquire);
            if (Slot* const slot = try_take()) return slot;
            if (leave.load(memory_acquire) != 0) return nullptr;
            if (spin([&] { return posts.load(memory_relaxed) != seen; })) continue;
            worker_sleeps.store(1, memory_seq_cst);
            if (posts.load(memory_seq_cst) == seen) sleep(posts, seen);
            worker_sleeps.store(0, memory_relaxed);
        }
    }
    /// The parent may read the reply from here on.
    template <class Wake>
    void reply(Slot& slot, Wake wake_parent) {
        slot.state.store(SlotState::replied, memory_seq_cst);
        if (parent_sleeps.exchange(0, memory_seq_cst) != 0) wake_parent();
    }

    Atomic<std::uint32_t> posts;                      // counts the parent's calls on the worker, which sleeps on it
    Atomic<std::uint32_t> worker_sleeps;              // it must be woken
    Atomic<std::uint32_t> leave;                      // see ask_to_leave
    alignas(64) Atomic<std::uint32_t> parent_sleeps;  // it must be woken
    std::array<Slot, count_of_slots> slots;

private:
    /// One order over both atomics: either the parent sees that the worker sleeps, or the worker sees the call before
    /// it does.
    template <class Wake>
    void ring(Wake wake_worker) noexcept {
        posts.fetch_add(1, memory_seq_cst);
        if (worker_sleeps.load(memory_seq_cst) != 0) wake_worker(posts);
    }

    [[nodiscard]] Slot* find_oldest() noexcept {
        Slot* oldest = nullptr;
        for (Slot& slot : slots) {
            if (slot.state.load(memory_acquire) != SlotState::posted) continue;
            // The parent may take it back at this moment and write the number of the next one.
            if (oldest == nullptr || slot.sequence.load(memory_relaxed) < oldest->sequence.load(memory_relaxed))
                oldest = &slot;
        }
        return oldest;
    }
};

/// While the parent's thread sleeps, another one may look for replies for a moment, so that the workers need not wake
/// anybody. Until it gives the sleep back, nobody else sees what comes.
template <class Workers, class ChannelOf>
void take_over_sleep(const Workers& workers, ChannelOf channel_of) noexcept {
    for (const auto& worker : workers) channel_of(worker).announce_waking();
}
/// True: there is a reply, and the thread that sleeps must be woken.
template <class Workers, class ChannelOf>
[[nodiscard]] bool give_sleep_back(const Workers& workers, ChannelOf channel_of) noexcept {
    for (const auto& worker : workers) channel_of(worker).announce_sleep();
    bool any_replied = false;
    for (const auto& worker : workers) any_replied = any_replied || channel_of(worker).any_replied();
    return any_replied;
}

/// Lets the parent of some workers sleep: `sleep(true)` until one of them replies, unless one has; then `sleep(false)`
/// only looks whether somebody has woken it. `channel_of(worker)` gives the channel of each.
template <class Workers, class ChannelOf, class Sleep>
void sleep_until_reply(const Workers& workers, ChannelOf channel_of, Sleep sleep) noexcept {
    sleep(!give_sleep_back(workers, channel_of));
    for (const auto& worker : workers) channel_of(worker).announce_waking();
}

}  // namespace asyncio::detail
