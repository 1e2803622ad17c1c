#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/task/async_with.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/future.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/settle.hpp>
#include <asyncio/task/timeout.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// Cancels the future and waits until it is done, as long as that takes.
Coro<> cancel_and_wait(FuturePtr future);
/// For the future that cancel_and_wait has waited for: throws TimeoutError when it has ended with CancelledError.
void throw_if_timed_out(FutureCore& future);

/// Awaits what may itself be given as an rvalue, with a limit.
template <class R, class A>
Coro<R> await_with_limit(A awaitable, TimeLimit delay) {
    Timeout limit = timeout(delay);
    limit.aenter();
    Slot<R> outcome;
    try {
        if constexpr (std::is_void_v<R>) {
            co_await static_cast<A&&>(awaitable);
        } else {
            outcome.emplace(co_await static_cast<A&&>(awaitable));
        }
    } catch (...) {
        outcome.error = std::current_exception();
    }
    limit.aexit(outcome.error);
    co_return take_outcome_of(outcome);
}

/// A future, when the time limit has passed already.
template <class T>
Coro<T> take_or_cancel(FuturePtr future) {
    if (!future->done()) {
        co_await cancel_and_wait(future);
        throw_if_timed_out(*future);
    }
    co_return take_result<T>(*future);
}

template <class R, class A>
Coro<R> await_in_frame(A awaitable) {
    co_return co_await static_cast<A&&>(awaitable);
}

template <class R, class A>
Coro<R> as_coro(A&& awaitable) {
    if constexpr (is_coro<A>) {
        return std::move(awaitable);
    } else {
        return await_in_frame<R, A>(static_cast<A&&>(awaitable));
    }
}

/// Anything else, when the time limit has passed already: it does not start any more.
template <class R, class A>
Coro<R> await_without_time(A awaitable) {
    // A task that is cancelled before its first step takes the iterations that Python's takes.
    auto task = start_task(require_running_loop(), as_coro<R, A>(static_cast<A&&>(awaitable)),
                           TaskOptions{.eager_start = false});
    co_await cancel_and_wait(FuturePtr(&task.core()));
    throw_if_timed_out(task.core());
    co_return take_result<R>(task.core());
}

/// The body of a wait_for as async_with calls it: a coroutine, or a callable that returns one, which moves out.
template <class R, class Source>
class LimitedBody {
public:
    explicit LimitedBody(Source&& source) : source_(std::forward<Source>(source)) {}
    LimitedBody(LimitedBody&&) = default;

    Coro<R> operator()(const WaitLimit& limit) {
        if constexpr (is_coro<Source>) {
            return limit.no_time() ? await_without_time<R, Coro<R>>(std::move(source_)) : std::move(source_);
        } else {
            return limit.no_time() ? await_without_time<R, Coro<R>>(to_coro(std::forward<Source>(source_))) : source_();
        }
    }

private:
    Source source_;
};
template <class R, class Source>
using WaitForAwaiter = WithAwaiter<WaitLimit, LimitedBody<R, Source>, R>;

/// An awaitable is kept in the frame if it can be; an awaiter that cannot be moved stays where the caller has it.
template <class A>
using KeptAwaitable =
    std::conditional_t<std::constructible_from<std::remove_cvref_t<A>, A>, std::remove_cvref_t<A>, A&&>;

}  // namespace detail

/// Waits for a future, a coroutine or any other awaitable, at most `limit` long (nullopt: without limit). Gives its
/// result. A coroutine, or a callable that returns one, runs inside the calling task.
///
///     auto line = co_await asyncio::wait_for(reader.readline(), 5s);
///
/// When the time is over, what is awaited is cancelled and waited for to its end, then TimeoutError is thrown
/// (`cause()` is the CancelledError); when it refuses and returns a value, that is the result. Not positive: a future
/// that is done gives its result, anything else is not started and TimeoutError is thrown. To keep a task running, use
/// shield. An awaiter that cannot be moved (such as `sleep`) must be awaited in the same expression.
///
/// Throws what the awaited one throws; TimeoutError; RuntimeError when no loop runs in this thread.
/// Cancellation: of the caller cancels what is awaited, and CancelledError comes out.
/// Mirrors asyncio.wait_for.
template <class A>
    requires Awaitable<A> || detail::CoroutineFunction<std::remove_cvref_t<A>>
[[nodiscard]] auto wait_for(A&& awaitable, TimeLimit limit) {
    using Given = std::remove_cvref_t<A>;
    [[maybe_unused]] const bool no_time = detail::WaitLimit(limit).no_time();
    detail::require_safe_handle<A>();
    if constexpr (std::derived_from<Given, AnyFuture>) {
        using R = AwaitResult<Given>;
        if (no_time) return detail::take_or_cancel<R>(detail::FuturePtr(&awaitable.core()));
        return detail::await_with_limit<R, Given>(std::forward<A>(awaitable), limit);
    } else if constexpr (detail::is_coro<Given>) {
        using R = typename Given::value_type;
        return detail::WaitForAwaiter<R, Given>(std::in_place, limit, std::move(awaitable));
    } else if constexpr (Awaitable<A>) {
        using R = AwaitResult<A>;
        using Kept = detail::KeptAwaitable<A>;
        if (no_time) return detail::await_without_time<R, Kept>(std::forward<A>(awaitable));
        return detail::await_with_limit<R, Kept>(std::forward<A>(awaitable), limit);
    } else {
        detail::require_safe_closure<A>();
        detail::require_callable(awaitable);
        using R = detail::CoroValue<Given>;
        using Source = detail::Kept<A>;
        return detail::WaitForAwaiter<R, Source>(std::in_place, limit, std::forward<A>(awaitable));
    }
}

/// The same for durations of every unit.
template <class A, class Rep, class Period>
    requires Awaitable<A> || detail::CoroutineFunction<std::remove_cvref_t<A>>
[[nodiscard]] auto wait_for(A&& awaitable, std::chrono::duration<Rep, Period> limit) {
    return wait_for(std::forward<A>(awaitable), TimeLimit(detail::to_clock_duration(limit)));
}

namespace detail {
struct WaitForTakesAnAwaitableOrACallableWithoutParametersThatReturnsACoro;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::wait_for takes a coroutine, a future, another awaitable, or a callable without parameters that returns a "
    "coroutine: write wait_for(f(x), 5s), where f is a function that returns asyncio::Coro<>",
    detail::WaitForTakesAnAwaitableOrACallableWithoutParametersThatReturnsACoro wait_for(detail::Anything, TimeLimit))
template <class Rep, class Period>
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::wait_for takes a coroutine, a future, another awaitable, or a callable without parameters that returns a "
    "coroutine: write wait_for(f(x), 5s), where f is a function that returns asyncio::Coro<>",
    detail::WaitForTakesAnAwaitableOrACallableWithoutParametersThatReturnsACoro wait_for(
        detail::Anything, std::chrono::duration<Rep, Period>))

/// The mistake in `wait_for(f(), 5)`.
template <class A, class Number>
    requires std::is_arithmetic_v<Number>
Coro<> wait_for(A&&, Number) {
    static_assert(!std::is_arithmetic_v<Number>,
                  "asyncio::wait_for takes a duration, not a number: write asyncio::wait_for(…, 5s) with "
                  "using namespace std::chrono_literals, or std::nullopt for no limit");
    detail::throw_no_value();
}

}  // namespace asyncio
