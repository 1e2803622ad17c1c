#pragma once

#include <asyncio/sync/lock.hpp>
#include <asyncio/task/closure.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace asyncio {

class Condition;

/// See Condition::statistics.
struct ConditionStatistics {
    WaitStatistics waiters;  ///< those who wait for a notification
    LockStatistics lock;     ///< with those who wait to get it back
};

namespace detail {

/// What Condition::wait returns; the part of wait_for that knows no predicate.
///
///     notified or cancelled ──► reacquiring ──► done
///               ▲                 ▲      │ its turn, and not free or cancelled again
///               │                 └──────┘
///               └─ wait_for's predicate does not hold yet
///
/// A cancellation never cuts the second wait short: it is kept, and thrown when the lock is held again.
class [[nodiscard("write co_await condition.wait()")]] ConditionWait : public ListedWaiter, private ReadyNode {
public:
    explicit ConditionWait(Condition& condition) noexcept : ReadyNode(&run), condition_(&condition) {}
    ConditionWait(ConditionWait&& unstarted) noexcept : ConditionWait(*unstarted.condition_) {}
    ~ConditionWait();

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        start();
        suspend(handle);
    }

    bool await_resume() {
        finish();
        return true;
    }

    bool cancel(std::string_view message) noexcept override;
    /// Of the lock. Who will notify, nobody knows.
    void name_blockers(Blockers& blockers) const override;
    /// The condition goes; the wait goes on to get the lock back, if there is one.
    void orphan() noexcept;

protected:
    /// Whether the wait is over, with the lock held; asked in the task's context.
    virtual bool satisfied() { return true; }
    void finish();
    [[nodiscard]] Condition& primitive() const noexcept { return *condition_; }

private:
    void start();
    void release() noexcept;
    [[nodiscard]] bool reacquire() noexcept;
    void park() noexcept;
    void hold() noexcept;
    [[nodiscard]] bool finished() noexcept;
    void keep_cancellation() noexcept;
    static void run(ReadyNode& node, Turn turn);

    Condition* condition_;
    ListHook alive_;  // linked, in the condition's list, from the start of the wait on as long as the condition exists
    Lock* lock_ = nullptr;
    /// The guard that holds the lock, while this wait has released it: it has nothing to release when the frame is
    /// destroyed meanwhile.
    IntrusiveList<GuardHook> parked_;
    bool guarded_ = false;  // there was such a guard
    std::exception_ptr error_;
    bool reacquiring_ = false;
    bool destroyed_ = false;
    bool accepted_ = false;        // cancelled since the last turn, and error_ says so
    bool failed_in_wait_ = false;  // error_ is not the predicate's: the notification, if any, is handed on
};

/// What Condition::wait_for returns.
template <class Predicate>
class [[nodiscard("write co_await condition.wait_for(predicate)")]] ConditionWaitFor final : public ConditionWait {
public:
    using Result = std::decay_t<std::invoke_result_t<Predicate&>>;

    template <class P>
    ConditionWaitFor(Condition& condition, P&& predicate)
        : ConditionWait(condition),
          predicate_(std::forward<P>(predicate)) {}
    ConditionWaitFor(ConditionWaitFor&& unstarted)
        : ConditionWaitFor(unstarted.primitive(), std::move(unstarted.predicate_)) {}

    [[nodiscard]] bool await_ready() { return satisfied(); }

    Result await_resume() {
        if (task_ != nullptr) finish();
        return std::move(*result_);
    }

private:
    bool satisfied() override {
        result_.emplace(predicate_());
        return static_cast<bool>(*result_);
    }

    Predicate predicate_;
    std::optional<Result> result_;
};

}  // namespace detail

/// Lets tasks wait until another changes something and notifies them. Whoever looks at that something, changes it,
/// waits or notifies holds the condition's lock.
///
///     auto guard = co_await condition.guard();
///     co_await condition.wait_for([&] { return !jobs.empty(); });
///
/// Destroying it while tasks wait wakes them with RuntimeError, once they have the lock again if it still exists.
/// Thread safety: none, for the loop's own thread only. Mirrors asyncio.Condition.
class Condition {
public:
    /// With a lock of its own.
    Condition() noexcept : lock_(&own_) {}
    /// Shares `lock`, which must outlive the condition.
    explicit Condition(Lock& lock) noexcept : lock_(&lock) {}
    ~Condition();
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// As `Lock::locked`.
    [[nodiscard]] bool locked() const noexcept { return lock_->locked(); }
    /// As `Lock::acquire`.
    detail::Acquire<Lock> acquire() noexcept { return lock_->acquire(); }
    /// As `Lock::guard`.
    GuardAwaiter<Lock> guard() noexcept { return lock_->guard(); }
    /// As `Lock::release`.
    void release() { lock_->release(); }

    /// Releases the lock, waits for a notification, and takes the lock again behind those who wait for it already. The
    /// await gives true. It may also return without a notification: check what you wait for, or use `wait_for`.
    ///
    /// Throws RuntimeError when nobody holds the lock, when the condition belongs to another loop, and when it is
    /// destroyed meanwhile.
    /// Cancellation: the lock is taken again first, however long that takes and whatever else is cancelled meanwhile;
    /// then the last CancelledError is thrown. If a notification had arrived, another waiter gets it.
    detail::ConditionWait wait() noexcept { return detail::ConditionWait(*this); }

    /// Waits until `predicate()` holds, which is asked at once and after each notification, with the lock held. The
    /// await gives its last value. Does not give way when it holds at once.
    ///
    /// Throws what the predicate throws, with the lock held; otherwise as `wait`.
    template <class Predicate>
        requires std::is_constructible_v<bool, std::invoke_result_t<std::decay_t<Predicate>&>>
    detail::ConditionWaitFor<std::decay_t<Predicate>> wait_for(Predicate&& predicate) {
        detail::require_safe_closure<Predicate>();
        return detail::ConditionWaitFor<std::decay_t<Predicate>>(*this, std::forward<Predicate>(predicate));
    }

    /// Wakes the first `n` who wait and are not notified yet, or all when they are fewer. They return once they have
    /// the lock, one after the other. Throws RuntimeError when nobody holds the lock.
    void notify(std::ptrdiff_t n = 1) {
        lock_->check_thread();
        if (!locked()) [[unlikely]]
            throw_not_locked("notify");
        choose(n);
    }
    /// Wakes all who wait at this moment. Throws as `notify`.
    void notify_all() {
        lock_->check_thread();
        if (!locked()) [[unlikely]]
            throw_not_locked("notify");
        waiters_.choose_all();
    }

    /// Who waits for a notification, and the state of the lock, for debugging and monitoring.
    [[nodiscard]] ConditionStatistics statistics() const { return {waiters_.statistics(), lock_->statistics()}; }
    /// `<Condition at 0x… [unlocked, waiters:2]>`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::ConditionWait;

    void choose(std::ptrdiff_t n) noexcept {
        for (; n > 0 && waiters_.choose(); --n) {
        }
    }
    [[noreturn]] static void throw_not_locked(const char* verb);

    Lock own_;  // of no use when it shares another
    Lock* lock_;
    detail::WaitList waiters_;
    detail::IntrusiveList<detail::ListHook> waits_;  // also those who want the lock back
    detail::LoopBinding binding_;
};

}  // namespace asyncio
