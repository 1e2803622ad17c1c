#pragma once

#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <string>

namespace asyncio {

class Event;

/// See Event::statistics.
struct EventStatistics {
    WaitStatistics waiters;  ///< who wait in `wait`
    bool set = false;        ///< as `Event::is_set()`
};

namespace detail {

/// What Event::wait returns.
class [[nodiscard("write co_await event.wait()")]] EventWait : public ListedWaiter {
public:
    explicit EventWait(Event& event) noexcept : event_(&event) {}
    EventWait(EventWait&& unstarted) noexcept : EventWait(*unstarted.event_) {}
    ~EventWait() { static_cast<void>(abandon()); }

    [[nodiscard]] bool await_ready() const noexcept;

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    bool await_resume() {
        if (stage_ != Stage::idle) finish();
        return true;
    }

    /// The event goes; whoever was chosen before still returns.
    void orphan() noexcept { destroyed_ = stage_ == Stage::waiting; }

private:
    void enter();
    void finish();

    Event* event_;
    bool destroyed_ = false;
};

}  // namespace detail

/// A flag that tasks wait for. `set()` wakes all of them, in the order in which they came; they return also when the
/// flag is cleared before their turn. It can be used again after `clear()`.
///
/// Destroying it while tasks wait wakes them with RuntimeError. Cancellation of a wait: CancelledError, and nothing
/// else changes. Thread safety: none, for the loop's own thread only; from another use `loop.call_soon_threadsafe`.
/// Mirrors asyncio.Event.
class Event {
public:
    Event() noexcept = default;
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    /// Whether `wait()` would return at once.
    [[nodiscard]] bool is_set() const noexcept { return set_; }

    /// Wakes everybody. Does nothing when it is set. O(waiters).
    void set() {
        binding_.check_thread();
        if (set_) return;
        set_ = true;
        waiters_.choose_all();
    }
    /// Those who begin to wait from now on have to. Whoever was woken is not disturbed.
    void clear() noexcept { set_ = false; }

    /// Waits until it is set; the await gives true. Does not give way when it is set.
    ///
    /// Throws RuntimeError when it has to wait and no task runs, when the event belongs to another loop, and when it is
    /// destroyed meanwhile.
    detail::EventWait wait() noexcept { return detail::EventWait(*this); }

    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] EventStatistics statistics() const noexcept { return {waiters_.statistics(), set_}; }
    /// `<Event at 0x… [unset, waiters:2]>`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::EventWait;

    bool set_ = false;
    detail::WaitList waiters_;
    detail::LoopBinding binding_;
};

inline bool detail::EventWait::await_ready() const noexcept {
    return event_->set_;
}

}  // namespace asyncio
