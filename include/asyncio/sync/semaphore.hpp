#pragma once

#include <asyncio/sync/acquire.hpp>
#include <asyncio/sync/guard.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <cstddef>
#include <limits>
#include <string>

namespace asyncio {

/// See Semaphore::statistics.
struct SemaphoreStatistics {
    WaitStatistics waiters;    ///< who wait in `acquire` or `guard`
    std::ptrdiff_t value = 0;  ///< units that are free
};

/// Lets a number of tasks in at a time: `acquire()` takes a unit or waits for one, `release()` gives one back.
///
///     auto guard = co_await semaphore.guard();   // one unit, given back at the end of the scope
///
/// Fair: units go to tasks in the order in which they asked. A released unit belongs to the first who waits at once,
/// before it runs: `value` is not seen to rise. There is no upper limit; see BoundedSemaphore. Construction needs no
/// loop; it is bound to the loop of the first task that has to wait for it.
///
/// Destroying it while tasks wait wakes them with RuntimeError; its guards have nothing to release then.
/// Cancellation of a wait: CancelledError; a unit that the task was about to get goes to the next.
/// Thread safety: none, for the loop's own thread only. Mirrors asyncio.Semaphore.
class Semaphore {
public:
    /// Throws std::invalid_argument when `value` is negative.
    explicit Semaphore(std::ptrdiff_t value = 1) : Semaphore(value, std::numeric_limits<std::ptrdiff_t>::max()) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Whether `acquire()` would have to wait: no unit is free, or somebody is to have one first (since 3.12).
    [[nodiscard]] bool locked() const noexcept { return value_ == 0 || waiters_.live(); }

    /// Takes a unit, waiting until there is one; the await gives true. Does not give way when one is free.
    ///
    /// Throws RuntimeError when it has to wait and no task runs, when the semaphore belongs to another loop, and when
    /// it is destroyed meanwhile.
    detail::Acquire<Semaphore> acquire() noexcept { return detail::Acquire<Semaphore>(*this); }
    /// The same; the await gives a guard that releases.
    GuardAwaiter<Semaphore> guard() noexcept { return GuardAwaiter<Semaphore>(*this); }

    /// Gives a unit to the first who waits, or else to the counter.
    ///
    /// A BoundedSemaphore throws std::invalid_argument when the counter is at its bound.
    void release() {
        binding_.check_thread();
        if (value_ >= bound_) [[unlikely]]
            throw_released_too_often();
        ++value_;
        choose_next();
    }

    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] SemaphoreStatistics statistics() const noexcept { return {waiters_.statistics(), value_}; }
    /// `<Semaphore at 0x… [unlocked, value:3]>`
    [[nodiscard]] std::string repr() const;

protected:
    /// `bound` is what the counter may not go beyond.
    Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound);

private:
    template <class>
    friend class Guard;
    friend class detail::Acquire<Semaphore>;
    static constexpr const char* type_name = "Semaphore";
    static constexpr bool guards_name_holders = true;

    // For detail::Acquire. A unit is the waiter's as soon as it is chosen.
    [[nodiscard]] bool try_take() noexcept {
        if (locked()) return false;
        --value_;
        return true;
    }
    [[nodiscard]] detail::WaitList& line() noexcept { return waiters_; }
    [[nodiscard]] detail::LoopBinding& binding() noexcept { return binding_; }
    /// Those who came while units were on their way had to queue behind them.
    void taken(detail::TaskCore*) noexcept { choose_all_allowed(); }
    void not_taken(bool chosen) noexcept {
        if (chosen) ++value_;
        choose_all_allowed();
    }
    void name_blockers(detail::Blockers& blockers, const detail::ListedWaiter& asking) const;

    [[nodiscard]] bool bounded() const noexcept { return bound_ != std::numeric_limits<std::ptrdiff_t>::max(); }
    bool choose_next() noexcept {
        if (!waiters_.choose()) return false;
        --value_;
        return true;
    }
    void choose_all_allowed() noexcept {
        while (value_ > 0 && choose_next()) {
        }
    }
    [[noreturn]] static void throw_released_too_often();

    std::ptrdiff_t value_;
    std::ptrdiff_t bound_;
    std::ptrdiff_t initial_;
    detail::WaitList waiters_;
    detail::IntrusiveList<detail::GuardHook> guards_;
    detail::LoopBinding binding_;
};

/// A Semaphore that notices when it is released more often than it was acquired.
///
/// The check sees the counter only: while a unit is on its way to a woken task, one surplus release is not noticed.
/// Mirrors asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
public:
    /// `value` is the bound, too. Throws std::invalid_argument when it is negative.
    explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, value) {}
};

extern template class detail::Acquire<Semaphore>;

}  // namespace asyncio
