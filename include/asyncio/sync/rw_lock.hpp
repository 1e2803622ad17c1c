#pragma once

#include <asyncio/sync/guard.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <cstddef>
#include <string>
#include <string_view>

namespace asyncio {

class RWLock;

/// See RWLock::statistics.
struct RWLockStatistics {
    WaitStatistics waiters;   ///< readers and writers
    std::size_t readers = 0;  ///< those who hold it, or were chosen to
    bool writing = false;
    std::string writer;  ///< name of the task that holds it for writing; empty when none, or taken outside of a task
};

namespace detail {

/// The way in which a guard, and who waits, wants a RWLock: releases what it stands for.
class RWLockSide {
public:
    RWLockSide(const RWLockSide&) = delete;
    RWLockSide& operator=(const RWLockSide&) = delete;

    void release();

private:
    template <class>
    friend class asyncio::Guard;
    friend class asyncio::RWLock;
    friend class RWLockAcquire;

    RWLockSide(RWLock& lock, bool writes) noexcept : lock_(lock), writes_(writes) {}

    RWLock& lock_;
    bool writes_;
    IntrusiveList<GuardHook> guards_;
};

/// What RWLock::acquire_read and acquire_write return.
class [[nodiscard("write co_await lock.acquire_read()")]] RWLockAcquire : public ListedWaiter {
public:
    explicit RWLockAcquire(RWLockSide& side) noexcept : side_(&side) {}
    RWLockAcquire(RWLockAcquire&& unstarted) noexcept : RWLockAcquire(*unstarted.side_) {}
    ~RWLockAcquire() {
        if (stage_ != Stage::idle) [[unlikely]]
            give_up();
    }

    [[nodiscard]] bool await_ready() noexcept;

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    bool await_resume() {
        if (stage_ != Stage::idle) finish();
        return true;
    }

    bool cancel(std::string_view message) noexcept override;
    [[nodiscard]] bool writes() const noexcept { return side_->writes_; }

protected:
    [[nodiscard]] RWLockSide& primitive() const noexcept { return *side_; }

private:
    void enter();
    void finish();
    void give_up() noexcept;

    RWLockSide* side_;
};

}  // namespace detail

/// A read-write lock: many tasks may read at a time, or one may write and nobody else is inside.
///
///     auto guard = co_await lock.read_guard();    // together with other readers
///     auto guard = co_await lock.write_guard();   // alone
///
/// Fair: tasks get it in the order in which they asked, readers that stand next to each other in the line together. A
/// reader does not overtake a writer who waits, so that neither starves; therefore a task that reads must not ask to
/// read again: a writer between the two would make it wait for itself. There is no way up from reading to writing:
/// release first. What is released belongs to the next at once, before it runs. Construction needs no loop; it is bound
/// to the loop of the first task that has to wait for it.
///
/// Destroying it while tasks wait wakes them with RuntimeError; its guards have nothing to release then.
/// Cancellation of a wait: CancelledError, the task leaves the line, and those behind it move up at once.
/// Thread safety: none, for the loop's own thread only. Python's asyncio has none; named after aiorwlock's.
class RWLock {
public:
    RWLock() noexcept = default;
    RWLock(const RWLock&) = delete;
    RWLock& operator=(const RWLock&) = delete;

    /// Waits until it may be read, and takes it so; the await gives true. Does not give way when nobody writes or
    /// waits.
    ///
    /// Throws RuntimeError when it has to wait and no task runs, when the lock belongs to another loop, and when it is
    /// destroyed meanwhile.
    detail::RWLockAcquire acquire_read() noexcept { return detail::RWLockAcquire(read_); }
    /// The same for writing.
    detail::RWLockAcquire acquire_write() noexcept { return detail::RWLockAcquire(write_); }
    /// As `acquire_read`; the await gives a guard that releases.
    GuardAwaiter<detail::RWLockAcquire, detail::RWLockSide> read_guard() noexcept {
        return GuardAwaiter<detail::RWLockAcquire, detail::RWLockSide>(read_);
    }
    /// As `acquire_write`; the await gives a guard that releases.
    GuardAwaiter<detail::RWLockAcquire, detail::RWLockSide> write_guard() noexcept {
        return GuardAwaiter<detail::RWLockAcquire, detail::RWLockSide>(write_);
    }

    /// One reader leaves. Throws RuntimeError "RWLock is not acquired for reading." when there is none.
    void release_read();
    /// The writer leaves. Throws RuntimeError "RWLock is not acquired for writing." when there is none.
    void release_write();

    /// Whether `acquire_read()` would have to wait.
    [[nodiscard]] bool read_locked() const noexcept { return writing_ || waiters_.waiting(); }
    /// Whether `acquire_write()` would have to wait.
    [[nodiscard]] bool write_locked() const noexcept { return readers_ > 0 || read_locked(); }

    [[nodiscard]] RWLockStatistics statistics() const;
    /// `<RWLock at 0x… [unlocked]>`, `[readers:2, waiters:1]`, `[writing]`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::RWLockAcquire;

    [[nodiscard]] bool try_take(bool writes) noexcept {
        if (writes ? write_locked() : read_locked()) return false;
        take(writes, detail::running_task());
        return true;
    }
    void take(bool writes, detail::TaskCore* task) noexcept;
    void give_back(bool writes) noexcept;
    void choose_all_allowed() noexcept;

    std::size_t readers_ = 0;
    bool writing_ = false;
    detail::TaskPtr writer_;  // kept alive, so that it can be named
    detail::WaitList waiters_;
    detail::RWLockSide read_{*this, false};
    detail::RWLockSide write_{*this, true};
    detail::LoopBinding binding_;
};

inline bool detail::RWLockAcquire::await_ready() noexcept {
    return side_->lock_.try_take(side_->writes_);
}

}  // namespace asyncio
