#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/task/task_core.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>

namespace asyncio {

namespace detail {
class WaitLimit;
}  // namespace detail

/// Limits how long a body may take; a context manager for `async_with`. Made by `timeout` and `timeout_at`.
///
///     created ──aenter()──► active ──deadline──► expiring ──aexit()──► expired
///                              └──────────aexit()────────────────────► finished
///
/// When the deadline passes, the task is cancelled; the CancelledError that leaves the body becomes TimeoutError (its
/// `cause()` is the CancelledError), and the task's `cancelling()` is what it was before. Somebody else's cancellation
/// stays one. A body that never suspends after the deadline is not disturbed.
/// Thread safety: the loop's thread only. Mirrors asyncio.Timeout (since 3.11).
class Timeout {
public:
    /// With a deadline of the loop's clock; nullopt: none.
    explicit Timeout(std::optional<Clock::time_point> when) noexcept;
    /// Moves one that was not entered; throws RuntimeError otherwise, since the loop refers to it.
    Timeout(Timeout&& other)
        : when_(other.when_),
          requests_before_(other.requests_before_),
          has_deadline_(other.has_deadline_),
          state_(other.state_) {
        if (entered()) [[unlikely]]
            throw_entered();
    }
    Timeout& operator=(Timeout&&) = delete;
    ~Timeout() { drop_alarm(); }

    /// The deadline by `loop.time()`; nullopt when there is none.
    [[nodiscard]] std::optional<Clock::time_point> when() const noexcept;
    /// Moves the deadline; one that has passed expires in the next iteration, nullopt takes it away. Throws
    /// RuntimeError when the body does not run, or the deadline has passed.
    void reschedule(std::optional<Clock::time_point> when);
    /// True from the moment at which the deadline took effect, and for ever.
    [[nodiscard]] bool expired() const noexcept { return state_ == State::expiring || state_ == State::expired; }
    /// `<Timeout [active] when=12.5>`
    [[nodiscard]] std::string repr() const;

    /// For `async_with`. Throws RuntimeError when entered before, or outside of a task.
    void aenter();
    /// Throws TimeoutError in the place of the CancelledError that the deadline caused.
    void aexit(const std::exception_ptr& error);

private:
    friend class detail::WaitLimit;
    friend Timeout timeout(TimeLimit delay);
    Timeout() noexcept = default;  // no deadline
    enum class State : std::uint8_t { created_now, created, active, expiring, expired, finished };
    [[nodiscard]] bool entered() const noexcept { return state_ > State::created; }
    [[nodiscard]] const char* state_name() const noexcept;
    [[noreturn]] static void throw_entered();
    class Alarm;
    detail::LoopCore& enter();
    void set_alarm(detail::LoopCore& loop, Clock::time_point when, bool is_due);
    void drop_alarm() noexcept {
        if (alarm_ != nullptr) cancel_alarm();
    }
    void cancel_alarm() noexcept;
    void expire() noexcept;

    Clock::time_point when_{};  // and has_deadline_: std::optional would cost every file of a user
    detail::TaskPtr task_;
    Alarm* alarm_ = nullptr;             // owned while it waits for its time; one that is queued deletes itself
    std::uint32_t requests_before_ = 0;  // of `created_now`: the loop's wake-ups, which tell whether time has passed
    bool has_deadline_ = false;
    State state_ = State::created;
};

/// A limit of `delay` from this call on (not from entering); nullopt: none. Not positive: the body runs to its first
/// suspension. Throws RuntimeError when no loop runs in this thread.
///
///     co_await asyncio::async_with(asyncio::timeout(1s), [&](auto&) -> asyncio::Coro<> { co_await work(); });
///
/// Mirrors asyncio.timeout (since 3.11).
[[nodiscard]] Timeout timeout(TimeLimit delay);
/// The same for durations of every unit.
template <class Rep, class Period>
[[nodiscard]] Timeout timeout(std::chrono::duration<Rep, Period> delay) {
    return timeout(TimeLimit(detail::to_clock_duration(delay)));
}
/// The mistake in `timeout(5)`.
template <class Number>
    requires std::is_arithmetic_v<Number>
Timeout timeout(Number) {
    static_assert(!std::is_arithmetic_v<Number>,
                  "asyncio::timeout takes a duration, not a number: write asyncio::timeout(5s) with "
                  "using namespace std::chrono_literals, or std::nullopt for no limit");
    return timeout(TimeLimit());
}

/// A limit at a time of the loop's clock; nullopt: none. Mirrors asyncio.timeout_at (since 3.11).
[[nodiscard]] Timeout timeout_at(std::optional<Clock::time_point> when);

namespace detail {

/// The limit of a wait_for, which begins when that is awaited; a context manager. A limit that is not positive does
/// nothing: what it is about does not start.
class WaitLimit {
public:
    explicit WaitLimit(TimeLimit delay) noexcept : delay_(delay) {}

    [[nodiscard]] bool no_time() const noexcept { return delay_ && *delay_ <= Clock::duration::zero(); }
    void aenter();
    void aexit(const std::exception_ptr& error) {
        if (!no_time()) timeout_.aexit(error);
    }

private:
    TimeLimit delay_;
    Timeout timeout_;
};

}  // namespace detail

}  // namespace asyncio
