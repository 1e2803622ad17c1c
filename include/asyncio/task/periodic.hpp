#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/task/periodic_core.hpp>

#include <utility>

namespace asyncio {

/// Keyword arguments of `PeriodicTask`.
struct PeriodicTaskOptions {
    /// Where it runs. Default: the loop that runs when `start()` is called.
    EventLoop* loop = nullptr;
    /// True: each interval begins when the call before has ended. False: calls stay on multiples of the interval from
    /// the first one; those that a long call has missed are skipped.
    bool drift = true;
    /// False: the first exception ends the series. True: it is reported and the series goes on.
    bool go_on_after_error = false;
};
static_assert(detail::trivially_destructible<PeriodicTaskOptions>);

/// Calls `function(arguments...)` again and again: first inside `start()`, then `interval` after each call has ended.
/// The function may be a coroutine function: each call is a task then, and the next one waits for its end.
///
///     asyncio::PeriodicTask heartbeat(1s, [&] { send_heartbeat(); });
///     heartbeat.start();
///
/// Function and arguments are stored by value. Options stand after the interval: `PeriodicTask(1s, {.drift = false},
/// f)`. Throws std::invalid_argument when the interval is not positive. What the first call throws comes out of
/// `start()`, later exceptions (and those of coroutines) go to the loop's exception handler; either ends the series,
/// unless `go_on_after_error` is set: then all are reported and it goes on. Cancellation: of a call's task ends the
/// series. A loop that is closed ends it, too, without a report. Destroying it ends the series. Thread safety: the
/// loop's thread only. Mirrors the PeriodicTask of asyncio tutorials, with `drift`, coroutines and `go_on_after_error`
/// added.
class PeriodicTask : public detail::PeriodicSeries {
public:
    /// Starts nothing yet; see `start()`.
    template <class Rep, class Period, class F, class... Args>
        requires detail::CallableWith<F, Args...>
    PeriodicTask(std::chrono::duration<Rep, Period> interval, F&& function, Args&&... arguments)
        : PeriodicTask(interval, PeriodicTaskOptions{}, std::forward<F>(function), std::forward<Args>(arguments)...) {}

    /// The same with options.
    template <class Rep, class Period, class F, class... Args>
        requires detail::CallableWith<F, Args...>
    PeriodicTask(std::chrono::duration<Rep, Period> interval, PeriodicTaskOptions options, F&& function,
                 Args&&... arguments)
        : PeriodicSeries({.name = "PeriodicTask",
                          .interval = detail::to_clock_duration(interval),
                          .loop = options.loop,
                          .first_at_once = true,
                          .drift = options.drift,
                          .go_on_after_error = options.go_on_after_error},
                         std::in_place, std::forward<F>(function), std::forward<Args>(arguments)...) {}
};

/// Keyword arguments of `PeriodicCallback`.
struct PeriodicCallbackOptions {
    /// Where it runs. Default: the loop that runs when `start()` is called.
    EventLoop* loop = nullptr;
    /// Spreads the calls of many: 0.1 makes each period random between 95 % and 105 %. At least 0, less than 2.
    double jitter = 0;
};
static_assert(detail::trivially_destructible<PeriodicCallbackOptions>);

/// Calls `callback()` at multiples of `callback_time` from `start()`, without drift; first one period after it. Beats
/// that a long call has missed are skipped, so no two calls overlap. The callback may be a coroutine function: each
/// call is a task then. With `jitter` each period is counted from the beat before.
///
///     asyncio::PeriodicCallback statistics([&] { print_statistics(); }, 500ms);
///     statistics.start();
///
/// Throws std::invalid_argument when the time is not positive or the jitter is out of range. Exceptions of the callback
/// go to the loop's exception handler, and the series goes on.
/// Cancellation: of a call's task ends the series. A loop that is closed ends it, too, without a report.
/// Destroying it ends the series. Thread safety: the loop's thread only.
/// Mirrors tornado.ioloop.PeriodicCallback.
class PeriodicCallback : public detail::PeriodicSeries {
public:
    /// Starts nothing yet; see `start()`.
    template <class F, class Rep, class Period>
        requires detail::CallableWith<F>
    PeriodicCallback(F&& callback, std::chrono::duration<Rep, Period> callback_time,
                     PeriodicCallbackOptions options = {})
        : PeriodicSeries({.name = "PeriodicCallback",
                          .interval = detail::to_clock_duration(callback_time),
                          .loop = options.loop,
                          .jitter = options.jitter,
                          .go_on_after_error = true},
                         std::in_place, std::forward<F>(callback)) {}
};

}  // namespace asyncio
