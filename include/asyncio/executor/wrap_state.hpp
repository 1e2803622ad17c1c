#pragma once

#include <asyncio/executor/concurrent_core.hpp>
#include <asyncio/executor/loop_link.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

template <class T>
T take_or_copy(Slot<T>& slot, bool shared) {
    if constexpr (std::is_void_v<T> || std::is_reference_v<T> || !is_copyable<T>) {
        return slot.take();
    } else {
        if (!shared) return slot.take();
        return slot.get();
    }
}

/// Fills a slot with what another one gives up.
template <class T>
void move_value(Slot<T>& from, Slot<T>& to) {
    if constexpr (std::is_void_v<T>) {
        to.emplace();
    } else {
        to.emplace(from.take());
    }
}

/// Waits for a concurrent future on behalf of one of a loop; the untyped part.
class WrapLink : public Delivery, public ConcurrentDone {
public:
    /// Loop's thread; once.
    void start(DeliveredCore& future);

protected:
    explicit WrapLink(ConcurrentCore& source) noexcept : source_(&source) {}
    /// Copies the value over.
    virtual void settle_value(ConcurrentCore& source, FutureCore& future) = 0;

private:
    void fire(ConcurrentCore& source) noexcept final;
    void revoke() noexcept final;
    void abandoned() noexcept final { leave_source(); }
    void leave_source() noexcept;
    void settle(FutureCore& future) final;

    ConcurrentPtr source_;
};

template <class T>
class WrapLinkOf final : public WrapLink {
public:
    explicit WrapLinkOf(ConcurrentState<T>& source) noexcept : WrapLink(source) {}

private:
    void settle_value(ConcurrentCore& source, FutureCore& future) override {
        Slot<T>& from = static_cast<ConcurrentState<T>&>(source).typed_slot();
        Slot<T>& to = static_cast<Slot<T>&>(future.slot());
        if constexpr (std::is_void_v<T>) {
            to.emplace();
        } else {
            to.emplace(take_or_copy<T>(from, source.shared()));
        }
    }
};

/// A future of `loop` that follows `source`.
template <class T>
FuturePtr wrap_state(LoopCore& loop, ConcurrentState<T>& source) {
    IntrusivePtr<DeliveredState<T>> future(new DeliveredState<T>(loop));
    const auto link = IntrusivePtr<WrapLinkOf<T>>::adopt(new WrapLinkOf<T>(source));
    link->start(*future);
    return FuturePtr(future.get());
}

}  // namespace asyncio::detail
