#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/task/future_core.hpp>

#include <cstdint>
#include <string_view>

namespace asyncio::detail {

class AnswerSource;
class LoopLink;

/// A loop's entry for a link that is open. It lies apart from what the other thread touches, since the entries before
/// and after it in the list write to it, too.
struct LinkEntry : ListHook {
    LoopLink* link = nullptr;
    const AnswerSource* source = nullptr;  // which brings its answer; only compared
};

/// A message that another thread may once send to a loop, without keeping the loop alive and without a lock.
///
///     open ──post()──► posted ──► arrived(), in the loop's thread
///       └────cut()───► cut: post() does nothing any more
///
/// From connect() on the loop has it in a list, with a reference, and cuts it when it closes, or waits for its arrival;
/// so the other thread touches the loop only while that still waits for it. Who has posted does not touch the link any
/// more: the loop's processor has its memory by then.
class LoopLink : public ReadyNode {
public:
    void retain() noexcept { references_.fetch_add(1, memory_relaxed); }
    void release(std::uint32_t count = 1) noexcept {
        if (references_.fetch_sub(count, memory_acq_rel) == count) delete this;
    }

    /// Loop's thread; once. The entry must live until arrived() or closed(), or until it was cut. Throws
    /// std::bad_alloc.
    void connect(LoopCore& loop, LinkEntry& entry);
    /// The other side; once, holding a reference, which goes with it. Nothing happens when it was cut before.
    void post_and_release() noexcept {
        if (claim()) {
            send();
        } else {
            release();
        }
    }
    /// The same in two steps: after true, send() has to follow soon, for a loop that closes waits for it. False: it was
    /// cut before, or connect() has failed.
    [[nodiscard]] bool claim() noexcept;
    void send() noexcept;
    /// The same; the reference stays.
    void post() noexcept {
        retain();
        post_and_release();
    }
    /// Loop's thread: what has not been posted is not wanted any more. Releases the list's reference. False: it has
    /// been posted, and will arrive.
    bool cut() noexcept;
    /// The same when the loop closes: calls closed(). False: it was posted, and is about to arrive.
    [[nodiscard]] bool close() noexcept;
    /// Whether that is one of these.
    [[nodiscard]] static bool is_link(const ReadyNode& node) noexcept { return node.run == &run_link; }
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
    enum class State : std::uint8_t { open, posted, cut };
    static void run_link(ReadyNode& node, Turn turn);
    [[nodiscard]] bool take_back() noexcept;

    LoopCore* loop_ = nullptr;
    LinkEntry* entry_ = nullptr;
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
    LinkEntry entry_;           // of that
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
