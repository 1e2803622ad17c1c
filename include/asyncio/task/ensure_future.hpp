#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/loop/policy.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/create_task.hpp>

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

/// Future, Task, AnyFuture or AnyTask.
template <class A>
concept FutureHandle = std::derived_from<std::remove_cvref_t<A>, AnyFuture>;

/// What ensure_future takes.
template <class A>
concept Ensurable = FutureHandle<A> || Spawnable<A> || ForeignAwaitable<A>;

/// Throws std::invalid_argument when the future is not of `loop`; a null `loop` becomes that of the future.
void expect_loop(LoopCore*& loop, const FutureCore& future);

/// The running or else the current loop. When there is none, a coroutine is closed: nobody forgot to await it.
template <class A>
LoopCore& loop_for(A& argument) {
    try {
        return default_loop();
    } catch (...) {
        if constexpr (is_coro<std::remove_cv_t<A>>) argument.close();
        throw;
    }
}

/// A future of `argument`. A null `loop` becomes that of the future, or else that of get_event_loop(); otherwise a
/// future of another loop is refused with std::invalid_argument.
template <Ensurable A>
auto ensure(LoopCore*& loop, A&& argument) {
    if constexpr (FutureHandle<A>) {
        expect_loop(loop, argument.core());
        return std::remove_cvref_t<A>(std::forward<A>(argument));
    } else {
        if (loop == nullptr) loop = &loop_for(argument);
        return start_task(*loop, to_coro(std::forward<A>(argument)), {});
    }
}

/// What ensure_future makes of an A.
template <class A>
using Ensured = decltype(ensure(std::declval<LoopCore*&>(), std::declval<A>()));

/// The result type of what ensure_future makes of an A.
template <class A>
using EnsuredResult = typename Ensured<A>::value_type;

/// The elements of a range that is given away are given away, too.
template <class R>
using GivenElement = std::conditional_t<std::is_lvalue_reference_v<R> || std::ranges::view<std::remove_cvref_t<R>>,
                                        std::ranges::range_reference_t<R>, std::ranges::range_rvalue_reference_t<R>>;

/// A range of what ensure_future takes, and no such thing itself.
template <class R>
concept EnsurableRange = std::ranges::input_range<R> && !Ensurable<R> && Ensurable<GivenElement<R>>;

/// Futures of all elements; starts what is not one yet, in the order of the range.
template <EnsurableRange R>
auto ensure_all(LoopCore*& loop, R&& range) {
    using Element = GivenElement<R>;
    std::vector<Ensured<Element>> futures;
    if constexpr (std::ranges::sized_range<R>) futures.reserve(std::ranges::size(range));
    for (auto&& element : range) futures.push_back(ensure(loop, static_cast<Element>(element)));
    return futures;
}

template <bool safe, class Handle>
[[nodiscard]] MadeOf<Handle, safe> made_of(Handle&& handle) noexcept {
    return std::move(handle);
}

/// Whether a co_await expression may make futures of arguments deduced as `A&&`.
template <class... A>
inline constexpr bool safe_ensured = (... && (safe_source<A> && safe_handle<A>));

}  // namespace detail

/// Keyword arguments of `ensure_future`.
struct EnsureFutureOptions {
    /// Where a coroutine becomes a task. Default: `get_event_loop()`.
    EventLoop* loop = nullptr;
};
static_assert(detail::trivially_destructible<EnsureFutureOptions>);

/// A future or task as it is; a coroutine, a callable that returns one, or any other awaitable as a task.
///
/// Throws std::invalid_argument for a future of another loop than `options.loop`; RuntimeError when a task is to be
/// made and no loop runs in this thread, nor is one set: see get_event_loop. A coroutine is closed then.
/// Lambdas inside a co_await expression: as create_task.
/// Mirrors asyncio.ensure_future.
template <detail::Ensurable A>
detail::MadeOf<detail::Ensured<A>, detail::safe_ensured<A>> ensure_future(A&& awaitable,
                                                                          EnsureFutureOptions options = {}) {
    detail::LoopCore* loop = options.loop == nullptr ? nullptr : &options.loop->core();
    return detail::ensure(loop, std::forward<A>(awaitable));
}

namespace detail {
struct EnsureFutureTakesACoroutineAFutureOrAnotherAwaitable;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::ensure_future takes a coroutine, a callable without parameters that returns one, a future or another "
    "awaitable: write ensure_future(f(x)), where f is a function that returns asyncio::Coro<>",
    detail::EnsureFutureTakesACoroutineAFutureOrAnotherAwaitable ensure_future(detail::Anything,
                                                                               EnsureFutureOptions = {}))

}  // namespace asyncio
