#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncio {

class RateLimiter;

/// See RateLimiter::statistics.
struct RateLimiterStatistics {
    WaitStatistics waiters;   ///< who wait in `acquire`
    std::int64_t tokens = 0;  ///< whole ones in the bucket now; outside of the loop, after the last call
};

namespace detail {

/// What RateLimiter::acquire returns. The one at the head of the line has a timer for the moment at which its tokens
/// will be there.
class [[nodiscard("write co_await limiter.acquire()")]] RateLimiterAcquire : public ListedWaiter, private TimerNode {
public:
    RateLimiterAcquire(RateLimiter& limiter, std::int64_t tokens) noexcept
        : TimerNode(&on_timer),
          limiter_(&limiter),
          tokens_(tokens) {}
    RateLimiterAcquire(RateLimiterAcquire&& unstarted) noexcept
        : RateLimiterAcquire(*unstarted.limiter_, unstarted.tokens_) {}
    ~RateLimiterAcquire() {
        if (stage_ != Stage::idle) [[unlikely]]
            give_up();
    }

    [[nodiscard]] bool await_ready();

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    void await_resume() {
        if (stage_ != Stage::idle) finish();
    }

    bool cancel(std::string_view message) noexcept override;

private:
    friend class asyncio::RateLimiter;

    void enter();
    void finish();
    void give_up() noexcept;
    void arm(Clock::time_point when) noexcept;
    void disarm() noexcept;
    static void on_timer(ReadyNode& node, Turn turn);

    RateLimiter* limiter_;
    std::int64_t tokens_;
    bool armed_ = false;  // the timer is scheduled, or in the ready queue, which nothing can leave
};

}  // namespace detail

/// Limits how often something is done: a bucket of tokens that fills by `rate` tokens `per` a time and holds at most
/// `burst`. Full at first; each `acquire` takes tokens out, waiting until they are there.
///
///     asyncio::RateLimiter limiter(10, 1s, 3);   // ten a second, three of them at once after a pause
///     co_await limiter.acquire();
///
/// Keeps time with the loop's clock, in whole numbers: nothing drifts, however odd the rate. Fair: tokens go to tasks
/// in the order in which they asked, also past one who wants many. It belongs to the loop of the first task that
/// acquires.
///
/// Destroying it while tasks wait wakes them with RuntimeError.
/// Cancellation of a wait: CancelledError; no token is taken, those that it was about to get go to the next.
/// Thread safety: none, for the loop's own thread only. Python's asyncio has none; see aiolimiter.
class RateLimiter {
public:
    /// `burst`: 0 means `rate`. Throws std::invalid_argument when one of them is negative, or `rate` or `per` zero, and
    /// when they are too large to count with: `burst * per` beyond 290 years, where `per` counts in lowest terms with
    /// `rate`.
    template <class Rep, class Period>
    RateLimiter(std::int64_t rate, std::chrono::duration<Rep, Period> per, std::int64_t burst = 0)
        : RateLimiter(InClockTicks{}, rate, detail::to_clock_duration(per), burst) {}
    RateLimiter(const RateLimiter&) = delete;
    RateLimiter& operator=(const RateLimiter&) = delete;
    ~RateLimiter();

    /// Takes `tokens`, waiting until they are there and those who came before have theirs. Does not give way when they
    /// are there.
    ///
    /// Throws std::invalid_argument, at the call, when `tokens` is not in [1, burst]: more will never be there. Throws
    /// RuntimeError when no task runs, when the limiter belongs to another loop, and when it is destroyed meanwhile.
    detail::RateLimiterAcquire acquire(std::int64_t tokens = 1) {
        require_possible(tokens);
        return detail::RateLimiterAcquire(*this, tokens);
    }
    /// Takes `tokens` if `acquire` would not have to wait; otherwise returns false. Throws as `acquire`.
    [[nodiscard]] bool try_acquire(std::int64_t tokens = 1);

    /// How many tokens the bucket holds at most.
    [[nodiscard]] std::int64_t burst() const noexcept { return burst_; }
    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] RateLimiterStatistics statistics() const noexcept;
    /// `<RateLimiter at 0x… [tokens:2/3, waiters:1]>`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::RateLimiterAcquire;
    struct InClockTicks {};

    RateLimiter(InClockTicks tag, std::int64_t rate, Clock::duration per, std::int64_t burst);

    void require_possible(std::int64_t tokens) const;
    [[nodiscard]] bool try_take(detail::TaskCore& task, std::int64_t tokens);
    void give_back(detail::LoopCore& loop, std::int64_t tokens) noexcept;
    [[nodiscard]] std::int64_t level_at(Clock::time_point now) const noexcept;
    void serve(detail::LoopCore& loop) noexcept;
    /// When so many will be in the bucket.
    [[nodiscard]] Clock::time_point time_of(std::int64_t tokens) const noexcept;

    // A token is worth token_ units, and one tick of the clock brings rate_ units.
    std::int64_t rate_ = 0;
    std::int64_t token_ = 0;
    std::int64_t burst_ = 0;
    std::int64_t level_ = 0;  // in units, when last looked at
    Clock::time_point looked_at_{};
    detail::WaitList waiters_;
    detail::LoopBinding binding_;
};

}  // namespace asyncio
