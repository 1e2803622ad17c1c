#pragma once

#include <asyncio/task/closure.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/settle.hpp>

#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

template <class Body, class Cleanup, class R>
Coro<R> run_finally(Body body, Cleanup cleanup) {
    Slot<R> outcome;
    co_await Settle<R>(outcome, body);
    co_await cleanup();
    co_return take_outcome_of(outcome);
}

}  // namespace detail

/// Python's `try: … finally: await …`, which C++ cannot say, since a handler may not contain `co_await`: runs `body()`,
/// then `cleanup()` however the body ended (a value, an exception, CancelledError), then returns the body's value or
/// throws its exception. Both are callables that return a Coro; that of the cleanup returns nothing.
///
///     co_await asyncio::async_finally([&]() -> asyncio::Coro<> { co_await work(connection); },
///                                     [&]() -> asyncio::Coro<> { co_await connection.goodbye(); });
///
/// What the cleanup throws takes the place of the body's outcome.
/// Cancellation: of the body runs the cleanup, which may await; a further cancel() reaches the cleanup.
template <class Body, class Cleanup>
    requires detail::BodyFor<Body> && detail::BodyFor<Cleanup> &&
             std::is_void_v<detail::CoroValue<std::remove_cvref_t<Cleanup>>>
[[nodiscard]] auto async_finally(Body&& body, Cleanup&& cleanup) {
    detail::require_safe_closure<Body>();
    detail::require_safe_closure<Cleanup>();
    using R = detail::CoroValue<std::remove_cvref_t<Body>>;
    return detail::run_finally<detail::Kept<Body>, detail::Kept<Cleanup>, R>(std::forward<Body>(body),
                                                                             std::forward<Cleanup>(cleanup));
}

}  // namespace asyncio
