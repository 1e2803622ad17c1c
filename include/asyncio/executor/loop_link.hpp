#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/task/future_core.hpp>

#include <cstdint>
#include <string_view>

namespace asyncio::detail {

/// A message that another thread may once send to a loop, without keeping the loop alive and without a lock.
///
///     open ──post()──► posting ──► posted ──► arrived(), in the loop's thread
///       └────cut()───► cut: post() does nothing any more
///
/// From connect() on the loop has it in a list, with a reference, and cuts it when it closes; so the other thread
/// touches the loop only while that still waits for it.
class LoopLink : public ReadyNode, public ListHook {
public:
    void retain() noexcept { references_.fetch_add(1, memory_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, memory_acq_rel) == 1) delete this;
    }

    /// Loop's thread; once. Throws std::bad_alloc.
    void connect(LoopCore& loop);
    /// The other side; once, holding a reference. False when it was cut before.
    bool post() noexcept;
    /// Loop's thread: what has not been posted is not wanted any more. Releases the list's reference.
    void cut() noexcept;
    /// The same when the loop closes: calls closed().
    void close() noexcept;
    [[nodiscard]] bool may_come_soon() const noexcept { return may_come_soon_; }

protected:
    /// `may_come_soon`: nothing but this process has to do something for it.
    explicit LoopLink(bool may_come_soon = false) noexcept : ReadyNode(&run_link), may_come_soon_(may_come_soon) {}
    virtual ~LoopLink() = default;

    /// Loop's thread, one iteration or more after post().
    virtual void arrived() = 0;
    /// Loop's thread: the loop closes, and arrived() will not be called. Gives up what belongs to the loop.
    virtual void closed() noexcept = 0;

private:
    enum class State : std::uint8_t { open, posting, posted, cut };
    static void run_link(ReadyNode& node, Turn turn);
    [[nodiscard]] bool take_back() noexcept;

    LoopCore* loop_ = nullptr;
    Atomic<std::uint32_t> references_{1};
    Atomic<State> state_{State::open};
    const bool may_come_soon_;
};

class Delivery;

/// The state of a loop's future whose outcome comes from another thread; the untyped part.
class DeliveredCore : public FutureCore {
public:
    bool cancel(std::string_view message) noexcept final;

protected:
    explicit DeliveredCore(LoopCore& loop) noexcept : FutureCore(loop) {}

private:
    friend class Delivery;
    Delivery* from_ = nullptr;  // while connected; it then holds a reference to this future
};

template <class T>
class DeliveredState final : public DeliveredCore {
public:
    explicit DeliveredState(LoopCore& loop) noexcept : DeliveredCore(loop) { place_slot(slot_); }
    ~DeliveredState() override { report_if_unretrieved(); }

private:
    Slot<T> slot_;
};

/// Brings an outcome from another thread to a future of a loop.
class Delivery : public LoopLink {
public:
    /// Loop's thread; once. Throws std::bad_alloc.
    void deliver_to(DeliveredCore& future);

protected:
    explicit Delivery(bool may_come_soon = false) noexcept : LoopLink(may_come_soon) {}

    /// Loop's thread: the future is cancelled; what was not started need not be.
    virtual void revoke() noexcept = 0;
    /// Loop's thread: the loop closes.
    virtual void abandoned() noexcept {}
    /// Loop's thread: makes the pending future done. What it throws becomes the future's exception.
    virtual void settle(FutureCore& future) = 0;

private:
    friend class DeliveredCore;
    void arrived() final;
    void closed() noexcept final;
    [[nodiscard]] FuturePtr take_future() noexcept;

    IntrusivePtr<DeliveredCore> future_;
};

}  // namespace asyncio::detail
