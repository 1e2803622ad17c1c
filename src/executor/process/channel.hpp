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
        std::uint64_t reader;            // who may look for the reply himself, see announce_looking; 0: nobody
    };

    // The parent's part. `post`, `ask_to_leave`, `take_back` and `release` by one thread at a time; the rest by the one
    // that reads replies, at any time; but `announce_sleep`, `announce_waking` and `announce_looking` by several at
    // once, of whom each looks for replies afterwards. What is posted just before `ask_to_leave` may stay untaken.

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
    /// After `announce_sleep`: there is one for which the worker will wake nobody any more. Nobody else reads
    /// meanwhile.
    [[nodiscard]] bool any_replied_before_sleep(std::uint64_t reader) const noexcept {
        const bool worker_sleeps = (posts.load(memory_seq_cst) & sleeps) != 0;
        for (const Slot& slot : slots) {
            if (replied(slot) && (worker_sleeps || slot.reader != reader)) return true;
        }
        return false;
    }
    /// From here on the worker wakes the parent when it has replied. One order over all atomics: either it does, or the
    /// parent sees the reply. With a `reader`, it is only as with `announce_looking`.
    void announce_sleep(std::uint64_t reader = asleep) noexcept { parent_sleeps.store(reader, memory_seq_cst); }
    void announce_waking() noexcept { parent_sleeps.store(awake, memory_relaxed); }
    /// The parent sleeps, but this reader looks for the replies to what is for him, sooner or later. For those the
    /// worker wakes the parent only when it has nothing else to do and they still lie there.
    void announce_looking(std::uint64_t reader) noexcept {
        if (parent_sleeps.load(memory_relaxed) != reader) parent_sleeps.store(reader, memory_relaxed);
    }
    /// Changes with every reply.
    [[nodiscard]] std::uint32_t count_replies() const noexcept { return replies.load(memory_acquire); }
    /// The reply has been read.
    static void release(Slot& slot) noexcept { slot.state.store(SlotState::empty, memory_release); }

    // The worker's part:

    /// The oldest of what is posted; nullptr when there is nothing.
    [[nodiscard]] Slot* try_take() noexcept {
        const std::uint32_t seen = posts.load(memory_acquire) & ~sleeps;
        if (seen == done_with) return nullptr;
        // Mostly they lie one after the other, or there is only one.
        if (Slot& next = slots[next_index]; is_next(next) && begin(next)) return &next;
        if (Slot& first = slots.front(); is_next(first) && begin(first)) return &first;
        Slot* oldest = find_oldest();
        while (oldest != nullptr) {
            // What was posted before it is seen now at the latest.
            Slot* const again = find_oldest();
            if (again == oldest && begin(*oldest)) return oldest;
            oldest = again;
        }
        done_with = seen;
        return nullptr;
    }
    /// Waits for a message; nullptr: leave. `spin(done)` waits for a while until something is done, and says whether it
    /// is; `sleep(atomic, value)` sleeps as long as the atomic has the value, and until it is woken.
    template <class Spin, class Sleep, class Wake>
    [[nodiscard]] Slot* take(Spin spin, Sleep sleep, Wake wake_parent) {
        while (true) {
            std::uint32_t seen = posts.load(memory_acquire);
            if (Slot* const slot = try_take()) return slot;
            if (leave.load(memory_acquire) != 0) return nullptr;
            if (spin([&] { return posts.load(memory_relaxed) != seen; })) continue;
            if (!posts.compare_exchange_strong(seen, seen | sleeps, memory_seq_cst, memory_relaxed)) continue;
            if (parent_sleeps.load(memory_seq_cst) > asleep && any_replied()) wake(wake_parent);
            sleep(posts, seen | sleeps);
            posts.fetch_and(~sleeps, memory_relaxed);
        }
    }
    /// The parent may read the reply from here on.
    template <class Wake>
    void reply(Slot& slot, Wake wake_parent) {
        const std::uint64_t reader = slot.reader;
        slot.state.store(SlotState::replied, memory_seq_cst);
        replies.store(replies.load(memory_relaxed) + 1, memory_release);
        const std::uint64_t who_looks = parent_sleeps.load(memory_seq_cst);
        if (who_looks != awake && who_looks != reader) wake(wake_parent);
    }

    // A number of calls on the worker, in steps of two, and whether it sleeps on this word and must be woken.
    static constexpr std::uint32_t sleeps = 1;
    static constexpr std::uint32_t one_call = 2;
    Atomic<std::uint32_t> posts;
    Atomic<std::uint32_t> leave;  // see ask_to_leave
    // Whether the parent must be woken; another value is a reader.
    static constexpr std::uint64_t awake = 0;
    static constexpr std::uint64_t asleep = 1;
    alignas(64) Atomic<std::uint64_t> parent_sleeps;
    Atomic<std::uint32_t> replies;  // see count_replies
    // The worker's own: up to which call nothing is left, and where the next message should lie.
    alignas(64) std::uint32_t done_with;
    std::uint32_t next_index;
    std::uint64_t next_sequence;
    std::array<Slot, count_of_slots> slots;

private:
    /// In one word, so that either the parent sees that the worker sleeps, or the worker sees the call before it does.
    template <class Wake>
    void ring(Wake wake_worker) noexcept {
        std::uint32_t seen = posts.load(memory_relaxed);
        while (!posts.compare_exchange_strong(seen, (seen + one_call) & ~sleeps, memory_release, memory_relaxed)) {
        }
        if ((seen & sleeps) != 0) wake_worker(posts);
    }

    /// Unless another one has.
    template <class Wake>
    void wake(Wake wake_parent) {
        if (parent_sleeps.exchange(awake, memory_seq_cst) != awake) wake_parent();
    }

    [[nodiscard]] bool is_next(const Slot& slot) const noexcept {
        return slot.state.load(memory_acquire) == SlotState::posted &&
               slot.sequence.load(memory_relaxed) == next_sequence;
    }
    [[nodiscard]] bool begin(Slot& slot) noexcept {
        SlotState posted = SlotState::posted;
        if (!slot.state.compare_exchange_strong(posted, SlotState::taken, memory_acquire, memory_relaxed)) return false;
        next_index = static_cast<std::uint32_t>((&slot - slots.data() + 1) % count_of_slots);
        next_sequence = slot.sequence.load(memory_relaxed) + 1;
        return true;
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

/// While the parent's thread sleeps, another one may look for the replies that are for it, so that the workers need not
/// wake anybody. Until it gives the sleep back, it must look now and then.
template <class Workers, class ChannelOf>
void take_over_sleep(const Workers& workers, ChannelOf channel_of, std::uint64_t reader) noexcept {
    for (const auto& worker : workers) channel_of(worker).announce_looking(reader);
}
/// Announces that the parent sleeps. True: there is a reply, and the thread that sleeps must be woken, or not sleep.
/// With a `reader`, who looks now and then, there need not be for his. `channel_of(worker)` gives the channel of each.
template <class Workers, class ChannelOf>
[[nodiscard]] bool announce_sleep(const Workers& workers, ChannelOf channel_of, std::uint64_t reader) noexcept {
    for (const auto& worker : workers) channel_of(worker).announce_sleep(reader);
    bool any_replied = false;
    for (const auto& worker : workers) any_replied = any_replied || channel_of(worker).any_replied_before_sleep(reader);
    return any_replied;
}

/// Who, of those that look for their replies, was the last to promise that he looks again before he sleeps.
class PromiseToLook {
public:
    static constexpr std::uint64_t nobody = 0;

    void give(std::uint64_t reader) noexcept {
        if (reader_.load(memory_relaxed) != reader) reader_.store(reader, memory_relaxed);
    }
    /// Another one's stays.
    void withdraw(std::uint64_t reader) noexcept {
        reader_.compare_exchange_strong(reader, nobody, memory_relaxed, memory_relaxed);
    }
    [[nodiscard]] std::uint64_t reader() const noexcept { return reader_.load(memory_relaxed); }

private:
    Atomic<std::uint64_t> reader_{nobody};
};

}  // namespace asyncio::detail
