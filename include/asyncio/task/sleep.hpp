#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// Waits for a timer, or one iteration when the delay is not positive. Small, because every sleeping task holds one.
class SleepAwaiter : public Waiter, private TimerNode {
public:
    /// In `when` is a delay until the wait starts, then the deadline.
    explicit SleepAwaiter(Clock::duration delay) noexcept : TimerNode(Clock::time_point(delay)) {}
    /// One that was not awaited yet may be moved, into a task for instance.
    SleepAwaiter(SleepAwaiter&& unstarted) noexcept : SleepAwaiter(unstarted.when.time_since_epoch()) {}
    ~SleepAwaiter() {
        if (scheduled()) [[unlikely]]
            abandon();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        if (when.time_since_epoch() <= Clock::duration::zero()) {
            task_->wake();
            task_->suspend(handle.promise(), nullptr);
        } else {
            start_timer();
            suspend(handle);
        }
    }

    void await_resume() { resumed(); }

    bool cancel(std::string_view message) noexcept override;

private:
    void start_timer();
    void abandon() noexcept;
    static void on_timer(ReadyNode& node, Turn turn);

    bool woken_;  // of one that waits for the timer
};

template <class T>
class SleepWithResult : public SleepAwaiter {
public:
    SleepWithResult(Clock::duration delay, T result) : SleepAwaiter(delay), result_(std::move(result)) {}

    T await_resume() {
        resumed();
        return std::move(result_);
    }

private:
    T result_;
};

}  // namespace detail

/// Waits for `delay`; never less by the loop's clock. Not positive: gives way for one iteration. Equal deadlines wake
/// in the order of their start.
///
/// Throws RuntimeError when no task runs. Cancellation: CancelledError in the next iteration, the timer is gone at
/// once. Mirrors asyncio.sleep.
template <class Rep, class Period>
[[nodiscard("write co_await asyncio::sleep(…)")]] detail::SleepAwaiter sleep(std::chrono::duration<Rep, Period> delay) {
    return detail::SleepAwaiter(detail::to_clock_duration(delay));
}

/// The same; the await gives `result`.
template <class Rep, class Period, class T>
[[nodiscard("write co_await asyncio::sleep(…)")]] detail::SleepWithResult<T> sleep(
    std::chrono::duration<Rep, Period> delay, T result) {
    return detail::SleepWithResult<T>(detail::to_clock_duration(delay), std::move(result));
}

/// The mistake in `sleep(1)`.
template <class Number, class... Result>
    requires std::is_arithmetic_v<Number>
detail::SleepAwaiter sleep(Number, Result&&...) {
    static_assert(!std::is_arithmetic_v<Number>,
                  "asyncio::sleep takes a duration, not a number: write asyncio::sleep(1s) with "
                  "using namespace std::chrono_literals, or asyncio::sleep(std::chrono::duration<double>(seconds))");
    return detail::SleepAwaiter(Clock::duration::zero());
}

}  // namespace asyncio
