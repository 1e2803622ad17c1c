#pragma once

#include <asyncio/sync/acquire.hpp>
#include <asyncio/sync/guard.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <cstddef>
#include <string>

namespace asyncio {

class RWLock;

/// See RWLock::statistics.
struct RWLockStatistics {
    WaitStatistics waiters;   ///< readers and writers
    std::size_t readers = 0;  ///< those who hold it, or were chosen to
    bool writing = false;     ///< a writer holds it, or was chosen to
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
    friend class Acquire<RWLockSide>;
    static constexpr const char* type_name = "RWLock";
    static constexpr bool guards_name_holders = true;

    RWLockSide(RWLock& lock, bool writes) noexcept : lock_(lock), writes_(writes) {}

    // For Acquire. What is released is the waiter's as soon as it is chosen.
    [[nodiscard]] bool try_take() noexcept;
    [[nodiscard]] WaitList& line() noexcept;
    [[nodiscard]] LoopBinding& binding() noexcept;
    void taken(TaskCore*) noexcept {}
    void not_taken(bool chosen) noexcept;
    /// A writer that leaves no longer keeps out the readers behind it.
    void left() noexcept;
    void name_blockers(Blockers& blockers, const ListedWaiter& asking) const;
    [[nodiscard]] std::string repr() const;

    RWLock& lock_;
    bool writes_;
    IntrusiveList<GuardHook> guards_;
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
    detail::Acquire<detail::RWLockSide> acquire_read() noexcept { return detail::Acquire(read_); }
    /// The same for writing.
    detail::Acquire<detail::RWLockSide> acquire_write() noexcept { return detail::Acquire(write_); }
    /// As `acquire_read`; the await gives a guard that releases.
    GuardAwaiter<detail::RWLockSide> read_guard() noexcept { return GuardAwaiter<detail::RWLockSide>(read_); }
    /// As `acquire_write`; the await gives a guard that releases.
    GuardAwaiter<detail::RWLockSide> write_guard() noexcept { return GuardAwaiter<detail::RWLockSide>(write_); }

    /// One reader leaves. Throws RuntimeError "RWLock is not acquired for reading." when there is none.
    void release_read();
    /// The writer leaves. Throws RuntimeError "RWLock is not acquired for writing." when there is none.
    void release_write();

    /// Whether `acquire_read()` would have to wait.
    [[nodiscard]] bool read_locked() const noexcept { return writing_ || waiters_.waiting(); }
    /// Whether `acquire_write()` would have to wait.
    [[nodiscard]] bool write_locked() const noexcept { return readers_ > 0 || read_locked(); }

    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] RWLockStatistics statistics() const;
    /// `<RWLock at 0x… [unlocked]>`, `[readers:2, waiters:1]`, `[writing]`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::RWLockSide;

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

inline bool detail::RWLockSide::try_take() noexcept {
    return lock_.try_take(writes_);
}
inline detail::WaitList& detail::RWLockSide::line() noexcept {
    return lock_.waiters_;
}
inline detail::LoopBinding& detail::RWLockSide::binding() noexcept {
    return lock_.binding_;
}

extern template class detail::Acquire<detail::RWLockSide>;

}  // namespace asyncio
