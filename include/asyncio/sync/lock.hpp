#pragma once

#include <asyncio/sync/acquire.hpp>
#include <asyncio/sync/guard.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <string>

namespace asyncio {

class Condition;

namespace detail {
class ConditionWait;
}  // namespace detail

/// See Lock::statistics.
struct LockStatistics {
    WaitStatistics waiters;  ///< who wait in `acquire` or `guard`
    bool locked = false;     ///< as `Lock::locked()`
    std::string holder;      ///< name of the task that holds it; empty when free, or when taken outside of a task
};

/// Mutual exclusion for the tasks of one loop.
///
///     auto guard = co_await lock.guard();   // released at the end of the scope
///
/// Fair: tasks get it in the order in which they asked, and nobody overtakes one who waits. A release wakes the first
/// one, who takes the lock in the next iteration; until then `locked()` is false. Not reentrant: a task that acquires
/// twice waits for itself. Construction needs no loop; the lock is bound to the loop of the first task that has to wait
/// for it.
///
/// Destroying it while tasks wait wakes them with RuntimeError; its guards have nothing to release then.
/// Cancellation of a wait: CancelledError, the task leaves the line, and a lock that it was about to get goes to the
/// next. Thread safety: none, for the loop's own thread only. Debug mode throws RuntimeError in another. Mirrors
/// asyncio.Lock.
class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Whether somebody has it. False, too, while one who was woken has not taken it yet.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

    /// Waits until it is free and takes it; the await gives true. Does not give way when it is free.
    ///
    /// Throws RuntimeError when it has to wait and no task runs, when the lock belongs to another loop, and when it is
    /// destroyed meanwhile.
    detail::Acquire<Lock> acquire() noexcept { return detail::Acquire<Lock>(*this); }
    /// The same; the await gives a guard that releases.
    GuardAwaiter<Lock> guard() noexcept { return GuardAwaiter<Lock>(*this); }

    /// Frees it and wakes the first who waits. Anybody may release it, not only the task that has it.
    ///
    /// Throws RuntimeError "Lock is not acquired." when it is free.
    void release() {
        check_thread();
        if (!locked_) [[unlikely]]
            throw_not_acquired();
        free();
    }

    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] LockStatistics statistics() const;
    /// `<Lock at 0x… [locked, waiters:2]>`
    [[nodiscard]] std::string repr() const;

private:
    template <class>
    friend class Guard;
    friend class Condition;
    friend class detail::Acquire<Lock>;
    friend class detail::ConditionWait;
    static constexpr const char* type_name = "Lock";
    static constexpr bool guards_name_holders = false;

    // For detail::Acquire.
    [[nodiscard]] bool try_take() noexcept { return try_take(detail::running_task()); }
    [[nodiscard]] detail::WaitList& line() noexcept { return waiters_; }
    [[nodiscard]] detail::LoopBinding& binding() noexcept { return binding_; }
    void taken(detail::TaskCore* task) noexcept { take(task); }
    void not_taken(bool) noexcept { hand_on(); }
    void name_blockers(detail::Blockers& blockers, const detail::ListedWaiter& asking) const;

    [[nodiscard]] bool try_take(detail::TaskCore* task) noexcept {
        if (locked_ || waiters_.live()) return false;
        take(task);
        return true;
    }
    void take(detail::TaskCore* task) noexcept {
        locked_ = true;
        holder_ = detail::TaskPtr(task);
    }
    void free() noexcept {
        locked_ = false;
        holder_ = nullptr;
        if (!waiters_.empty()) waiters_.choose_head();
    }
    /// Somebody who was chosen does not come.
    void hand_on() noexcept {
        if (!locked_) waiters_.choose_head();
    }
    void check_thread() const {
        if (holder_) holder_->loop().check_thread();
    }
    [[noreturn]] static void throw_not_acquired();

    bool locked_ = false;
    detail::TaskPtr holder_;  // kept alive, so that it can be named
    detail::WaitList waiters_;
    detail::IntrusiveList<detail::GuardHook> guards_;
    detail::LoopBinding binding_;
};

extern template class detail::Acquire<Lock>;

}  // namespace asyncio
